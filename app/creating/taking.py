"""What can be taken away: a table in four formats, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

FORMATS = {
    "md": ("Markdown", "text/markdown"),
    "csv": ("CSV", "text/csv"),
    "json": ("JSON", "application/json"),
    "tex": ("LaTeX", "application/x-tex"),
    "txt": ("Text", "text/plain"),
    "png": ("Picture", "image/png"),
}
SHEET = "One picture (PNG)"


def button(
    suffix: str, make: str | Callable[[], str | bytes], name: str, key: str, label: str = ""
) -> None:
    """One download.

    Args:
        suffix: of the file, a name in FORMATS.
        make: the text, or what makes it.
        name: of the file, without ending.
        key: the button's.
        label: what is written on it; the format's name where absent.
    """
    format_name, media = FORMATS[suffix]
    st.download_button(
        label or format_name, make, f"{name}.{suffix}", media, key=f"{key}-{suffix}",
        icon=":material/download:", on_click="ignore", type="tertiary",
    )  # fmt: skip


def table(found: Any, name: str, key: str) -> None:
    """Buttons that save a result of the engine as a table.

    Args:
        found: a ``Table``, or what ``table_of`` takes.
        name: of the files, without ending.
        key: prefix of the buttons' keys.
    """
    from engine.explore.tables import WRITERS, Table, table_of

    whole = found if isinstance(found, Table) else table_of(found)
    # Written when they are asked for: a page that is drawn again and again writes nothing.
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for suffix, write in WRITERS.items():
            button(suffix, partial(write, whole), name, key)
        if whole.pictures:
            button("png", whole.to_png, name, key, SHEET)
