"""Posterior means as a map: project, colour, lasso, read."""

import streamlit as st

from app import blocks, charts, codes, loaders, map_view, state

MOST, SEED = 20_000, 42

blocks.header(
    "Latent map", "Each point is the code of one sentence: the mean of its posterior, projected."
)
run, checkpoint = loaders.current_run(), state.checkpoint()
if not blocks.need_run(run, checkpoint):
    st.stop()

controls, place = st.columns([2, 7], gap="large")
with controls:
    split = st.selectbox(
        "Rows of", list(charts.SPLIT_COLOURS), 1, key="map-split", persist_state="session",
        format_func=lambda name: f"{charts.SPLIT_NAMES[name]} split",
    )  # fmt: skip
    n = st.select_slider(
        "At most", [1_000, 2_000, 5_000, 10_000, MOST], 5_000, key="map-n",
        persist_state="session", format_func=lambda value: f"{value:,}",
        help="A random choice in which every label keeps its share. Always shown: n of N.",
    )  # fmt: skip

request = codes.Request(run, checkpoint, split, n, SEED)
with blocks.kindly("The sentences could not be encoded"):
    found = codes.read(request)
    if found is None:
        with place:
            map_view.wait_for(request)
    else:
        map_view.draw(request, found, controls, place)
