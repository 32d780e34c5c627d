"""What a way to find clusters promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
NOISE = -1


class Clustering(ABC):
    """A way to part codes into groups.

    Attributes:
        title: as a page calls it.
        most: rows beyond which it works on a random part, and the others join their nearest.
    """

    title: ClassVar[str]
    most: ClassVar[int]

    @abstractmethod
    def fit(self, points: NDArray[np.float64]) -> Labels:
        """The group of each row of points (N, Z), shape (N,), in no particular order; -1 for noise."""
