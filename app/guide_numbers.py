"""The Guide's table of every number: unit, direction, definition and source, of text or of images."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import blocks, loaders, showing
from app.showing import Showing
from engine.metrics import METRICS

KINDS = {"text": "Of text", "images": "Of images"}
DIRECTIONS = {"higher": "↑ higher", "lower": "↓ lower", "zero": "→ 0", "none": "–"}


def draw() -> None:
    """Choose the kind of data, that of the run in the sidebar to begin with; search among its numbers."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Kind of data", list(KINDS), default=showing.of(loaders.current_run()).kind, required=True,
            format_func=KINDS.__getitem__, key="guide-kind", label_visibility="collapsed",
        )  # fmt: skip
        find = st.text_input(
            "Find a number",
            type="search",
            placeholder="perplexity, KL …",
            label_visibility="collapsed",
            key="guide-number",
        )
    shown = showing.of_kind(kind)
    st.markdown(
        shown.words(
            "Evaluation runs with KL weight 1 and dropout off. Nats are per sentence; the end token is "
            "counted, start and padding are not. A number that a latent family cannot have is a dash, "
            "never zero."
        ),
        width=820,
    )
    table = rows(shown, find)
    if len(table):
        # A plain table: it wraps, and a screen reader can read it.
        st.table(table, border="horizontal")
    else:
        blocks.empty("No number by that name", "Try a shorter word.", "search_off")


def rows(shown: Showing, find: str = "") -> pd.DataFrame:
    """The numbers that data of a kind have, in its words; those that hold what is looked for."""
    found = [
        {
            "Number": shown.words(metric.label),
            "Key": name,
            "Unit": shown.unit(metric),
            "Better": DIRECTIONS[metric.better],
            "How it is computed": shown.words(metric.meaning),
            "Reference": metric.reference,
        }
        for name, metric in METRICS.items()
        if metric.only in (None, shown.kind)
    ]
    columns = ("Number", "Key", "How it is computed")
    kept = [row for row in found if find.lower() in " ".join(row[c] for c in columns).lower()]
    return pd.DataFrame(kept).set_index("Number") if kept else pd.DataFrame()
