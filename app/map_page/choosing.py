"""What is selected on the map: by a person with a lasso, or by a button of the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import latent_map as maps
from app import state
from app.map_page.loaders import Space, texts

KEY = "latent-map"
PANEL = "map-panel"
POINT, SELECTION, SEARCH, SLICES = "Point", "Selection", "Search", "Slices"
PANELS = {POINT: "my_location", SELECTION: "lasso_select", SEARCH: "search", SLICES: "bookmarks"}


def made(space: Space) -> maps.Selection | None:
    """The last selection that a button has made, if it was among these rows."""
    rows, selection = state.seen_note("map-made") or ("", None)
    return selection if rows == texts(space).digest else None


def told(space: Space) -> maps.MapState:
    """What is selected and focused now, before the map is drawn again."""
    return maps.told(KEY, texts(space), made(space))


def choose(
    space: Space, rows: Sequence[int] | np.ndarray, focus: int | None = None, zoom: bool = False
) -> None:
    """Select rows, from a button's callback or before the map is drawn.

    Args:
        space: the rows on the map.
        rows: their positions.
        focus: the row to ring as well.
        zoom: also bring them into view.
    """
    version = int(state.seen_note("map-version") or 0) + 1
    state.note("map-version", version)
    selection = maps.Selection(np.asarray(rows, np.int64), version, focus, zoom)
    state.note("map-made", (texts(space).digest, selection))


def focus(space: Space, row: int) -> None:
    """Ring a row and tell about it; what is selected stays so."""
    choose(space, told(space).selection, row)
    show(POINT)


def show(panel: str) -> None:
    """Open a part of the panel; only from a callback, or before the panel is drawn."""
    st.session_state[PANEL] = panel


def drawn(now: maps.MapState) -> None:
    """Keep what the map showed, which a button may have chosen, so that ``follow`` sees what changed."""
    state.note("map-focus", now.focus)


def follow() -> None:
    """The map's callback: what a person did last is what the panel tells about."""
    now = maps.picked(KEY) or {}
    before = state.seen_note("map-picked") or {}
    state.note("map-picked", now)
    if now.get("focus") is not None and now.get("focus") != state.seen_note("map-focus"):
        show(POINT)
    elif now.get("packed") and now.get("packed") != before.get("packed"):
        show(SELECTION)
