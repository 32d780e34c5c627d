"""Deals the rows of a split into batches of similar length, anew in every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.config import ConfigError, DataError
from engine.data.tokens import Tokens, tokenize

__all__ = ["Batches", "Tokens", "tokenize"]

POOL = 50
"""Batches per pool: more waste less on padding, fewer mix lengths more."""
_EPOCHS, _RANDOM = 0, 1


class Batches:
    r"""Batches of rows of similar length, deterministic in the seed, different in every epoch.

    The rows are shuffled, cut into pools of 50 batches, sorted by length within each pool, cut
    into batches, and the order of the batches is shuffled. Every row comes once per epoch; one
    batch may be smaller than the others.
    """

    def __init__(self, tokens: Tokens, batch_size: int, seed: int) -> None:
        if batch_size < 1:
            raise ConfigError(f"a batch must have at least 1 row, got batch_size {batch_size}")
        if not len(tokens):
            raise DataError("batches need rows, got an empty split; import more data")
        self.tokens = tokens
        self.batch_size = batch_size
        self.seed = seed
        # Short keys sort by radix, in linear time.
        self._lengths = np.minimum(tokens.lengths, np.iinfo(np.uint16).max).astype(np.uint16)
        self._random_partition = lru_cache(maxsize=2)(lambda n: self._partition(_RANDOM, n))

    def __len__(self) -> int:
        return -(-len(self.tokens) // self.batch_size)

    def epoch(self, e: int) -> list[np.ndarray]:
        """The batches of epoch ``e`` in order, as arrays of row numbers."""
        return self._partition(_EPOCHS, e)

    def random(self, draw: int) -> np.ndarray:
        """A random batch, deterministic in seed and ``draw``; cheap for draws that follow another.

        Draws walk through partitions of their own, so that they repeat no epoch.
        """
        partition, place = divmod(draw, len(self))
        return self._random_partition(partition)[place]

    def rows(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """The rows at ``indices`` as int64 (B, T), padded on the right with 0."""
        return self.tokens.rows(indices)

    def padding_share(self, e: int) -> float:
        """Share of the cells of epoch ``e`` that are padding."""
        cells = sum(len(batch) * int(self.tokens.lengths[batch].max()) for batch in self.epoch(e))
        return 1 - int(self.tokens.lengths.sum()) / cells

    def _partition(self, stream: int, number: int) -> list[np.ndarray]:
        rng = np.random.default_rng([self.seed, stream, number])
        order = rng.permutation(len(self.tokens))
        pool = POOL * self.batch_size
        for start in range(0, len(order), pool):
            part = order[start : start + pool]
            order[start : start + pool] = part[np.argsort(self._lengths[part], kind="stable")]
        size = self.batch_size
        starts = rng.permutation(len(self)) * size
        return [order[start : start + size] for start in starts]
