"""Is a sentence a copy? Exact copies among all sentences of a split, found by a hash of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.vocabulary import END, START

if TYPE_CHECKING:
    from engine.data.tokens import Tokens

# An odd number whose powers mix 64 bits.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Originals:
    """Sentences of which others may be copies; hashed once and asked many times.

    Args:
        tokens: the tokenised split.
    """

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def row_of(self, ids: Sequence[int]) -> int | None:
        """The row that a sentence, ids without start and end, is a copy of; None where it is none."""
        whole = np.array([START, *ids, END])
        wanted = row_hashes(whole, np.array([0, len(whole)]))[0]
        hashes, order = self._hashes
        first, last = (int(np.searchsorted(hashes, wanted, side)) for side in ("left", "right"))
        for at in range(first, last):
            row = int(order[at])
            start, end = self.tokens.offsets[row : row + 2]
            if np.array_equal(self.tokens.ids[start:end], whole):
                return row
        return None

    @cached_property
    def _hashes(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Hashes of all rows in ascending order, and the rows they are of."""
        hashes = row_hashes(np.asarray(self.tokens.ids), self.tokens.offsets)
        order = np.argsort(hashes, kind="stable")
        return hashes[order], order


def row_hashes(ids: NDArray[Any], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A number of 64 bits for each row of ids, equal for equal rows, (N,).

    Args:
        ids: of all rows one after the other.
        offsets: row i lies between ``offsets[i]`` and ``offsets[i + 1]``, (N + 1,); none is empty.
    """
    lengths = np.diff(offsets)
    if not len(lengths):
        return np.empty(0, np.uint64)
    places = np.arange(offsets[0], offsets[-1]) - np.repeat(offsets[:-1], lengths)
    with np.errstate(over="ignore"):  # numbers are meant to wrap
        powers = np.cumprod(np.full(int(lengths.max()), _FACTOR))
        terms = (ids[offsets[0] : offsets[-1]].astype(np.uint64) + np.uint64(1)) * powers[places]
        return np.add.reduceat(terms, offsets[:-1] - offsets[0])
