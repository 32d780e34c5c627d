"""Which pieces of a text changed."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher


def changed(before: Sequence[str], after: Sequence[str]) -> list[bool]:
    """For each piece of ``after``: is it new or different, compared with ``before``?"""
    marks = [True] * len(after)
    for block in _matcher(before, after).get_matching_blocks():
        marks[block.b : block.b + block.size] = [False] * block.size
    return marks


def difference(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Runs of pieces that are ``same``, ``removed`` from ``before`` or ``added`` in ``after``."""
    runs: list[tuple[str, list[str]]] = []
    for kind, a, b, c, d in _matcher(before, after).get_opcodes():
        if kind == "equal":
            runs.append(("same", list(after[c:d])))
            continue
        if b > a:
            runs.append(("removed", list(before[a:b])))
        if d > c:
            runs.append(("added", list(after[c:d])))
    return runs


def _matcher(before: Sequence[str], after: Sequence[str]) -> SequenceMatcher[str]:
    # autojunk would drop frequent pieces of long texts from the comparison.
    return SequenceMatcher(a=before, b=after, autojunk=False)
