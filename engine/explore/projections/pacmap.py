"""PaCMAP."""

from __future__ import annotations

from typing import Literal

from numpy.typing import ArrayLike

from engine.config import Config as BaseConfig
from engine.config import param
from engine.explore.libraries import Progress, heard, quietly
from engine.explore.projections.base import Groups, Projection, Projector, arranged, crowd

LEAST = 10
_STAGES = (100, 100, 250)


class PaCMAP(Projector):
    """Neighbours stay together and the overall arrangement is kept too: the quick one of its kind.

    Pairs of near, half-near and far sentences pull and push one another, with weights that change in
    three stages.

    References:
        Understanding How Dimension Reduction Tools Work, Wang, Huang, Rudin and Shaposhnik, 2021,
        https://jmlr.org/papers/v22/20-1061.html
    """

    class Config(BaseConfig):
        """Near, half-near and far pairs."""

        name: Literal["pacmap"] = "pacmap"
        n_neighbors: int = param(
            10,
            "Near sentences that pull each sentence (10 in the paper): more of them, a coarser map.",
            ge=2,
            le=200,
            basic=True,
        )
        mid_near: float = param(
            0.5,
            "Half-near pairs for each near pair (0.5): they keep the overall arrangement.",
            ge=0,
            le=10,
        )
        further: float = param(
            2.0, "Far pairs for each near pair (2): they keep points apart.", ge=0.1, le=20
        )
        seed: int = param(
            42, "Seed of the random pairs; the same seed, the same map.", ge=0, le=2**31 - 1
        )

    title = "PaCMAP"

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(
        self, codes: ArrayLike, progress: Progress | None = None, groups: Groups | None = None
    ) -> Projection:
        """The arrangement after 450 rounds."""
        points, config = crowd(codes, self.title, LEAST), self.config
        # With fewer sentences than all kinds of pairs ask for, it would reorganise them without a word.
        most = int(len(points) / (1 + config.mid_near + config.further))
        near = max(1, min(config.n_neighbors, most))
        notes = (
            () if near == config.n_neighbors else (fewer(config.n_neighbors, near, len(points)),)
        )
        if progress:
            progress(0, sum(_STAGES), "looking for pairs")
        with quietly("pacmap"), heard(progress, r"Iteration: +(\d+)", sum(_STAGES), "arranging"):
            import pacmap

            found = pacmap.PaCMAP(
                n_neighbors=near,
                MN_ratio=config.mid_near,
                FP_ratio=config.further,
                num_iters=_STAGES,
                random_state=config.seed,
                verbose=True,
            ).fit_transform(points)
        return arranged(codes, found, self.title, notes)


def fewer(asked: int, used: int, rows: int) -> str:
    """The sentence about neighbours that there are too few sentences for."""
    return f"n_neighbors is {used} instead of {asked}: there are only {rows} sentences"
