"""Clusters with numbers and names: the largest is the first, and its words say what it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.explore.clusters.base import NOISE, Labels
from engine.explore.selection import Word, most_distinctive, words_of

NAMED_BY = 3


@dataclass(frozen=True)
class Cluster:
    """One group of rows.

    Attributes:
        number: 1 for the largest, and so on; 0 for noise.
        size: how many rows it has.
        share: of all rows, 0 to 1.
        words: what sets its texts apart from all others, most surely so first.
    """

    number: int
    size: int
    share: float
    words: tuple[Word, ...] = ()

    @property
    def title(self) -> str:
        """As a legend calls it: "2: cat, dog, pet"."""
        if self.number == 0:
            return "noise"
        words = ", ".join(word.word for word in self.words[:NAMED_BY])
        return f"{self.number}: {words}" if words else f"cluster {self.number}"


def numbered(labels: Labels) -> Labels:
    """Groups as numbers from 1, the largest first; noise as 0."""
    names, groups, counts = np.unique(labels, return_inverse=True, return_counts=True)
    places = np.zeros(len(names), dtype=np.int64)
    real = np.flatnonzero(names != NOISE)
    order = real[np.argsort(-counts[real], kind="stable")]
    places[order] = np.arange(1, len(order) + 1)
    return places[groups]


def described(numbers: Labels, texts: Sequence[str], words: int = 12) -> list[Cluster]:
    """The groups in the order of their numbers, each with its size and distinctive words.

    Args:
        numbers: of each row, shape (N,), as ``numbered`` gives them.
        texts: of each row.
        words: how many distinctive words of each, at most.
    """
    counts = np.bincount(numbers)
    inside = [Counter[str]() for _ in counts]
    for number, text in zip(numbers.tolist(), texts, strict=True):
        inside[number].update(words_of(text))
    everywhere = Counter[str]()
    for found in inside:
        everywhere.update(found)
    total = len(numbers)
    clusters = []
    for number, size in enumerate(counts.tolist()):
        if size:
            here = inside[number]
            rest = {word: everywhere[word] - count for word, count in here.items()}
            named = most_distinctive(here, size, rest, total - size, words) if number else []
            clusters.append(Cluster(number, size, size / total, tuple(named)))
    return clusters
