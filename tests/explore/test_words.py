from __future__ import annotations

import numpy as np
import pytest

from engine.explore.selection import summarise
from engine.explore.words import WordIndex

CATS = ["the cat sat", "a Cat ran", "the cat's mat, the mat"]
DOGS = ["the dog sat", "a dog ran", "the dog slept", "the dog"] * 5
TEXTS = CATS + DOGS


def test_words_are_counted_once_a_text() -> None:
    index = WordIndex.of(TEXTS)
    assert len(index) == 23 and index.names == sorted(set(index.names))
    counts = dict(zip(index.names, index.counts([0, 2]).tolist(), strict=True))
    assert counts["the"] == 2 and counts["mat"] == 1 and counts["cat"] == 1 and counts["dog"] == 0
    assert (index.counts(range(23)) == index.everywhere).all()


@pytest.mark.parametrize("chosen", [[2, 0, 1, 0], [5], list(range(10)), list(range(23)), []])
def test_an_index_changes_nothing_but_the_time(chosen: list[int]) -> None:
    labels = ["pet"] * 3 + ["pet", "beast"] * 10
    plain = summarise(TEXTS, chosen, labels)
    quick = summarise(TEXTS, chosen, labels, index=WordIndex.of(TEXTS))
    assert quick == plain


def test_texts_without_words_are_no_trouble() -> None:
    index = WordIndex.of(["", "?!", "…"])
    assert index.names == [] and index.distinctive(np.array([1])) == []
    assert WordIndex.of([]).distinctive([]) == []
