"""Whether the posterior is alive, in plain words, with buttons that clone the run with a remedy added."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import blocks, fields, navigation, state
from engine.runs import health, store

WAY = "z_output"
WAY_HELP = (
    "Let the code reach the softmax past the network, as in Skip-VAE: on short sentences it kept codes alive "
    "and made the likelihood better, with no other remedy too (README, Figures)."
)


def draw(run: store.Run, diagnosis: Any | None, step: int | None = None) -> None:
    """The verdict with its evidence and its moment, or why it is too early; a remedy is one click away.

    Args:
        run: whose posterior it is about.
        diagnosis: None where there is nothing to judge it by.
        step: that it speaks of; the last validation's if absent.
    """
    if diagnosis is None:
        return
    moment = health.moment(run, step)
    early = "" if moment is None else moment.too_early
    if early:
        blocks.too_early(diagnosis, early)
    else:
        blocks.health(diagnosis)
    if moment is not None:
        st.caption(f":material/schedule: {_when(moment)}")
    if early or not diagnosis.remedies:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Clone with a remedy:", width="content")
        for name, advice in zip(diagnosis.remedies, diagnosis.advice, strict=True):
            label = fields.humanise(name)
            if st.button(label, key=f"remedy-{name}", help=advice, icon=":material/healing:"):
                remedies = [*run.config()["objective"]["remedies"], {"name": name}]
                _clone_with(run, "objective", {"remedies": remedies}, label.lower())
        decoder = run.config()["model"]["decoder"]
        if decoder.get(WAY) is False and st.button(
            "Code at the softmax", key=f"remedy-{WAY}", help=WAY_HELP, icon=":material/healing:"
        ):
            changed = {"decoder": decoder | {WAY: True}}
            _clone_with(run, "model", changed, "the code at the softmax")


def _when(moment: health.Moment) -> str:
    """At which step, and why another step may tell something else."""
    words = [f"At step {moment.step:,}."]
    if moment.step < moment.last:
        words.append(
            f"The run went on to step {moment.last:,}; the checkpoint *last* may tell something else."
        )
    return " ".join(words)


def _clone_with(run: store.Run, part: str, changed: dict[str, Any], words: str) -> None:
    from engine.experiment import load_config

    config = run.config()
    values = config | {part: config[part] | changed}
    new = blocks.attempt(lambda: load_config(values), f"{run.name} could not be cloned")
    if new is None:
        st.rerun()
    state.new_draft(new, f"run {run.name} with {words}")
    navigation.go("train")
