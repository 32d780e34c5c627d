"""What comes back of a sentence, word by word; or of thousands of lines, worst first."""

import streamlit as st

from app import blocks, loaders, showing, state
from app.background import Waiting
from app.creating.model import Model
from app.reconstruct_page import many, one

ONE, MANY = "one sentence", "many lines"

blocks.header(
    "Reconstruct", "A sentence is encoded, and its code decoded: what was kept, what was lost?"
)
run, checkpoint = loaders.current_run(), state.checkpoint()
if not blocks.need_run(run, checkpoint):
    st.stop()

model, waiting = Model(run, checkpoint), Waiting()
with st.container(horizontal=True, vertical_alignment="bottom"):
    mode = st.segmented_control(
        "What", [ONE, MANY], default=ONE, required=True, key="mode", bind="query-params",
        persist_state="session", format_func=showing.of(run).words,
    )  # fmt: skip
    strategy = st.segmented_control(
        "Decoding", ["greedy", "beam"], default="greedy", required=True, key="decode",
        bind="query-params", persist_state="session",
        help=showing.of(run).words(
            "greedy: the likeliest token each time. beam: the likeliest whole sentence of five."
        ),
    )  # fmt: skip
# An address carries what is written on the button.
state.carry("reconstruct", mode=showing.of(run).words(mode), decode=strategy)
with blocks.kindly("This could not be reconstructed"):
    if mode == ONE:
        one.draw(model, strategy, waiting)
    else:
        many.draw(model, strategy, waiting)
waiting.draw()
