"""The words of many texts, counted once, so that a summary of any of them is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.explore.selection import Word, scored, words_of


@dataclass(frozen=True)
class WordIndex:
    """Which words each of N texts has.

    Attributes:
        names: all words, in alphabetical order.
        words: places in ``names``, text after text; in one text each word once.
        starts: where each text begins among ``words``, and the end, shape (N + 1,).
        everywhere: how many texts have each word.
    """

    names: list[str]
    words: NDArray[np.int32]
    starts: NDArray[np.int64]
    everywhere: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> WordIndex:
        """Count the words of texts."""
        known: dict[str, int] = {}
        found: list[int] = []
        starts = np.zeros(len(texts) + 1, dtype=np.int64)
        for row, text in enumerate(texts):
            found += [known.setdefault(word, len(known)) for word in words_of(text)]
            starts[row + 1] = len(found)
        names = sorted(known)
        place = np.empty(len(known), dtype=np.int32)
        place[[known[name] for name in names]] = np.arange(len(names))
        words = place[np.asarray(found, dtype=np.int64)]
        return cls(names, words, starts, np.bincount(words, minlength=len(names)))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def counts(self, rows: ArrayLike) -> NDArray[np.int64]:
        """How many of the texts at these positions have each word."""
        inside = np.zeros(len(self), dtype=bool)
        inside[np.asarray(rows, dtype=np.int64)] = True
        of_words = np.repeat(inside, np.diff(self.starts))
        return np.bincount(self.words[of_words], minlength=len(self.names))

    def distinctive(self, rows: ArrayLike, most: int = 12) -> list[Word]:
        """Words that are more common at these positions than elsewhere, as ``distinctive_words`` has it."""
        chosen = np.unique(np.asarray(rows, dtype=np.int64))
        here = self.counts(chosen)
        some = np.flatnonzero(here)
        names = [self.names[at] for at in some]
        rest = self.everywhere[some] - here[some]
        return scored(names, here[some], len(chosen), rest, len(self) - len(chosen), most)
