r"""Two codes of the same sentences side by side: whose neighbours changed, and one map laid on the other.

References:
    Jaccard, The Distribution of the Flora in the Alpine Zone, 1912, New Phytologist 11 (2).
    Gower and Dijksterhuis, Procrustes Problems, 2004, Oxford University Press.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.config import DataError
from engine.explore.neighbours import Floats, Indices, affordable, neighbours_of


@dataclass(frozen=True)
class Change:
    """How far the neighbourhoods of two sets of codes differ.

    Attributes:
        k: neighbours of each row that are compared.
        n: rows that were compared.
        of: all rows.
        mean: over the n rows, 0 (all neighbours are the same) to 1 (none).
        of_row: of each row, shape (of,); nan where it was not compared.
    """

    k: int
    n: int
    of: int
    mean: float
    of_row: Floats


def neighbourhood_change(
    before: ArrayLike, after: ArrayLike, k: int = 10, seed: int = 42, pairs: int | None = None
) -> Change:
    r"""How many neighbours each row has lost and won, in the latent space.

    With :math:`A_i, B_i` the k nearest rows of row i before and after,

    .. math:: 1 - \frac{|A_i \cap B_i|}{|A_i \cup B_i|}.

    Args:
        before: codes of N rows, (N, Z).
        after: other codes of the same rows, (N, Z'), of any width.
        k: neighbours compared; N - 1 at most.
        seed: of the rows that are compared where there are many.
        pairs: comparisons that may be made; all pairs of 20,000 rows where absent.

    Raises:
        DataError: the two are not of the same rows, or there are fewer than two.
    """
    one, other = np.asarray(before), np.asarray(after)
    if len(one) != len(other) or len(one) < 2:
        raise DataError(
            f"a comparison needs two codes of the same rows, at least two, got {len(one)} and "
            f"{len(other)}; take the rows that both have"
        )
    total = len(one)
    rows = affordable(total, seed) if pairs is None else affordable(total, seed, pairs)
    first = neighbours_of(one, rows, k, exact=True).rows
    second = neighbours_of(other, rows, k, exact=True).rows
    shared = (first[:, :, None] == second[:, None, :]).any(axis=2).sum(axis=1)
    k = first.shape[1]
    change = np.full(total, np.nan)
    change[rows] = 1 - shared / (2 * k - shared)
    return Change(k, len(rows), total, float(change[rows].mean()), change)


def shared_rows(one: ArrayLike, other: ArrayLike) -> tuple[Indices, Indices]:
    """Positions of the row numbers that two lists share, in each list; both in ascending row order.

    Args:
        one: row numbers, each once, such as ``Encoded.indices``.
        other: row numbers of the same split.
    """
    _, first, second = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    return first, second


@dataclass(frozen=True)
class Alignment:
    """One map moved, turned and stretched onto another, as well as that goes.

    Attributes:
        coordinates: of the moved map, in the frame of the other, (N, C).
        rotation: what its centred coordinates are multiplied by from the right, (C, C).
        scale: what they are multiplied by.
        reflected: whether the rotation also turns it over.
        degrees: by how much a map in the plane turns, -180 to 180, counter-clockwise, after the
            reflection of its second axis where there is one; nan in other dimensions.
        disparity: share of the other map's squares that is left over, 0 (they coincide) to 1.
    """

    coordinates: Floats
    rotation: Floats
    scale: float
    reflected: bool
    degrees: float
    disparity: float


def align(moved: ArrayLike, fixed: ArrayLike) -> Alignment:
    r"""Lay one map on another of the same rows: rotation, reflection, scale and shift that fit best.

    .. math:: \min_{R, s} \|s (X - \bar x) R - (Y - \bar y)\|^2, \quad R^T R = I

    solved by the singular values :math:`U D V^T` of :math:`(X - \bar x)^T (Y - \bar y)`: :math:`R = U
    V^T` and :math:`s = \mathrm{tr} D / \|X - \bar x\|^2`.

    Args:
        moved: coordinates X, (N, C).
        fixed: coordinates Y of the same rows, (N, C).

    Raises:
        DataError: the maps differ in rows or dimensions, or all points of one coincide.
    """
    x, y = np.asarray(moved, np.float64), np.asarray(fixed, np.float64)
    if x.shape != y.shape:
        raise DataError(
            f"two maps can be aligned if they have the same rows and axes, got shapes {x.shape} and "
            f"{y.shape}; take the rows that both have"
        )
    centred, target = x - x.mean(axis=0), y - y.mean(axis=0)
    size, wanted = np.square(centred).sum(), np.square(target).sum()
    if not (size > 0 and wanted > 0):
        raise DataError("a map whose points all coincide cannot be aligned; choose another")
    left, values, right = np.linalg.svd(centred.T @ target)
    rotation, scale = left @ right, values.sum() / size
    disparity = max(0.0, 1 - values.sum() ** 2 / (size * wanted))
    reflected = bool(np.linalg.det(rotation) < 0)
    placed = scale * centred @ rotation + y.mean(axis=0)
    return Alignment(
        placed, rotation, float(scale), reflected, _degrees(rotation, reflected), float(disparity)
    )


def _degrees(rotation: Floats, reflected: bool) -> float:
    if rotation.shape != (2, 2):
        return math.nan
    turned = np.diag([1.0, -1.0]) @ rotation if reflected else rotation
    # Rows are points here, so the matrix is the transpose of the one that turns columns.
    return math.degrees(math.atan2(turned[0, 1], turned[0, 0]))
