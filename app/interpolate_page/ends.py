"""Typed sentences and what their codes decode to: a path ends at the latter, not at what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import blocks, pictures, showing, thumbnails


def show(ends: Mapping[str, Any], most: int = 4) -> None:
    """Sentences side by side, each with what came back and how much of it.

    Args:
        ends: ``Endpoint`` by what each is called.
        most: side by side.
    """
    with st.grid(min(most, len(ends)), min_column_width=190, gap="small"):
        for name, end in ends.items():
            _one(name, end)


def _one(name: str, end: Any) -> None:
    with st.container(border=True, gap="xsmall", height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{name} comes back as", width="stretch")
            blocks.match(end.similarity)
        shown = showing.current()
        if shown.images:
            sides = [
                ("chosen", end.text),
                ("as read", end.seen),
                ("comes back", end.reconstruction),
            ]
            st.html(f'<div class="zs-together">{thumbnails.row(sides)}</div>')
            pictures.unread(end.text, end.seen)
        else:
            st.html(f'<div class="zs-sentence">{shown.html(end.reconstruction)}</div>')
        blocks.unread(end)


def ignored(texts: list[str], codes_differ: bool = True) -> None:
    """Says so where codes differ and every one of them reads the same."""
    if codes_differ and len(texts) > 1 and len(set(texts)) == 1:
        shown = showing.current()
        st.error(
            shown.words(
                "The codes differ and every one of them reads the same: the decoder ignores the code, or what "
                "is most probable hides it. "
            )
            + "The page Runs says what usually helps.",
            title=f"One {shown.noun}, whatever the code",
            icon=":material/heart_broken:",
        )
