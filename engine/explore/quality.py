r"""How far a map can be believed: are neighbours on it neighbours in the latent space?

With :math:`r(i, j)` the rank of row j among the others by distance from row i in the latent space, and
:math:`U_k(i)` the k nearest rows on the map, a row's trustworthiness and its neighbour recall are

.. math::
    T(i) = 1 - \frac{2}{k (2N - 3k - 1)} \sum_{j \in U_k(i)} \max(0, r(i, j) - k), \quad
    R(i) = \frac1k \big|\{j \in U_k(i): r(i, j) \le k\}\big|,

and those of the map their means over rows. The first punishes strangers by how far they have come, the
second counts the true neighbours that are left. A map made at random has a trustworthiness of about one
half and a recall of about k / N.

Where rows are too many to compare all pairs, so many random rows are compared with all rows: the
means are unbiased, and it is said of how many rows they are.

References:
    Venna and Kaski, Neighborhood Preservation in Nonlinear Projection Methods: An Experimental Study,
    2001, ICANN (trustworthiness).
    Lee and Verleysen, Quality Assessment of Dimensionality Reduction: Rank-Based Criteria, 2009,
    Neurocomputing 72 (recall, as their Q_NX).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import DataError
from engine.explore.libraries import Progress
from engine.explore.neighbours import Floats, Indices, affordable

# Distances held at once: 16 MiB of float32, which stay in the cache while they are counted.
_BLOCK = 2**22
_LEAST = 4
_ROUNDING = 4 * np.finfo(np.float32).eps


@dataclass(frozen=True)
class Quality:
    """How well a map keeps neighbours.

    Attributes:
        k: neighbours of each row that are looked at.
        n: rows that were compared with all rows.
        of: all rows.
        trustworthiness: mean over the n rows, about 0.5 (chance) to 1.
        recall: mean over the n rows, 0 to 1.
        trustworthiness_of: of each row, shape (of,); nan where it was not compared.
        recall_of: of each row, shape (of,); nan where it was not compared.
    """

    k: int
    n: int
    of: int
    trustworthiness: float
    recall: float
    trustworthiness_of: Floats
    recall_of: Floats

    def scalars(self) -> dict[str, float]:
        """The two means under their names in METRICS."""
        return {"trustworthiness": self.trustworthiness, "neighbour_recall": self.recall}


def quality(
    codes: ArrayLike,
    coordinates: ArrayLike,
    k: int = 10,
    seed: int = 42,
    pairs: int | None = None,
    progress: Progress | None = None,
) -> Quality:
    """Trustworthiness and neighbour recall of a map, of the whole and of each row.

    Args:
        codes: shape (N, Z).
        coordinates: on the map, shape (N, C).
        k: neighbours looked at; fewer than half the rows, and lowered to that.
        seed: of the rows that are compared where there are many.
        pairs: comparisons that may be made; all pairs of 20,000 rows where absent.
        progress: told how many rows are compared.

    Raises:
        DataError: there are fewer than four rows.
    """
    points, places = np.asarray(codes, dtype=np.float32), np.asarray(coordinates)
    total = len(points)
    if total < _LEAST:
        raise DataError(
            f"the quality of a map needs at least {_LEAST} sentences, got {total}; take more of them"
        )
    k = min(k, (total - 1) // 2)
    rows = affordable(total, seed) if pairs is None else affordable(total, seed, pairs)
    near = _near(places, rows, k)
    ranks = _ranks(points, rows, near, progress)
    strangers = np.maximum(ranks - k, 0).sum(axis=1)
    trust = np.full(total, np.nan)
    recall = np.full(total, np.nan)
    trust[rows] = 1 - strangers * 2 / (k * (2 * total - 3 * k - 1))
    recall[rows] = (ranks <= k).mean(axis=1)
    means = float(trust[rows].mean()), float(recall[rows].mean())
    return Quality(k, len(rows), total, *means, trust, recall)


def _near(places: NDArray[np.float64], rows: Indices, k: int) -> Indices:
    """The k nearest others of rows on the map, where a tree is quick."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=k + 1, algorithm="kd_tree").fit(places)
    found = search.kneighbors(places[rows], return_distance=False)
    others = found != rows[:, None]
    others[others.all(axis=1), -1] = False
    return found[others].reshape(len(rows), k)


def _ranks(
    points: NDArray[np.float32], rows: Indices, near: Indices, progress: Progress | None
) -> Indices:
    """Ranks in the latent space, from 1, of the rows ``near`` (M, k) to ``rows`` (M,); ties are kind."""
    centred = points - points.mean(axis=0)  # the expansion of the square cancels least there
    squares = np.square(centred).sum(axis=1)
    found = np.empty(near.shape, dtype=np.int64)
    step = max(1, _BLOCK // len(points))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        mine, theirs = rows[part], near[part]
        far = squares - 2 * (centred[mine] @ centred.T)
        far[np.arange(len(mine)), mine] = np.inf
        # What differs by rounding alone is a tie.
        slack = _ROUNDING * (squares[mine][:, None] + squares[theirs])
        theirs_far = np.take_along_axis(far, theirs, axis=1) - slack
        for column in range(near.shape[1]):
            found[part, column] = 1 + (far < theirs_far[:, column : column + 1]).sum(axis=1)
        if progress:
            progress(min(start + step, len(rows)), len(rows), "comparing neighbours")
    return found
