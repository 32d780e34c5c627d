"""Two sentences, four, or many: what the model writes between them, and what directions mean."""

import streamlit as st

from app import blocks, loaders, state
from app.background import Waiting
from app.creating.model import Model
from app.interpolate_page import typed
from app.interpolate_page.here import Here
from app.interpolate_page.modes import MODES

blocks.header(
    "Interpolate", "Sentences are encoded; the codes on the way between them are decoded."
)
run, checkpoint = loaders.current_run(), state.checkpoint()
if run is not None and run.name == "demo":
    st.caption("The demonstration model has read Python docstrings, and nothing else.")
if not blocks.need_run(run, checkpoint):
    st.stop()

page = Here(Model(run, checkpoint), Waiting())
typed.begin(page.model)
shown = page.shown
mode = st.segmented_control(
    "What to do", list(MODES), default="Two sentences", required=True, key="do", bind="query-params",
    format_func=shown.words,
    persist_state="session", label_visibility="collapsed",
    help="  \n".join(f"**{title}**: {shown.words(one.purpose)}" for title, one in MODES.items()),
)  # fmt: skip
st.caption(shown.words(MODES[mode].purpose))
with blocks.kindly("This did not work"):
    MODES[mode].draw(page)
page.waiting.draw()
state.carry("interpolate", **state.carried("interpolate") | {"do": shown.words(mode)})
