"""Watch a run: state, curves, health; stop, resume, clone, delete. And the table of all runs."""

import streamlit as st

from app import blocks, loaders, monitor, navigation

blocks.header(
    "Runs", "Training goes on in a process of its own: close this page, and find it again later."
)
runs, run = loaders.runs(), loaders.current_run()
if run is None:
    blocks.empty(
        "No run yet", "Choose data and a preset; a small model takes minutes.", "monitoring"
    )
    navigation.link("train", "Start a run")
    st.stop()

with blocks.kindly(f"Run {run.name} cannot be shown"):
    monitor.draw(run)

with st.expander(f"All runs ({len(runs)})", icon=":material/list:"):
    monitor.all_runs(runs)
