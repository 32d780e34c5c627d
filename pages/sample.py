"""New sentences: draws of the prior, around a sentence of yours, or of a group; new, or copied?"""

import streamlit as st

from app import blocks, loaders, state
from app.background import Waiting
from app.creating.model import Model
from app.sample_page import drawing, results

blocks.header(
    "Sample",
    "Codes are drawn, from the prior or from posteriors, and decoded. Are the sentences new?",
)
run, checkpoint = loaders.current_run(), state.checkpoint()
if not blocks.need_run(run, checkpoint):
    st.stop()

model, waiting = Model(run, checkpoint), Waiting()
with blocks.kindly("These could not be drawn"):
    draw = drawing.choose(model)
    if draw is not None:
        place = st.container()
        with place, st.skeleton(height=420):
            found = drawing.drawn(model, draw, waiting)
            if found is not None:
                with place:
                    results.show(model, draw, found, waiting)
waiting.draw()
