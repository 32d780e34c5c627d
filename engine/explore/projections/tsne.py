"""t-SNE."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from engine.config import Config as BaseConfig
from engine.config import param
from engine.explore.libraries import Progress, quietly
from engine.explore.projections.base import Groups, Projection, Projector, arranged, crowd

LEAST = 10
_EARLY, _LATE, _TOLD_EVERY = 250, 500, 10


class TSNE(Projector):
    """Near neighbours side by side, everything else wherever there is room: fine detail, no overview.

    It starts from the principal components, so that what overview there is does not depend on chance.

    References:
        Visualizing Data using t-SNE, van der Maaten and Hinton, 2008,
        https://jmlr.org/papers/v9/vandermaaten08a.html;
        The art of using t-SNE for single-cell transcriptomics, Kobak and Berens, 2019,
        https://doi.org/10.1038/s41467-019-13056-x (start and learning rate);
        openTSNE, Poličar, Stražar and Zupan, 2024, https://doi.org/10.18637/jss.v109.i03
    """

    class Config(BaseConfig):
        """Neighbourhoods as probabilities."""

        name: Literal["tsne"] = "tsne"
        perplexity: float = param(
            30.0,
            "How many neighbours each sentence has, about (30 by default): more of them, a coarser map.",
            ge=2,
            le=500,
            basic=True,
        )
        seed: int = param(
            42, "Seed of the start and of the search for neighbours.", ge=0, le=2**31 - 1
        )

    title = "t-SNE"

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(
        self, codes: ArrayLike, progress: Progress | None = None, groups: Groups | None = None
    ) -> Projection:
        """The arrangement after 750 rounds, the first 250 with exaggerated attraction."""
        points, asked = crowd(codes, self.title, LEAST), self.config.perplexity
        used = min(asked, (len(points) - 1) / 3)
        notes = () if used == asked else (_lower(asked, used, len(points)),)
        with quietly("openTSNE"):
            import openTSNE

            found = openTSNE.TSNE(
                perplexity=used,
                random_state=self.config.seed,
                early_exaggeration_iter=_EARLY,
                n_iter=_LATE,
                n_jobs=1,
                callbacks=_Told(progress),
                callbacks_every_iters=_TOLD_EVERY,
            ).fit(points)
        return arranged(codes, np.asarray(found), self.title, notes)


def _lower(asked: float, used: float, rows: int) -> str:
    return f"perplexity is {used:.3g} instead of {asked:g}: there are only {rows} sentences"


class _Told:
    """Counts the rounds of both stages, each of which the library counts from one."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._done = progress, 0

    def __call__(self, iteration: int, error: float, embedding: Any) -> None:
        self._done += _TOLD_EVERY
        if self._progress:
            self._progress(min(self._done, _EARLY + _LATE), _EARLY + _LATE, "arranging")
