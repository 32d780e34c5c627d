"""Typed sentences and what their codes decode to: a path ends at the latter, not at what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import blocks, showing


def badge(similarity: float) -> None:
    """How much of a sentence came back, as a coloured word."""
    colour = "green" if similarity > 0.8 else "orange" if similarity > 0.4 else "red"
    st.badge(f"{similarity:.0%} match", color=colour, help=showing.current().match_help)


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
            badge(end.similarity)
        shown = showing.current()
        if shown.images:
            st.html(f'<div class="zs-trio">{_pair(end)}</div>')
        else:
            st.html(f'<div class="zs-sentence">{shown.html(end.reconstruction)}</div>')
        blocks.unread(end)


def _pair(end: Any) -> str:
    """What was given beside what came back."""
    sides = {"chosen": end.text, "comes back": end.reconstruction}
    return "".join(
        f"<figure>{showing.IMAGES.html(text, showing.MIDDLE, name)}<figcaption>{name}</figcaption></figure>"
        for name, text in sides.items()
    )


def ignored(texts: list[str], codes_differ: bool = True) -> None:
    """Says so where codes differ and every one of them reads the same."""
    if codes_differ and len(texts) > 1 and len(set(texts)) == 1:
        shown = showing.current()
        st.error(
            shown.words(
                "The codes differ and every one of them reads the same: the decoder ignores the code. "
            )
            + "The page Runs says what usually helps.",
            title=f"One {shown.noun}, whatever the code",
            icon=":material/heart_broken:",
        )
