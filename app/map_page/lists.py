"""Sentences one under the other, each a button that focuses its point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import showing
from app.map_page import choosing
from app.map_page.loaders import Space

MOST = 30


def sentences(
    space: Space, rows: np.ndarray, key: str, asides: Sequence[str] = (), most: int = MOST
) -> None:
    """A list of sentences; a click on one shows its point.

    Args:
        space: the rows on the map.
        rows: positions, in the order of the list.
        key: prefix of the buttons' keys.
        asides: said before each, such as its distance.
        most: beyond so many it is said how many there are.
    """
    shown = showing.of(space.request.run)
    with st.container(key=f"map-list-{key}", gap=None):
        for place, row in enumerate(rows[:most].tolist()):
            aside = f":gray[{asides[place]}] " if asides else ""
            st.button(
                aside + shown.label(space.found.texts[row]), type="tertiary",
                key=f"map-{key}-{place}-{row}", on_click=choosing.focus, args=(space, row),
            )  # fmt: skip
    if len(rows) > most:
        st.caption(f"Showing {most:,} of {len(rows):,}; all of them are on the map.")
