"""Typed sentences and what their codes decode to: a path ends at the latter, not at what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import blocks

MATCH = "1 - token edit distance / longer length: how much of the sentence its code keeps."


def badge(similarity: float) -> None:
    """How much of a sentence came back, as a coloured word."""
    colour = "green" if similarity > 0.8 else "orange" if similarity > 0.4 else "red"
    st.badge(f"{similarity:.0%} match", color=colour, help=MATCH)


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
        st.html(f'<div class="zs-sentence">{blocks.escaped(end.reconstruction) or "∅"}</div>')
        blocks.unread(end)


def ignored(texts: list[str], codes_differ: bool = True) -> None:
    """Says so where codes differ and every one of them reads the same."""
    if codes_differ and len(texts) > 1 and len(set(texts)) == 1:
        st.error(
            "The codes differ and every one of them reads the same: the decoder ignores the code. "
            "The page Runs says what usually helps.",
            title="One sentence, whatever the code",
            icon=":material/heart_broken:",
        )
