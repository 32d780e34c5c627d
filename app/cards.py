"""Cards: a door on Home, a run at a glance, a preset, a built-in corpus; and the list of live jobs."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, curves, drafts, fields, frame, jobs, loaders, navigation, showing, state
from engine.runs.store import DEMO, Run


def door(icon: str, title: str, text: str) -> None:
    """The head of a way in: icon, name, one sentence; its button follows."""
    st.markdown(f"#### :material/{icon}: {title}", anchors=False)
    st.caption(text)


def run_card(run: Run) -> None:
    """A run at a glance: name, state, data, health, ELBO with its sparkline, active units; opens it."""
    with (
        st.container(border=True, gap="small"),
        blocks.kindly(f"{run.name} cannot be read"),
        showing.about(showing.of(run)),
    ):
        status, metrics = loaders.status(run), run.metrics()
        values = latest(metrics)
        with st.container(horizontal=True, vertical_alignment="center"):
            title = "Demonstration run" if run.name == DEMO else run.name
            st.markdown(f"**{blocks.plain(title)}**", width="stretch")
            blocks.state_badge(status.state)
        st.html(f'<div class="zs-facts">{_facts(run)}</div>')
        left, right = st.columns([3, 2])
        with left:
            elbo = curves.points(metrics, "valid/elbo", "step")[1]
            blocks.metric("elbo", values.get("elbo"), "ELBO", line=elbo.tolist())
        with right:
            blocks.metric("active_units", values.get("active_units"), "Active units")
        _card_buttons(run)


def _card_buttons(run: Run) -> None:
    with st.container(horizontal=True):
        if st.button("Open", key=f"open-{run.name}"):
            state.select_run(run.name)
            navigation.go("runs")
        there = bool(run.checkpoints())
        help = None if there else "It has no checkpoint yet; the first validation writes one."
        name = f"inter-{run.name}"
        if st.button("Interpolate", key=name, type="tertiary", disabled=not there, help=help):
            state.select_run(run.name)
            navigation.go("interpolate")


def _facts(run: Run) -> str:
    """Data and the health light as one line of HTML; all text escaped."""
    parts = [blocks.escaped(run.config().get("data", {}).get("name", "?"))]
    if diagnosis := loaders.diagnosis(run):
        colour = blocks.HEALTH[diagnosis.state]
        parts.append(f'<span class="zs-dot" style="background:{colour}"></span>{diagnosis.state}')
    return " &nbsp;·&nbsp; ".join(parts)


def latest(frame_: pd.DataFrame, split: str = "valid") -> dict[str, float]:
    """The last recorded value of every metric of a split, by its name."""
    prefix = f"{split}/"
    found = {}
    for column in frame_.columns:
        if column.startswith(prefix) and len(values := frame_[column].dropna()):
            found[column.removeprefix(prefix)] = float(values.iloc[-1])
    return found


def live_list() -> None:
    """What is running, with progress; polls while something is."""
    st.fragment(_live_list, run_every=frame.POLL_SECONDS)()


def _live_list() -> None:
    for run, status in loaders.live_runs():
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.progress(status.progress or 0.0, text=blocks.plain(frame.words(run.name, status)))
            if st.button("Watch", key=f"watch-{run.name}"):
                state.select_run(run.name)
                navigation.go("runs")
    for job in jobs.live():
        blocks.job_progress(job)


# -- new run ----------------------------------------------------------------------------------------


def preset_card(name: str, kind: str | None) -> None:
    """A preset: what it is for and how large it is; a click starts a draft from it.

    Args:
        name: the preset's.
        kind: what the draft's data set holds.
    """
    from engine.presets import about_preset, notes_preset, preset

    draft = state.draft()
    chosen = draft is not None and draft.origin == name
    config = preset(name)
    with st.container(border=True, gap="small", height="stretch"):
        mark = " :blue-badge[chosen]" if chosen else ""
        st.markdown(f"**{fields.humanise(name)}**{mark}", help=blocks.plain(notes_preset(name)))
        st.caption(about_preset(name))
        st.html(f'<div class="zs-facts">{_sizes(config)}</div>')
        st.space("stretch")
        nouns = showing.of_kind(config.tokenizer.reads).nouns
        brings = f"Reads {nouns}: brings its own data, {config.data.name}."
        label, help = (
            ("Start over", "Back to the preset's own settings.")
            if chosen
            else ("Use", None if drafts.reads(config, kind) else brings)
        )
        if st.button(
            label, key=f"preset-{name}", help=help, type="tertiary" if chosen else "secondary"
        ):
            drafts.take(name)
            st.rerun()


def pieces(origin: str) -> None:
    """Named pieces of settings, chosen in order and laid over the preset that they were made for."""
    from engine.presets import preset
    from engine.presets.pieces import PIECES, overruled, with_pieces

    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = st.multiselect(
            "Pieces", list(PIECES), key=f"pieces-{origin}", placeholder="tenth_5_tkn, batch_small …",
            format_func=lambda name: f"{name}: {PIECES[name].about}", width="stretch",
            help="Each sets a few settings; they apply in the order in which they are chosen.",
        )  # fmt: skip
        help = "From the preset's own settings; what you changed since is lost."
        if st.button("Lay over", help=help, key="lay-over", icon=":material/layers:"):
            with blocks.kindly("These pieces do not go together"):
                state.new_draft(with_pieces(preset(origin), " ".join(names)), origin)
                st.rerun()
    for remark in overruled(names):
        st.caption(f":material/info: {blocks.plain(remark)}.")


def _sizes(config: Any) -> str:
    parts = ["pictures"] if config.tokenizer.reads == "images" else []
    size = getattr(config.model.latent, "size", "?")
    parts.append(f"{size} latent unit{'' if size == 1 else 's'}")
    if hidden := getattr(config.model.decoder, "hidden", None):
        parts.append(f"hidden {hidden}")
    most = config.training.max_steps
    parts.append(f"up to {most:,} steps" if most else f"up to {config.training.epochs} epochs")
    return " · ".join(parts)


def data_picker(name: str, key: str) -> str:
    """Which corpus to learn from: those on disk, then built-in ones that are made on first use."""
    titles = loaders.data_titles()
    if name not in titles:
        titles = {name: name} | titles
    options = list(titles)
    return st.selectbox(
        "Data",
        options,
        options.index(name),
        key=key,
        format_func=lambda option: titles[option],
        help="Your own text: page Datasets. A built-in corpus is made when training starts.",
    )


def plan(plan: Any) -> None:
    """What a configuration amounts to: weights, updates, rows."""
    with st.grid(3, min_column_width=90):
        weights = f"{plan.parameters / 1e6:.1f} M"
        st.metric(
            "Weights",
            weights,
            help="Trainable numbers, at most: with the vocabulary at its largest.",
        )
        steps = f"{plan.total_steps:,}"
        st.metric("Steps", steps, help="Joint updates, if no plateau ends training sooner.")
        rows = f"{plan.rows:,}" if plan.exact else f"~{plan.rows:,}"
        nouns = showing.of_kind(plan.kind).nouns
        st.metric(nouns.capitalize(), rows, help="In the training split.")
    for warning in plan.warnings:
        st.warning(blocks.plain(warning[:1].upper() + warning[1:]), icon=":material/info:")


def side(config: Any, origin: str) -> None:
    """Says so where a model reads pictures at another size than they have, with a button that mends it."""
    whole, ours = drafts.side_of(config.data.name), config.tokenizer.side
    if config.tokenizer.reads != "images" or whole in (None, ours):
        return
    st.caption(
        f":material/info: The pictures have up to {whole} pixels a side; the model reads them at {ours} by "
        f"{ours}. Time grows with the pixels."
    )
    with blocks.kindly("These settings cannot read them at that size"):
        other = drafts.at_side(config, whole)
        st.button(
            f"Read them at {whole} by {whole}", icon=":material/aspect_ratio:", key="read-whole",
            help="Sets the side of tokeniser, encoder and decoder, and the most pixels.",
            on_click=state.new_draft, args=(other, origin),
        )  # fmt: skip


def about_schedule(plan: Any) -> str:
    """The schedule's curve in words."""
    first, last, top = plan.weights[0], plan.weights[-1], plan.weights.max()
    return (
        f"KL weight over {plan.total_steps:,} steps: {first:.2g} at the start, at most {top:.2g}, "
        f"{last:.2g} at the end."
    )
