"""Where to start, what is running, recent runs; never empty, the demonstration run is always there."""

import streamlit as st

import engine
from app import blocks, cards, jobs, loaders, navigation, state
from engine.runs.slots import likely_device
from engine.runs.store import DEMO

SHOWN = 6

st.title("Read what lies between two sentences", anchor=False)
st.html(
    '<p class="zs-lead">Zscape is a workbench for text variational auto-encoders: train one on your '
    "sentences, see whether its posterior is alive, walk its latent space, and read what is there.</p>"
)
st.space("xsmall")

runs = loaders.runs()
has_demo = any(run.name == DEMO for run in runs)

doors = st.columns(3, border=True)
with doors[0]:
    cards.door(
        "linear_scale",
        "Play with the demonstration model",
        "Two sentences are filled in and decoded. Change them and read on.",
    )
    help = None if has_demo else "This copy has no assets/demo_run; train a model instead."
    if st.button("Interpolate", type="primary", disabled=not has_demo, help=help, key="door-demo"):
        state.select_run(DEMO)
        navigation.go("interpolate")
with doors[1]:
    cards.door(
        "add_circle",
        "Train on my text",
        "A file, pasted lines or a built-in corpus; a small model takes minutes.",
    )
    with st.container(horizontal=True):
        if st.button("Add my text", key="door-data"):
            navigation.go("data")
        if st.button("New run", key="door-train", type="tertiary"):
            navigation.go("train")
with doors[2]:
    cards.door(
        "monitoring", "Open a run", "Curves, health, samples and the map of a trained model."
    )
    names = [run.name for run in runs]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Open a run", names, index=None, label_visibility="collapsed", key="door-run",
            placeholder="Choose a run" if names else "No run yet", disabled=not names,
        )  # fmt: skip
    if chosen:
        state.select_run(chosen)
        navigation.go("runs")

live = loaders.live_runs()
if live or jobs.live():
    st.subheader("Running now", anchor=False)
    cards.live_list()

st.subheader("Recent runs", anchor=False)
if runs:
    with st.grid(3, min_column_width=280):
        for run in runs[:SHOWN]:
            cards.run_card(run)
    if len(runs) > SHOWN:
        navigation.link("runs", f"All {len(runs)} runs")
else:
    blocks.empty(
        "No run yet", "Make a data set, then train your first model on it.", "rocket_launch"
    )

st.space("small")
device = {"cuda": "NVIDIA GPU", "mps": "Apple GPU", "cpu": "CPU"}[likely_device("auto")]
st.caption(
    f":material/memory: Runs train on: {device} &nbsp;·&nbsp; "
    f":material/hard_drive: {loaders.free_disk() / 2**30:,.0f} GiB free for runs and data &nbsp;·&nbsp; "
    f"Zscape {engine.__version__}"
)
