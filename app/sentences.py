"""Sentences as HTML: what changed is marked, what did not is dim, unknown words are underlined.

Sentences are other people's text: every piece is escaped before it meets a tag.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence
from typing import Any

CLASSES = {"same": "zs-dim", "changed": "zs-mark", "gone": "zs-gone", "unknown": "zs-unknown"}


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


def big(text: str, pieces: Sequence[str], changed: Sequence[bool]) -> str:
    """One step of a path, large."""
    return f'<div class="zs-big zs-hold zs-sentence">{marked(text, pieces, changed, dim=False) or "∅"}</div>'


def strip(steps: Sequence[Any], here: int) -> str:
    """A path as a table of three columns: alpha, sentence, nats; equal neighbours are one row.

    Args:
        steps: of an ``Interpolation``.
        here: the step under the scrubber.
    """
    rows = "".join(_row(steps, group, here) for group in folded(steps))
    return f'<div class="zs-strip" role="table" aria-label="Sentences along the path">{rows}</div>'


def folded(steps: Sequence[Any]) -> list[range]:
    """Runs of steps that read the same."""
    starts = [at for at, step in enumerate(steps) if at == 0 or not step.folded]
    ends = [*starts[1:], len(steps)]
    return [range(start, end) for start, end in zip(starts, ends, strict=True)]


def _row(steps: Sequence[Any], group: range, here: int) -> str:
    first, last = steps[group[0]], steps[group[-1]]
    alpha = f"{first.alpha:.2f}" if len(group) == 1 else f"{first.alpha:.2f}–{last.alpha:.2f}"
    at_end = group[0] == 0 or group[-1] == len(steps) - 1
    classes = "zs-step" + (" zs-on" if here in group else "") + (" zs-end" if at_end else "")
    text = marked(first.text, first.pieces, first.changed, dim=group[0] > 0)
    times = f" ×{len(group)}" if len(group) > 1 else ""
    return (
        f'<div class="{classes}" role="row">'
        f'<div class="zs-alpha" role="cell">{alpha}</div>'
        f'<div class="zs-sentence" role="cell">{text or "∅"}</div>'
        f'<div class="zs-aside" role="cell">{first.nll:.1f} nats{times}</div></div>'
    )


def compared(source: str, output: str) -> str:
    """``output`` as HTML, words that ``source`` lacks marked."""
    from engine.explore.marks import changed

    before, after = source.split(), output.split()
    pairs = zip(after, changed(before, after), strict=True)
    return " ".join(_span(word, CLASSES["changed"] if new else "") for word, new in pairs) or "∅"


def numbered(texts: Sequence[str], against: str = "") -> str:
    """Sentences as a numbered list; with ``against``, words that it lacks are marked."""
    rows = "".join(
        f'<div class="zs-step" role="row"><div class="zs-alpha" role="cell">{number}</div>'
        f'<div class="zs-sentence" role="cell">'
        f"{compared(against, text) if against else html.escape(text) or '∅'}</div><div></div></div>"
        for number, text in enumerate(texts, 1)
    )
    return f'<div class="zs-strip" role="table" aria-label="Sentences">{rows}</div>'
