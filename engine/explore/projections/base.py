"""What a projection promises: coordinates with names, and a place for codes that were not there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError, DataError
from engine.explore.libraries import Progress
from engine.explore.neighbours import EXACT_PAIRS, affordable, nearest, neighbours_of

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

# Data behind the place of a new point on a map that has no formula.
_NEAREST = 5
# A point is far if it is farther from its nearest data than all but 1 in 100 of the data are from theirs.
_USUAL = 0.99
_SAMPLED = 2000


@dataclass(frozen=True)
class Placed:
    """Where other codes lie on a map.

    Attributes:
        coordinates: shape (M, C).
        exact: they lie where they would have lain had they been there from the start; otherwise among
            the data nearest to them in the latent space.
        far: which are farther from all data than data are from one another, so that their place says
            little, shape (M,); none on an exact map.
    """

    coordinates: Floats
    exact: bool
    far: NDArray[np.bool_]


@dataclass(frozen=True)
class Linear:
    """A map by a formula: coordinates = loadings (code - centre).

    Attributes:
        loadings: how much each latent unit counts in each component, shape (C, Z), rows of length 1
            and at right angles.
        centre: what is subtracted first, shape (Z,).
    """

    loadings: Floats
    centre: Floats

    def place(self, codes: ArrayLike) -> Placed:
        """Exactly where they belong."""
        points = np.atleast_2d(np.asarray(codes, dtype=np.float64))
        coordinates = (points - self.centre) @ self.loadings.T
        return Placed(coordinates, True, np.zeros(len(points), dtype=bool))

    def inverse(self, coordinates: ArrayLike) -> Floats:
        """The codes nearest the centre that lie at these coordinates (M, C), shape (M, Z)."""
        return np.asarray(coordinates, dtype=np.float64) @ self.loadings + self.centre


@dataclass(frozen=True)
class Nearest:
    """A map without a formula: other codes go among their nearest data, weighted by 1 / distance².

    Attributes:
        codes: of the data, shape (N, Z).
        coordinates: of the data, shape (N, C).
        reach: mean distance to the nearest data beyond which a code is far from all.
    """

    codes: NDArray[Any]
    coordinates: Floats
    reach: float

    def place(self, codes: ArrayLike) -> Placed:
        """Among the data they resemble; a code of the data lies where it lies."""
        found = nearest(self.codes, codes, _NEAREST)
        distances = found.distances
        # Relative to the nearest, so that no distance is too small to divide by.
        closest = np.maximum(distances[:, :1], np.finfo(np.float32).tiny)
        weights = np.square(closest / np.maximum(distances, closest))
        at_home = distances[:, 0] <= 1e-6 * self.reach
        weights[at_home] = np.eye(1, weights.shape[1])
        weights /= weights.sum(axis=1, keepdims=True)
        places = (weights[:, :, None] * self.coordinates[found.rows]).sum(axis=1)
        return Placed(places, False, distances.mean(axis=1) > self.reach * (1 + 1e-6))


@dataclass(frozen=True)
class Projection:
    """A map of N codes.

    Attributes:
        coordinates: shape (N, C).
        names: of the components, as an axis is called.
        frame: how other codes find their place.
        shares: share of the codes' total variance in each component, shape (C,), 0 to 1; None where
            the map is not linear and distances on it have no unit.
        notes: what was done otherwise than asked, in words.
    """

    coordinates: Floats
    names: tuple[str, ...]
    frame: Linear | Nearest
    shares: Floats | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def exact(self) -> bool:
        """Whether other codes are placed by a formula."""
        return isinstance(self.frame, Linear)

    def transform(self, codes: ArrayLike) -> Placed:
        """Where other codes (M, Z) lie on this map."""
        return self.frame.place(codes)


@dataclass(frozen=True)
class Groups:
    """Two groups of rows, for a projection that tells them apart.

    Attributes:
        towards: rows that the axis points to.
        away: rows that it points away from.
        names: of the two, away first, as the axis is called.
    """

    towards: Indices
    away: Indices
    names: tuple[str, str] = ("A", "B")


class Projector(ABC):
    """A way to draw codes on a map.

    Attributes:
        title: as a page calls it.
        quick: done before anybody waits; what is not is a process of its own (engine.maps).
        grouped: needs two groups of rows.
        caution: what a reader of such a map must know; nothing for a linear one.
    """

    title: ClassVar[str]
    quick: ClassVar[bool] = False
    grouped: ClassVar[bool] = False
    caution: ClassVar[str] = (
        "Which points are neighbours means something here; how far clusters lie apart, how large and "
        "how dense they are, means little."
    )

    @abstractmethod
    def fit(
        self, codes: ArrayLike, progress: Progress | None = None, groups: Groups | None = None
    ) -> Projection:
        """The map of codes (N, Z); the same codes and settings give the same map.

        Raises:
            DataError: there are too few codes, all are equal, or some are not finite.
            ConfigError: the groups that it needs are missing or empty.
        """


def points_of(codes: ArrayLike) -> Floats:
    """Codes (N, Z) as float64, or a DataError that says what is wrong with them."""
    points = np.asarray(codes, dtype=np.float64)
    if points.ndim != 2 or not len(points):
        raise DataError(
            f"a projection needs codes of shape (N, Z), got shape {points.shape}; encode some "
            "sentences first"
        )
    if not np.isfinite(points).all():
        raise DataError(
            "some codes are not finite: the model has diverged; take an earlier checkpoint"
        )
    return points


def crowd(codes: ArrayLike, title: str, least: int) -> NDArray[np.float32]:
    """Codes as libraries of maps want them: finite, enough of them, not all equal, two units at least."""
    points = points_of(codes)
    if len(points) < least:
        raise DataError(
            f"{title} needs at least {least} sentences, got {len(points)}; take more of them, or "
            "principal components"
        )
    if not np.ptp(points, axis=0).any():
        raise DataError(
            f"{title} needs codes that differ, but all {len(points):,} are equal: the posterior has "
            "collapsed; train with a remedy"
        )
    missing = max(0, 2 - points.shape[1])
    return np.pad(points, ((0, 0), (0, missing))).astype(np.float32)


def arranged(
    codes: ArrayLike, coordinates: ArrayLike, title: str, notes: tuple[str, ...] = ()
) -> Projection:
    """The map that a library has made of codes."""
    places = np.asarray(coordinates, dtype=np.float64)
    if not np.isfinite(places).all():
        raise DataError(
            f"{title} found no finite place for some sentences; take another seed or projection"
        )
    names = tuple(f"{title} {number + 1}" for number in range(places.shape[1]))
    frame = Nearest(np.asarray(codes), places, reach_of(codes))
    return Projection(places, names, frame, notes=notes)


def reach_of(codes: ArrayLike) -> float:
    """How far data are from their nearest data, all but the loneliest hundredth of them."""
    points = np.asarray(codes)
    some = affordable(len(points), pairs=min(_SAMPLED * len(points), EXACT_PAIRS))
    found = neighbours_of(points, some, _NEAREST)
    return float(np.quantile(found.distances.mean(axis=1), _USUAL))


def told_apart(points: Floats, groups: Groups | None) -> Groups:
    """Groups that can be told apart: both there, with no row in common."""
    if groups is None or not len(groups.towards) or not len(groups.away):
        raise ConfigError(
            "a custom axis needs two groups of rows, got "
            f"{0 if groups is None else len(groups.away)} and "
            f"{0 if groups is None else len(groups.towards)}; choose at least one row for each"
        )
    every = np.concatenate([groups.towards, groups.away])
    if every.min() < 0 or every.max() >= len(points):
        raise ConfigError(
            f"rows are numbered 0 to {len(points) - 1}, got {every.min()} to {every.max()}"
        )
    if shared := len(np.intersect1d(groups.towards, groups.away)):
        raise ConfigError(
            f"the two groups of a custom axis must differ, but they share {shared} rows; "
            "take those out of one of them"
        )
    return groups
