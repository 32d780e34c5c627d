"""The posterior: is it alive, what does each dimension carry, where does the prior draw into the void?"""

import streamlit as st

from app import blocks, loaders, mean_space_page, state
from app.posterior_page import health

# One line a view.
VIEWS = {
    "Health": health.draw,
    "Posterior mean space": mean_space_page.draw,
}

blocks.header(
    "Posterior",
    "What the encoder knows of a sentence, q(z|x), against what the decoder was promised, p(z).",
)
with blocks.kindly("This run cannot be shown"):
    run, checkpoint = loaders.current_run(), state.checkpoint()
    if not blocks.need_run(run, checkpoint):
        st.stop()
    tabs = st.tabs(list(VIEWS), key="posterior-view", on_change="rerun", bind="query-params")
    for tab, (view, draw) in zip(tabs, VIEWS.items(), strict=True):
        if tab.open:
            with tab:
                draw(run, checkpoint)
            state.carry("posterior", **state.carried("posterior") | {"posterior-view": view})
