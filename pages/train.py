"""Choose a preset or a run to start from, change what you like, see what it means, start."""

import streamlit as st

from app import (
    blocks,
    cards,
    charts,
    commands,
    drafts,
    forms,
    loaders,
    navigation,
    plans,
    showing,
    state,
)
from engine.runs import launcher, store

blocks.header("New run", "Start from a preset or from a run you have, change what you like, start.")

with st.spinner("Loading the settings"):
    from engine.experiment import load_config
    from engine.presets import PRESETS, SECTIONS, preset, section_of

if state.draft() is None:
    asked = st.query_params.get("corpus")  # a reload begins anew, on the data set of the address
    drafts.begin(asked if asked in loaders.data_titles() else None)

# -- what to start from -------------------------------------------------------------------------

draft = state.draft()
kind = drafts.kind_of(draft.config.data.name)
# Another draft is another element, so that it opens where its preset is.
tabs = st.tabs(list(SECTIONS), default=section_of(draft.origin), key=f"{draft.key}.presets")
for tab, names in zip(tabs, SECTIONS.values(), strict=True):
    with tab, st.grid(4, min_column_width=230):
        for name in names:
            cards.preset_card(name, kind)
with st.container(horizontal=True, vertical_alignment="bottom"):
    names = [run.name for run in loaders.runs()]
    cloned = st.selectbox(
        "Or clone a run", names, index=None, placeholder="Its settings, to change", width=360,
        key="clone-from", disabled=not names, help="Takes over all its settings, not its weights.",
    )  # fmt: skip
    reason = "Choose a run first." if not cloned else None
    if st.button("Clone", disabled=not cloned, help=reason, icon=":material/content_copy:"):
        with blocks.kindly("That run's settings cannot be read"):
            run = store.find(cloned)
            state.new_draft(load_config(run.config()), f"run {cloned}")
            st.rerun()

# -- settings on the left, what they mean on the right -------------------------------------------

st.subheader(f"Settings, from {draft.origin}", anchor=False)
if draft.origin == "transformer-vae":
    cards.pieces(draft.origin)
left, right = st.columns([5, 3], gap="large")
with left:
    data = cards.data_picker(draft.config.data.name, f"{draft.key}.data")
    if data != draft.config.data.name and not drafts.reads(draft.config, drafts.kind_of(data)):
        drafts.follow(data)
        st.rerun()
    start = draft.config.model_copy(
        update={"data": draft.config.data.model_copy(update={"name": data})}
    )
    basic = st.container()
    advanced = st.expander("Advanced", icon=":material/tune:")
    shown = showing.of_kind(drafts.kind_of(data) or start.tokenizer.reads)
    edited = forms.edit(start, draft.key, basic, advanced, kept={"data.name"}, shown=shown)

config = edited.config
if config is not None:
    state.keep_draft(config)
# The draft is the truth, its widgets change their keys: so the address is written, not bound. The name
# `data` is bound to the picker of Datasets.
if st.query_params.get("corpus") != data:
    st.query_params["corpus"] = data
state.carry("train", corpus=data)

with right:
    run_name = st.text_input(
        "Name of the run", key=f"{draft.key}.run", placeholder="made from data and preset",
        help="Letters, digits, '-', '_' and '.'.",
    ).strip()  # fmt: skip
    problems = list(edited.problems)
    plan = None
    if config is not None:
        with blocks.kindly("These settings do not go together"):
            plan = plans.make(config)
            cards.plan(plan)
            cards.side(config, draft.origin)
            figure = charts.schedule(plan.steps, plan.weights, plan.steps_per_epoch)
            blocks.chart(figure, "schedule", cards.about_schedule(plan))
    for problem in problems:
        st.error(blocks.plain(problem), icon=":material/edit_off:")

    blocked = "Mend the settings marked in red first." if plan is None or problems else None
    if st.button(
        "Start training", type="primary", width="stretch", icon=":material/play_arrow:",
        disabled=bool(blocked), help=blocked, key="start",
    ):  # fmt: skip
        origin = draft.origin if draft.origin in PRESETS else ""
        with blocks.kindly("The run could not be started"):
            run = store.create(config.model_dump(mode="json"), run_name or None, origin)
            launcher.start(run)
            state.select_run(run.name)
            navigation.go("runs")
    if waiting := loaders.live_runs():
        st.caption(
            f":material/schedule: {len(waiting)} run(s) at work; one that finds the device busy waits."
        )

    if config is not None:
        st.markdown("**The same from a terminal**")
        base = draft.origin if draft.origin in PRESETS else "quick"
        st.code(
            commands.train(config, base, preset(base), run_name), language="bash", wrap_lines=True
        )
