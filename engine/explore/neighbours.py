r"""The sentences whose codes lie nearest: in the latent space, never on the map.

Two measures: Euclidean distance between codes, and for Gaussian posteriors the symmetrised divergence

.. math:: \tfrac12 KL(p\|q) + \tfrac12 KL(q\|p) = \tfrac14 \sum_d \Big[
    \frac{\sigma_p^2 + \Delta^2}{\sigma_q^2} + \frac{\sigma_q^2 + \Delta^2}{\sigma_p^2} - 2\Big],
    \quad \Delta = \mu_p - \mu_q,

nats, which tells two sentences apart that have one mean and differ in how sure the encoder is of it.

References:
    Kullback and Leibler, On Information and Sufficiency, 1951, Annals of Mathematical Statistics 22 (1).
    Dong, Moses and Li, Efficient K-Nearest Neighbor Graph Construction for Generic Similarity Measures,
    2011, WWW (what is searched beyond 200,000 rows).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]

EXACT_ROWS = 200_000
# However many rows there are, so many distances are looked at one by one: a second or two.
EXACT_PAIRS = 200_000_000
# Numbers held at once where every pair has one for each unit: 32 MiB of float64.
_BLOCK = 2**22
_SEED = 42


@dataclass(frozen=True)
class Neighbours:
    """The k nearest of N rows for each of M queries, nearest first.

    Attributes:
        rows: their numbers, shape (M, k).
        distances: how far they are, shape (M, k): Euclidean, or nats.
        of: N, the rows that were searched.
        exact: whether every row was looked at; otherwise a few of the nearest may be missing.
        measure: what the distances are.
    """

    rows: Indices
    distances: Floats
    of: int
    exact: bool = True
    measure: Literal["Euclidean distance", "symmetrised KL"] = "Euclidean distance"


def nearest(
    codes: ArrayLike, queries: ArrayLike, k: int = 10, exact: bool | None = None
) -> Neighbours:
    """The k nearest codes of each query by Euclidean distance.

    Args:
        codes: shape (N, Z).
        queries: shape (M, Z) or (Z,); a query that is itself among the codes finds itself first.
        k: how many; N at most are returned.
        exact: whether to look at every row; where absent, up to 200,000 rows and for few queries.

    Raises:
        ConfigError: k is below 1 or there are no codes.
    """
    points = np.asarray(codes)
    asked = np.atleast_2d(np.asarray(queries, dtype=points.dtype))
    _require(points, k)
    k = min(k, len(points))
    if exact is None:
        exact = len(points) <= EXACT_ROWS or len(points) * len(asked) <= EXACT_PAIRS
    rows, distances = (_every if exact else _graph)(points, asked, k)
    return Neighbours(rows, distances, len(points), exact)


def neighbours_of(
    codes: ArrayLike,
    rows: int | ArrayLike | None = None,
    k: int = 10,
    deviations: ArrayLike | None = None,
    exact: bool | None = None,
) -> Neighbours:
    """The k nearest other codes of rows, which are not their own neighbours even among copies.

    Args:
        codes: shape (N, Z).
        rows: numbers of M rows, or of one; all rows where absent.
        k: how many; N - 1 at most are returned.
        deviations: posterior standard deviations, (N, Z), to go by the symmetrised KL.
        exact: as in ``nearest``; a divergence is always exact.
    """
    points = np.asarray(codes)
    chosen = np.arange(len(points)) if rows is None else np.atleast_1d(np.asarray(rows))
    if deviations is None:
        found = nearest(points, points[chosen], k + 1, exact)
    else:
        spread = np.asarray(deviations)
        found = nearest_posteriors(points, spread, points[chosen], spread[chosen], k + 1)
    others = found.rows != chosen[:, None]
    others[others.all(axis=1), -1] = False
    shape = (len(chosen), found.rows.shape[1] - 1)
    return Neighbours(
        found.rows[others].reshape(shape),
        found.distances[others].reshape(shape),
        found.of,
        found.exact,
        found.measure,
    )


def nearest_posteriors(
    means: ArrayLike,
    deviations: ArrayLike,
    query_means: ArrayLike,
    query_deviations: ArrayLike,
    k: int = 10,
) -> Neighbours:
    """The k Gaussian posteriors nearest each query's by the symmetrised KL; every row is looked at.

    Args:
        means: shape (N, Z).
        deviations: standard deviations, (N, Z).
        query_means: shape (M, Z) or (Z,).
        query_deviations: shape (M, Z) or (Z,).
        k: how many; N at most are returned.
    """
    _require(np.asarray(means), k)
    far = symmetrised_kl(means, deviations, query_means, query_deviations)
    k = min(k, far.shape[1])
    rows = np.argpartition(far, k - 1, axis=1)[:, :k]
    picked = np.take_along_axis(far, rows, axis=1)
    order = np.argsort(picked, axis=1, kind="stable")
    rows = np.take_along_axis(rows, order, axis=1)
    distances = np.take_along_axis(picked, order, axis=1)
    return Neighbours(rows, distances, far.shape[1], True, "symmetrised KL")


def symmetrised_kl(
    means: ArrayLike, deviations: ArrayLike, query_means: ArrayLike, query_deviations: ArrayLike
) -> Floats:
    """The mean of KL(p || q) and KL(q || p) of M queries p and N rows q, nats, shape (M, N).

    Args:
        means: shape (N, Z).
        deviations: standard deviations, (N, Z), above 0.
        query_means: shape (M, Z) or (Z,).
        query_deviations: shape (M, Z) or (Z,).
    """
    mean, variance = np.asarray(means, np.float64), np.square(np.asarray(deviations, np.float64))
    asked = np.atleast_2d(np.asarray(query_means, np.float64))
    spread = np.square(np.atleast_2d(np.asarray(query_deviations, np.float64)))
    found = np.empty((len(asked), len(mean)))
    step = max(1, _BLOCK // max(1, mean.shape[1]))
    for start in range(0, len(mean), step):
        part = slice(start, start + step)
        for row in range(len(asked)):
            apart = np.square(mean[part] - asked[row])
            there = (spread[row] + apart) / variance[part]
            back = (variance[part] + apart) / spread[row]
            found[row, part] = 0.25 * (there + back - 2).sum(axis=1)
    return found


def affordable(rows: int, seed: int = _SEED, pairs: int = 2 * EXACT_PAIRS) -> Indices:
    """The rows to compare with all rows: all of them, or as many random ones as ``pairs`` allow.

    Args:
        rows: how many there are.
        seed: of the choice.
        pairs: comparisons of two rows that may be made.
    """
    most = max(1, pairs // max(1, rows))
    if most >= rows:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False, shuffle=False))


def _require(points: NDArray[Any], k: int) -> None:
    if k < 1 or not len(points):
        raise ConfigError(
            f"neighbours need k of at least 1 and some codes, got k={k}, N={len(points)}; "
            "ask for at least one and encode some sentences first"
        )


def _every(points: NDArray[Any], queries: NDArray[Any], k: int) -> tuple[Indices, Floats]:
    from sklearn.neighbors import NearestNeighbors

    # Trees gain nothing in tens of dimensions.
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points)
    distances, rows = search.kneighbors(queries)
    return rows, distances.astype(np.float64)


def _graph(points: NDArray[Any], queries: NDArray[Any], k: int) -> tuple[Indices, Floats]:
    """By walking a graph of near rows, which takes a while to build and little to walk."""
    from engine.explore.libraries import quietly

    with quietly():
        from pynndescent import NNDescent

        index = NNDescent(
            points.astype(np.float32), n_neighbors=max(30, k), random_state=_SEED, n_jobs=1
        )
        rows, distances = index.query(queries.astype(np.float32), k=k)
    return rows.astype(np.int64), distances.astype(np.float64)
