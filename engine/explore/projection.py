"""Two coordinates (or a few) for every code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError, DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """A linear map of the latent space, exact for points that were not there when it was made.

    Attributes:
        coordinates: of the points it was made from, shape (N, C).
        loadings: how much each latent unit counts in each component, shape (C, Z), rows of length 1.
        centre: what is subtracted first, shape (Z,).
        shares: share of the total variance in each component, shape (C,), 0 to 1.
        names: of the components, as an axis is called.
    """

    coordinates: Floats
    loadings: Floats
    centre: Floats
    shares: Floats
    names: tuple[str, ...]

    def transform(self, codes: ArrayLike) -> Floats:
        """Coordinates of other codes (M, Z) in the same frame, (M, C)."""
        return (np.asarray(codes, dtype=np.float64) - self.centre) @ self.loadings.T

    def inverse(self, coordinates: ArrayLike) -> Floats:
        """The codes nearest the centre that lie at these coordinates (M, C), shape (M, Z)."""
        return np.asarray(coordinates, dtype=np.float64) @ self.loadings + self.centre


def pca(codes: ArrayLike, components: int = 2) -> Projection:
    """Principal components: the directions in which the codes vary most.

    Args:
        codes: shape (N, Z).
        components: how many; no more than latent units or points are returned.

    References:
        Pearson, On Lines and Planes of Closest Fit to Systems of Points in Space, 1901.
    """
    points = _points(codes)
    count = min(components, *points.shape)
    centred = points - points.mean(0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    loadings, variance = directions[:count], sizes**2
    shares = variance[:count] / variance.sum() if variance.any() else np.zeros(count)
    # A sign is arbitrary; a fixed one keeps maps of the same codes alike.
    leading = loadings[np.arange(count), np.abs(loadings).argmax(1)]
    loadings = loadings * np.where(leading < 0, -1.0, 1.0)[:, None]
    names = tuple(f"PC {number + 1}" for number in range(count))
    return Projection(centred @ loadings.T, loadings, points.mean(0), shares, names)


def dimensions(codes: ArrayLike, chosen: tuple[int, ...] = (0, 1)) -> Projection:
    """Chosen latent units as they are.

    Args:
        codes: shape (N, Z).
        chosen: numbers of the units, counted from 0.

    Raises:
        ConfigError: there is no such unit.
    """
    points = _points(codes)
    size = points.shape[1]
    if not chosen or not all(0 <= unit < size for unit in chosen):
        raise ConfigError(f"latent units are numbered 0 to {size - 1}, got {chosen}")
    loadings = np.eye(size)[list(chosen)]
    variance = points.var(0)
    total = variance.sum()
    shares = variance[list(chosen)] / total if total > 0 else np.zeros(len(chosen))
    names = tuple(f"z[{unit}]" for unit in chosen)
    return Projection(points @ loadings.T, loadings, np.zeros(size), shares, names)


def _points(codes: ArrayLike) -> Floats:
    points = np.asarray(codes, dtype=np.float64)
    if points.ndim != 2 or not len(points):
        raise DataError(f"a projection needs codes of shape (N, Z), got shape {points.shape}")
    if not np.isfinite(points).all():
        raise DataError(
            "some codes are not finite: the model has diverged; take an earlier checkpoint"
        )
    return points
