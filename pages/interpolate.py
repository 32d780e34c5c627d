"""Two sentences, and what the model writes between them."""

import streamlit as st

from app import blocks, loaders, path_view, state

PAIR = {
    "demo": (
        "Return the number of items in the list.",
        "Compute the mean of the values along the axis.",
    )
}

blocks.header(
    "Interpolate", "Both sentences are encoded; the codes on the path between them are decoded."
)
run, checkpoint = loaders.current_run(), state.checkpoint()
if run is not None and run.name == "demo":
    st.caption("The demonstration model has read Python docstrings, and nothing else.")
if not blocks.need_run(run, checkpoint):
    st.stop()


def fill(pair: tuple[str, str]) -> None:
    st.session_state["a"], st.session_state["b"] = pair


if picked := state.take_note("pair"):  # two rows of the latent map
    fill(picked)
    state.note("pair-of", run.name)
# A link carries its sentences; otherwise every run begins with a pair of its own.
if state.seen_note("pair-of") != run.name:
    if not (st.query_params.get("a") and state.seen_note("pair-of") is None):
        fill(PAIR.get(run.name) or loaders.pair(run, 0) or PAIR["demo"])
    state.note("pair-of", run.name)

with st.container(horizontal=True, vertical_alignment="bottom"):
    a = st.text_input("A", key="a", bind="query-params", placeholder="The first sentence").strip()
    st.button(
        "", icon=":material/swap_horiz:", key="swap", help="Swap A and B",
        on_click=lambda: fill((st.session_state["b"], st.session_state["a"])),
    )  # fmt: skip
    b = st.text_input("B", key="b", bind="query-params", placeholder="The last sentence").strip()

with st.container(horizontal=True, vertical_alignment="bottom"):
    place_of_path = st.container(width="content")
    strategy = st.segmented_control(
        "Decoding", ["greedy", "beam"], default="greedy", required=True, key="decode",
        bind="query-params", help="greedy: the likeliest token each time. beam: the best of five.",
    )  # fmt: skip
    count = st.number_input("Steps", 3, 41, 11, key="steps", bind="query-params", width=130)
    missing = loaders.data_missing(run)
    st.button(
        "Random pair", icon=":material/shuffle:", key="random", disabled=bool(missing),
        help=missing or "Two sentences of the validation split.",
        on_click=lambda: fill(loaders.pair(run) or (a, b)),
    )  # fmt: skip

# Drawn after its neighbours: it asks the run's latent family, and so waits for torch the first time.
with place_of_path:
    paths = loaders.paths(run)
    path = st.segmented_control(
        "Path", list(paths), default=next(iter(paths)), required=True, key="path",
        bind="query-params", help="  \n".join(f"**{name}**: {line}" for name, line in paths.items()),
    )  # fmt: skip

state.carry("interpolate", a=a, b=b, path=path, decode=strategy, steps=str(count))
if not a or not b:
    blocks.empty("Two sentences, please", "Type one into A and one into B.", "edit")
    st.stop()

place = st.container()
with blocks.kindly("These two could not be interpolated"), place.skeleton(height=420):
    found = loaders.interpolation(run, checkpoint, a, b, int(count), path, strategy)
    with place:
        path_view.draw(found, f"{run.name}-{checkpoint}")
