"""A square of decoded codes as an element of a page: cells to read, and a line that a person draws over them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import streamlit as st

from app import sentences, showing
from app.walk import OFF

SOURCES = Path(__file__).resolve().parent.parent / "assets" / "palette"
_element = st.components.v2.component(
    "zscape_palette",
    js=(SOURCES / "palette.js").read_text(encoding="utf-8"),
    css=(SOURCES / "palette.css").read_text(encoding="utf-8"),
)

Line = list[tuple[float, float]]


def palette(found: Any, *, key: str, alt: str) -> Line:
    """Draw a ``Palette`` and return the line over it: (across, down), 0 to 1; empty where there is none.

    What the line passes is read in the browser; only a finished line is told.

    Args:
        found: the palette.
        key: the element's own.
        alt: what it shows, for those who do not see it.
    """
    cells = [
        {
            "text": cell.text,
            "parts": sentences.spans(cell.text, cell.pieces, cell.changed),
            "off": bool(cell.off_data),
        }
        for cell in found.cells
    ]
    # A line belongs to what it was drawn over: another square begins without one.
    drawn_over = json.dumps([[corner.text for corner in found.corners], cells])
    of = hashlib.blake2b(drawn_over.encode(), digest_size=8).hexdigest()
    told = (st.session_state.get(key) or {}).get("line") or {}
    line = told.get("points", []) if told.get("of") == of else []
    shown = showing.current()
    data = {"size": found.size, "cells": cells, "line": line, "of": of} | {
        "alt": shown.words(alt),
        "off": shown.words(OFF),
        "images": shown.images,
    }
    result = _element(key=key, data=data, height="content", on_line_change=_nothing)
    told = result.get("line") or {}
    points = told.get("points", []) if told.get("of") == of else []
    return [(float(x), float(y)) for x, y in points]


def _nothing() -> None:
    """A state that comes back needs a callback, even an idle one."""
