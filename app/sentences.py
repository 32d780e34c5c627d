"""Sentences as HTML: what changed is marked, what did not is dim, unknown words are underlined.

Sentences are other people's text: every piece is escaped before it meets a tag.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence

CLASSES = {"same": "zs-dim", "changed": "zs-mark", "gone": "zs-gone", "unknown": "zs-unknown"}


def plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    for character in "\\`*_{}[]<>#$~|:":
        text = text.replace(character, "\\" + character)
    return text


def spans(text: str, pieces: Sequence[str], marked: Sequence[bool]) -> list[tuple[str, bool]]:
    """The text cut into (part, is it marked), by finding its pieces in order; whole where they do not spell it."""
    found: list[tuple[str, bool]] = []
    at = 0
    for piece, mark in zip(pieces, marked, strict=True):
        shown = piece.replace("▁", " ").strip()
        start = text.find(shown, at)
        if start < 0:
            return [(text, any(marked))]
        found += [(text[at:start], False), (shown, mark)]
        at = start + len(shown)
    return _joined([part for part in [*found, (text[at:], False)] if part[0]])


def _joined(parts: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Neighbours of one kind as one part; a blank between two marked pieces is marked too."""
    joined: list[tuple[str, bool]] = []
    for index, (text, mark) in enumerate(parts):
        between = not text.strip() and 0 < index < len(parts) - 1
        mark = mark or (between and parts[index - 1][1] and parts[index + 1][1])
        if joined and joined[-1][1] == mark:
            text = joined.pop()[0] + text
        joined.append((text, mark))
    return joined


def marked(text: str, pieces: Sequence[str], changed: Sequence[bool], dim: bool = True) -> str:
    """The text as HTML with changed pieces marked and, if ``dim``, the others dim."""
    rest = CLASSES["same"] if dim else ""
    return "".join(
        _span(part, CLASSES["changed"] if mark else rest)
        for part, mark in spans(text, pieces, changed)
    )


def difference(runs: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Runs of pieces (same, removed, added) as HTML."""
    names = {"same": "", "removed": CLASSES["gone"], "added": CLASSES["changed"]}
    return " ".join(_span(" ".join(pieces), names[kind]) for kind, pieces in runs)


def underlined(text: str, unknown: Collection[str]) -> str:
    """The text as HTML with the words that the vocabulary lacks underlined."""
    words = []
    for word in text.split():
        lacks = any(part and part in word for part in unknown)
        words.append(_span(word, CLASSES["unknown"] if lacks else ""))
    return " ".join(words)


def _span(text: str, name: str) -> str:
    escaped = html.escape(text)
    return f'<span class="{name}">{escaped}</span>' if name else escaped


def compared(source: str, output: str) -> str:
    """``output`` as HTML, words that ``source`` lacks marked."""
    from engine.explore.marks import changed

    before, after = source.split(), output.split()
    pairs = zip(after, changed(before, after), strict=True)
    return " ".join(_span(word, CLASSES["changed"] if new else "") for word, new in pairs) or "∅"
