from __future__ import annotations

from engine.explore.marks import changed, difference


def test_new_and_different_pieces_are_marked() -> None:
    assert changed(["the", "cat", "sat"], ["the", "dog", "sat", "down"]) == [
        False,
        True,
        False,
        True,
    ]
    assert changed([], ["a"]) == [True]
    assert changed(["a", "b"], ["b"]) == [False]
    assert changed(["a"], []) == []


def test_frequent_pieces_of_long_texts_are_compared_too() -> None:
    before = ["the"] * 300
    assert not any(changed(before, before))


def test_a_difference_is_runs_of_same_removed_and_added() -> None:
    found = difference(["a", "b", "c", "d"], ["a", "x", "c", "d", "e"])
    assert found == [
        ("same", ["a"]),
        ("removed", ["b"]),
        ("added", ["x"]),
        ("same", ["c", "d"]),
        ("added", ["e"]),
    ]
    assert difference([], []) == []
