r"""Two components of a map, as they are drawn: points, and what can be drawn over them.

With the two loadings :math:`W` of a linear map in rows, a code :math:`z` lies at :math:`W (z - c)`. They have
length 1 and are at right angles, so that the standard normal prior is round on the map,

.. math:: W (z - c) \sim N(-W c,\; W W^T) = N(-W c,\; I),

and a posterior :math:`N(\mu, \mathrm{diag}(\sigma^2))` an ellipse with the axes of :math:`W \mathrm{diag}(\sigma^2)
W^T`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.explore.projections.base import Floats, Linear, Placed, Projection

# How far points of a map with one component are strewn up and down, of how far they reach across.
_STREWN = 0.06
_SEED = 42


@dataclass(frozen=True)
class Oval:
    """An ellipse on the map.

    Attributes:
        x, y: its centre.
        rx, ry: its half axes.
        angle: from the first axis of the map to ``rx``, radians, counter-clockwise.
    """

    x: float
    y: float
    rx: float
    ry: float
    angle: float = 0.0


@dataclass(frozen=True)
class Plane:
    """Two components of a projection.

    A map with one component is drawn as a band: up and down its points are strewn at random, which means
    nothing and keeps them from covering each other.

    Attributes:
        projection: a map of N codes.
        across: the component that is drawn from left to right.
        up: the one that is drawn from below upwards.
    """

    projection: Projection
    across: int = 0
    up: int = 1

    @property
    def flat(self) -> bool:
        """Whether there is but one component."""
        return len(self.projection.names) < 2

    @property
    def axes(self) -> tuple[int, int]:
        """The components that are drawn, of those that there are."""
        last = len(self.projection.names) - 1
        return min(self.across, last), min(self.up, last)

    @property
    def names(self) -> tuple[str, str]:
        """What the axes are called."""
        across, up = (self.projection.names[axis] for axis in self.axes)
        return across, "strewn at random" if self.flat else up

    @property
    def shares(self) -> tuple[float | None, float | None]:
        """Share of the codes' variance in each axis, 0 to 1; None where it has none."""
        shares = self.projection.shares
        if shares is None:
            return None, None
        across, up = (float(shares[axis]) for axis in self.axes)
        return across, None if self.flat else up

    @cached_property
    def coordinates(self) -> NDArray[np.float32]:
        """Where the rows lie, (N, 2)."""
        return self._drawn(self.projection.coordinates)

    def place(self, codes: ArrayLike) -> Placed:
        """Where other codes (M, Z) lie, as (M, 2)."""
        found = self.projection.transform(codes)
        axes = list(self.axes)
        places = found.coordinates[:, axes].copy()
        if self.flat:
            places[:, 1] = 0.0
        return Placed(places, found.exact, found.far)

    def prior_rings(self, sigmas: tuple[int, ...] = (1, 2, 3)) -> list[tuple[int, Oval]]:
        """Where so many standard deviations of a standard normal prior end; none where a ring is no ring."""
        if (frame := self._linear) is None:
            return []
        x, y = (frame.loadings[list(self.axes)] @ -frame.centre).tolist()
        return [(sigma, Oval(x, y, sigma, sigma)) for sigma in sigmas]

    def posterior(self, mean: ArrayLike, deviations: ArrayLike) -> Oval | None:
        """One standard deviation of a diagonal Gaussian around its mean; None where it is no ellipse.

        Args:
            mean: (Z,).
            deviations: standard deviations, (Z,).
        """
        if (frame := self._linear) is None:
            return None
        loadings = frame.loadings[list(self.axes)]
        x, y = (loadings @ (np.asarray(mean, np.float64) - frame.centre)).tolist()
        squares, turns = np.linalg.eigh((loadings * np.square(deviations)) @ loadings.T)
        ry, rx = np.sqrt(np.maximum(squares, 0)).tolist()
        angle = float(np.arctan2(turns[1, 1], turns[0, 1]))
        return Oval(x, y, rx, ry, angle)

    @property
    def _linear(self) -> Linear | None:
        frame = self.projection.frame
        return frame if isinstance(frame, Linear) and len(set(self.axes)) == 2 else None

    def _drawn(self, coordinates: Floats) -> NDArray[np.float32]:
        drawn = coordinates[:, list(self.axes)].astype(np.float32)
        if self.flat:
            reach = float(np.ptp(drawn[:, 0])) or 1.0
            noise = np.random.default_rng(_SEED).uniform(-1, 1, len(drawn))
            drawn[:, 1] = _STREWN * reach * noise
        return drawn
