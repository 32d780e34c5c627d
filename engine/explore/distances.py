"""How far codes are from those of sentences, beside how far sentences are from one another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.explore.neighbours import nearest, neighbours_of

Floats = NDArray[np.float64]

# So many rows say what is usual.
_ASKED = 500
_SEED = 42


@dataclass(frozen=True)
class Nearness:
    """How near codes are to encoded sentences.

    Attributes:
        distances: Euclidean, to the nearest, (S,).
        rows: its position among the encoded sentences, (S,).
    """

    distances: Floats
    rows: NDArray[np.int64]


class Surroundings:
    """Encoded sentences among which codes lie.

    Args:
        codes: shape (N, Z), at least two.
    """

    def __init__(self, codes: ArrayLike) -> None:
        self.codes = np.asarray(codes, dtype=np.float32)

    def near(self, codes: ArrayLike) -> Nearness:
        """The nearest encoded sentence of each code (S, Z)."""
        found = nearest(self.codes, np.asarray(codes, dtype=np.float32), 1)
        return Nearness(found.distances[:, 0], found.rows[:, 0])

    @cached_property
    def usual(self) -> tuple[float, float]:
        """Between which distances nine of ten sentences find the nearest other one."""
        count = len(self.codes)
        rows = np.random.default_rng(_SEED).permutation(count)[:_ASKED]
        far = neighbours_of(self.codes, rows, 1).distances[:, 0]
        low, high = np.quantile(far, (0.05, 0.95))
        return float(low), float(high)
