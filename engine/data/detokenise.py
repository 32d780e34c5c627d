"""Puts words and punctuation together as English writes them."""

from __future__ import annotations

from collections.abc import Iterable

_LEFT = frozenset(".,;:!?)]}%…”’")
_RIGHT = frozenset("([{$£€#@¿¡“‘")
_BOTH = frozenset("-/–")
_QUOTES = frozenset("\"'`")


def join_words(pieces: Iterable[str]) -> str:
    """Words joined by blanks, punctuation attached where English attaches it.

    Two words always stay apart, so that cutting the result gives the same pieces again. Of two
    straight quotes the first opens and the second closes, as in `this' older style; an apostrophe
    after a plural ("the dogs' tails") closes.
    """
    out: list[str] = []
    glue = True
    opened: set[str] = set()
    previous = ""
    for piece in pieces:
        left, right = _sides(piece, previous, opened)
        out.append(piece if glue or left else f" {piece}")
        glue, previous = right, piece
    return "".join(out)


def _sides(piece: str, previous: str, opened: set[str]) -> tuple[bool, bool]:
    """Whether a piece is attached to what comes before it, and to what comes after."""
    if piece in _QUOTES:
        return _quote(piece, previous, opened)
    if piece in _BOTH:
        inside = previous[-1:].isalnum() or previous in _BOTH
        return inside, True
    return piece in _LEFT, piece in _RIGHT


def _quote(piece: str, previous: str, opened: set[str]) -> tuple[bool, bool]:
    if piece in opened:
        opened.remove(piece)
        return True, False
    if piece == "'" and "`" in opened:
        opened.remove("`")
        return True, False
    if piece == "'" and previous.endswith("s"):
        return True, False
    opened.add(piece)
    return False, True
