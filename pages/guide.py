"""Words, numbers, presets, file formats, and what to do when it does not work."""

import pandas as pd
import streamlit as st

from app import blocks, loaders
from engine.metrics import METRICS

TABS = {
    "Start here": "start",
    "Presets": "presets",
    "When it goes wrong": "trouble",
    "Numbers": None,
    "Files": "files",
    "Command line": "cli",
    "Keyboard": "keyboard",
}
DIRECTIONS = {"higher": "↑ higher", "lower": "↓ lower", "zero": "→ 0", "none": "–"}

blocks.header("Guide", "What the words mean, how the numbers are computed, and what usually helps.")
tabs = dict(zip(TABS, st.tabs(list(TABS)), strict=True))
for title, name in TABS.items():
    if name:
        tabs[title].container(width=820).markdown(loaders.text(f"guide/{name}.md"))

with tabs["Numbers"]:
    st.markdown(
        "Evaluation runs with KL weight 1 and dropout off. Nats are per sentence; the end token is "
        "counted, start and padding are not. A number that a latent family cannot have is a dash, "
        "never zero.",
        width=820,
    )
    find = st.text_input(
        "Find a number", type="search", placeholder="perplexity, KL …", label_visibility="collapsed"
    )
    rows = [
        {
            "Number": metric.label,
            "Key": name,
            "Unit": metric.unit,
            "Better": DIRECTIONS[metric.better],
            "How it is computed": metric.meaning,
            "Reference": metric.reference,
        }
        for name, metric in METRICS.items()
        if find.lower() in f"{name} {metric.label} {metric.meaning}".lower()
    ]
    if rows:
        # A plain table: it wraps, and a screen reader can read it.
        st.table(pd.DataFrame(rows).set_index("Number"), border="horizontal")
    else:
        blocks.empty("No number by that name", "Try a shorter word.", "search_off")
