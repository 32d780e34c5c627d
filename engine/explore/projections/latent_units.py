"""Latent units as they are."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from engine.config import Config as BaseConfig
from engine.config import ConfigError
from engine.explore.libraries import Progress
from engine.explore.projections.base import Groups, Linear, Projection, Projector, points_of


class LatentUnits(Projector):
    """Two units of the code as they are: what the model itself calls a direction.

    References:
        beta-VAE, Higgins et al., 2017, https://openreview.net/forum?id=Sy2fzU9gl (units as factors).
    """

    class Config(BaseConfig):
        """Latent units."""

        name: Literal["units"] = "units"

    title = "Latent units"
    quick = True
    caution = ""

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(
        self, codes: ArrayLike, progress: Progress | None = None, groups: Groups | None = None
    ) -> Projection:
        """All units, of which two are drawn."""
        return dimensions(codes, tuple(range(points_of(codes).shape[1])))


def dimensions(codes: ArrayLike, chosen: tuple[int, ...] = (0, 1)) -> Projection:
    """Chosen latent units of codes (N, Z).

    Args:
        codes: shape (N, Z).
        chosen: numbers of the units, counted from 0.

    Raises:
        ConfigError: there is no such unit.
    """
    points = points_of(codes)
    size = points.shape[1]
    if not chosen or not all(0 <= unit < size for unit in chosen):
        raise ConfigError(f"latent units are numbered 0 to {size - 1}, got {chosen}; choose others")
    loadings = np.eye(size)[list(chosen)]
    variance = points.var(axis=0)
    total = variance.sum()
    shares = variance[list(chosen)] / total if total > 0 else np.zeros(len(chosen))
    names = tuple(f"z[{unit}]" for unit in chosen)
    return Projection(points[:, list(chosen)], names, Linear(loadings, np.zeros(size)), shares)
