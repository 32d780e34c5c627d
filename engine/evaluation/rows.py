"""Which rows are looked at, and in which batches: sorted by length, so that little is padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.models.vae import VAE

Indices = NDArray[np.int64]


def choose(rows: int, limit: int | None, seed: int) -> Indices:
    """All rows, or ``limit`` random ones in ascending order; the same for the same seed."""
    if limit is None or limit >= rows:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).permutation(rows)[: max(limit, 0)])


def by_length(lengths: NDArray[np.int64], rows: Indices) -> Indices:
    """The rows from short to long; equal lengths keep their order."""
    return rows[np.argsort(lengths[rows], kind="stable")]


def equal_length_groups(lengths: NDArray[np.int64], rows: Indices, size: int) -> list[Indices]:
    """Cut rows into groups of one length each and at most ``size`` rows, short ones first.

    This is how system A batches its sentences; the in-batch mutual information depends on it.
    """
    ordered = by_length(lengths, rows)
    if not len(ordered):
        return []
    changes = np.flatnonzero(np.diff(lengths[ordered])) + 1
    return [
        run[start : start + size]
        for run in np.split(ordered, changes)
        for start in range(0, len(run), size)
    ]


def packed(groups: Sequence[Indices], size: int) -> list[list[Indices]]:
    """Join neighbouring groups into batches of at most ``size`` rows (or one larger group)."""
    batches: list[list[Indices]] = []
    count = size
    for group in groups:
        if count + len(group) > size:
            batches.append([])
            count = 0
        batches[-1].append(group)
        count += len(group)
    return batches


def predicted_tokens(model: VAE, lengths: NDArray[np.int64]) -> int:
    """How many tokens rows of these lengths (start and end counted) leave to be predicted.

    The end is one of them, but not where everything has as many tokens as it can have: of a picture the end
    is certain.
    """
    certain = 1 if model.decoder.whole_length is None else 2
    return int((lengths - certain).sum())
