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
        Pearson, On Lines and Planes of Closest Fit to Systems of Points in Space, 1901.
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
    loadings, variance = _directions(centred)
    count = min(components, *points.shape)
    shares = variance[:count] / variance.sum() if variance.any() else np.zeros(count)
    loadings = loadings[:count]
    # A sign is arbitrary; a fixed one keeps maps of the same codes alike.
    leading = loadings[np.arange(count), np.abs(loadings).argmax(1)]
    loadings = loadings * np.where(leading < 0, -1.0, 1.0)[:, None]
    names = tuple(f"PC {number + 1}" for number in range(count))
    return Projection(centred @ loadings.T, names, Linear(loadings, centre), shares)


def _directions(centred: Floats) -> tuple[Floats, Floats]:
    """Unit vectors in rows and the squares along them, the largest first."""
    rows, units = centred.shape
    if rows < units:
        _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
        return directions, sizes**2
    variance, columns = np.linalg.eigh(centred.T @ centred)
    return columns.T[::-1], np.maximum(variance[::-1], 0.0)
