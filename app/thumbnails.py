"""Pictures as HTML, as sentences are in :mod:`app.sentences`.

They come from data sets, addresses and models: only what is a PNG in base64 becomes the source of a picture.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import lru_cache

PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")
SMALL, MIDDLE, LARGE = 56, 72, 148
"""Sides of a picture on the page, pixels: one of many or in a table, in a strip, alone."""


def picture(text: str, side: int = MIDDLE, alt: str = "") -> str:
    """A picture as HTML; a sign for nothing where the text is none that a browser may be given."""
    if not trusted(text):
        return "∅"
    return (
        f'<img class="zs-x" src="{text}" alt="{html.escape(alt or "picture")}" '
        f'style="width:{side}px;height:{side}px">'
    )


def row(named: Iterable[tuple[str, str]], side: int = MIDDLE) -> str:
    """Pictures beside each other as HTML.

    Args:
        named: what stands below each, and its data URI.
        side: of each, pixels.
    """
    found = "".join(
        f'<figure style="width:{side}px">{picture(text, side, name)}'
        f"<figcaption>{html.escape(name)}</figcaption></figure>"
        for name, text in named
    )
    return f'<div class="zs-figures">{found}</div>'


def trusted(text: str) -> str:
    """The text where it is a picture; nothing where it is none."""
    return text if PICTURE.fullmatch(text) else ""


# A page with a table is drawn again at every click.
@lru_cache(maxsize=4096)
def large(text: str) -> str:
    """The picture with enough pixels for a table, which blurs those of few; nothing where it is none."""
    from engine.data.pictures.sheets import enlarged

    return trusted(text) and enlarged(text, 2 * SMALL)
