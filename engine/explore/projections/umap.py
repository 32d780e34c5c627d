"""UMAP."""

from __future__ import annotations

from typing import Literal

from numpy.typing import ArrayLike

from engine.config import Config as BaseConfig
from engine.config import param
from engine.explore.libraries import Progress, heard, quietly
from engine.explore.projections.base import Groups, Projection, Projector, arranged, crowd
from engine.explore.projections.pacmap import fewer

LEAST = 10
# What the library does where it is left to choose.
_MANY, _FEW_EPOCHS, _MANY_EPOCHS = 10_000, 500, 200


class UMAP(Projector):
    """The graph of near neighbours, laid out in the plane: dense islands with clear shores.

    References:
        UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction, McInnes, Healy and
        Melville, 2018, https://arxiv.org/abs/1802.03426
    """

    class Config(BaseConfig):
        """A graph of neighbours."""

        name: Literal["umap"] = "umap"
        n_neighbors: int = param(
            15,
            "Neighbours that make up the graph (15 by default): fewer show detail, more the whole.",
            ge=2,
            le=200,
            basic=True,
        )
        min_dist: float = param(
            0.1,
            "How close points may come on the map (0.1 by default): smaller packs tighter.",
            ge=0,
            le=1,
            basic=True,
        )
        seed: int = param(
            42, "Seed of the layout; the same seed, the same map.", ge=0, le=2**31 - 1
        )

    title = "UMAP"

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(
        self, codes: ArrayLike, progress: Progress | None = None, groups: Groups | None = None
    ) -> Projection:
        """The layout; most of the time before its first epoch is spent compiling the library."""
        points = crowd(codes, self.title, LEAST)
        near = min(self.config.n_neighbors, len(points) - 1)
        epochs = _FEW_EPOCHS if len(points) <= _MANY else _MANY_EPOCHS
        asked = self.config.n_neighbors
        notes = () if near == asked else (fewer(asked, near, len(points)),)
        if progress:
            progress(0, epochs, "compiling")
        with quietly("umap"), heard(progress, r"(\d+)/\d+", epochs, "arranging") as counter:
            import umap

            found = umap.UMAP(
                n_neighbors=near,
                min_dist=self.config.min_dist,
                n_epochs=epochs,
                random_state=self.config.seed,
                n_jobs=1,
                verbose=True,
                tqdm_kwds={"file": counter, "bar_format": "{n_fmt}/{total_fmt}"},
            ).fit_transform(points)
        return arranged(codes, found, self.title, notes)
