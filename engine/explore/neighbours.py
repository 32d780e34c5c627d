"""The sentences whose codes lie nearest: in the latent space, never on the map."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError


def nearest(
    codes: ArrayLike, queries: ArrayLike, k: int = 10
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k nearest codes of each query by Euclidean distance, nearest first.

    Args:
        codes: shape (N, Z).
        queries: shape (M, Z); a query that is itself among the codes finds itself first.
        k: how many; N at most are returned.

    Returns:
        Row numbers (M, k) and distances (M, k).
    """
    from sklearn.neighbors import NearestNeighbors

    points = np.asarray(codes, dtype=np.float64)
    if k < 1 or not len(points):
        raise ConfigError(
            f"neighbours need k of at least 1 and some codes, got k={k}, N={len(points)}"
        )
    # Trees gain nothing in tens of dimensions.
    search = NearestNeighbors(n_neighbors=min(k, len(points)), algorithm="brute").fit(points)
    distances, rows = search.kneighbors(np.atleast_2d(np.asarray(queries, dtype=np.float64)))
    return rows, distances


def neighbours_of(
    codes: ArrayLike, row: int, k: int = 10
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k nearest other codes of one row, nearest first: row numbers (k,) and distances (k,)."""
    points = np.asarray(codes, dtype=np.float64)
    rows, distances = nearest(points, points[row], k + 1)
    others = rows[0] != row
    return rows[0][others][:k], distances[0][others][:k]
