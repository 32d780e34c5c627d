"""Posterior means as a map: find, select, compare, step through training, take away."""

import streamlit as st

from app import blocks, loaders, showing, state
from app.background import Waiting
from app.map_page import rows, workbench

VIEWS = {"map": "Map", "training": "Training", "compare": "Compare"}
WAYS = (
    "**Map**: one checkpoint.  \n**Training**: the same sentences at every checkpoint that was kept.  \n"
    "**Compare**: another run or checkpoint beside this one."
)
CARRIED = ("view", "split", "n", "seed", "projection", "x", "y", "colour", "with", "at")

shown = showing.current()
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="map-head"):
    st.title("Latent map", anchor=False, width="content")
    st.caption(
        f"Each point is the code of one {shown.noun}: the mean of its posterior.",
        width="content",
    )
run, checkpoint = loaders.current_run(), state.checkpoint()
if not blocks.need_run(run, checkpoint):
    st.stop()

bar = st.container(horizontal=True, vertical_alignment="center", gap="small", key="map-bar")
line = st.container(horizontal=True, vertical_alignment="center", gap="small", key="map-line")
waiting = Waiting(st.container(), line)
with bar:
    view = st.segmented_control(
        "View", list(VIEWS), default="map", required=True, key="view", bind="query-params",
        persist_state="session", format_func=VIEWS.get, label_visibility="collapsed", help=shown.words(WAYS),
    )  # fmt: skip
with blocks.kindly("The map could not be drawn"):
    with bar:
        request = rows.choose(run, checkpoint)
    if (space := rows.encoded(request, waiting)) is not None:
        workbench.draw(space, view, bar, line, waiting)
waiting.draw()
asked = st.query_params.to_dict()
state.carry("latent_map", **{name: asked[name] for name in CARRIED if name in asked})
