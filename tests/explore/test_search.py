from __future__ import annotations

import time

import pyarrow as pa
import pytest

from engine.config import DataError
from engine.explore.search import search

TEXTS = ["The cat (sat", "a CAT, a cat", "dog", "", "čaj a ČAJ"]


def test_a_phrase_is_found_as_it_stands_whatever_its_capitals() -> None:
    found = search(TEXTS, " cat ")
    assert found.rows.tolist() == [0, 1] and found.counts.tolist() == [1, 2, 0, 0, 0]
    assert search(TEXTS, "CAT", case=True).counts.tolist() == [0, 1, 0, 0, 0]
    assert search(TEXTS, "(sat").rows.tolist() == [0], "no pattern"
    assert search(TEXTS, "Čaj").counts[4] == 2
    assert search(pa.array(TEXTS), "dog").rows.tolist() == [2]


def test_a_pattern_is_matched() -> None:
    assert search(TEXTS, r"c.t|^dog$", "pattern").counts.tolist() == [1, 2, 1, 0, 0]
    assert search(TEXTS, "^$", "pattern").rows.tolist() == [3]
    assert search(TEXTS, r"\bcat\b", "pattern", case=True).counts.tolist() == [1, 1, 0, 0, 0]


@pytest.mark.parametrize("pattern", ["(abc", "[z-a]", "*", r"(a)\1", "a(?=b)", "x{5000}"])
def test_a_bad_pattern_is_said_in_words(pattern: str) -> None:
    with pytest.raises(DataError, match="is no regular expression: .+; mend it, or search for"):
        search(TEXTS, pattern, "pattern")


def test_no_pattern_takes_for_ever() -> None:
    start = time.monotonic()
    assert not len(search(["a" * 5000 + "!"] * 100, "(a+)+$", "pattern").rows)
    assert time.monotonic() - start < 5


def test_nothing_or_an_unknown_kind_is_refused() -> None:
    with pytest.raises(DataError, match="type a word or a pattern"):
        search(TEXTS, "  ")
    with pytest.raises(DataError, match="unknown kind of search 'glob'"):
        search(TEXTS, "a", "glob")  # type: ignore[arg-type]
