"""Principal components."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from engine.config import Config as BaseConfig
from engine.config import param
from engine.explore.libraries import Progress
from engine.explore.projections.base import (
    Floats,
    Groups,
    Linear,
    Projection,
    Projector,
    points_of,
)


class PrincipalComponents(Projector):
    """The directions in which the codes vary most: linear, so that distances mean something.

    References:
        Pearson, On Lines and Planes of Closest Fit to Systems of Points in Space, 1901,
        https://doi.org/10.1080/14786440109462720
    """

    class Config(BaseConfig):
        """Principal components."""

        name: Literal["pca"] = "pca"
        components: int = param(
            8,
            "How many to compute; two of them are drawn. No more than latent units or sentences.",
            ge=1,
            le=64,
            basic=True,
        )

    title = "Principal components"
    quick = True
    caution = ""

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(
        self, codes: ArrayLike, progress: Progress | None = None, groups: Groups | None = None
    ) -> Projection:
        """The codes in the frame of their first components."""
        return pca(codes, self.config.components)


def pca(codes: ArrayLike, components: int = 2) -> Projection:
    """Codes (N, Z) in the frame of their first ``components`` principal components."""
    points = points_of(codes)
    centre = points.mean(axis=0)
    centred = points - centre
    loadings, variance = directions(centred)
    count = min(components, *points.shape)
    shares = variance[:count] / variance.sum() if variance.any() else np.zeros(count)
    loadings = loadings[:count]
    names = tuple(f"PC {number + 1}" for number in range(count))
    return Projection(centred @ loadings.T, names, Linear(loadings, centre), shares)


def directions(centred: Floats) -> tuple[Floats, Floats]:
    """Unit vectors in rows and the sums of squares along them, the largest first.

    A sign is arbitrary; here the largest entry is positive, so that maps of the same codes are alike.
    """
    rows, units = centred.shape
    if rows < units:
        _, sizes, vectors = np.linalg.svd(centred, full_matrices=False)
        squares = sizes**2
    else:
        ascending, columns = np.linalg.eigh(centred.T @ centred)
        vectors, squares = columns.T[::-1], np.maximum(ascending[::-1], 0.0)
    leading = vectors[np.arange(len(vectors)), np.abs(vectors).argmax(axis=1)]
    return vectors * np.where(leading < 0, -1.0, 1.0)[:, None], squares
