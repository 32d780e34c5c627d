"""Whether the posterior is alive, in plain words, with buttons that clone the run with a remedy added."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import blocks, fields, navigation, state
from engine.runs import health, store


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
    if moment is not None and moment.too_early:
        blocks.too_early(diagnosis, moment.too_early)
    else:
        blocks.health(diagnosis)
    if moment is not None:
        st.caption(f":material/schedule: {_when(moment)}")
    if not diagnosis.remedies or (moment is not None and moment.too_early):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Clone with a remedy:", width="content")
        for name, advice in zip(diagnosis.remedies, diagnosis.advice, strict=True):
            label = fields.humanise(name)
            if st.button(label, key=f"remedy-{name}", help=advice, icon=":material/healing:"):
                _clone_with(run, name)


def _when(moment: health.Moment) -> str:
    """At which step, and why another step may tell something else."""
    words = [f"At step {moment.step:,}."]
    if moment.step < moment.last:
        words.append(
            f"The run went on to step {moment.last:,}; the checkpoint *last* may tell something else."
        )
    return " ".join(words)


def _clone_with(run: store.Run, remedy: str) -> None:
    from engine.experiment import load_config

    config = run.config()
    remedies = [*config["objective"]["remedies"], {"name": remedy}]
    changed = config | {"objective": config["objective"] | {"remedies": remedies}}
    new = blocks.attempt(lambda: load_config(changed), f"{run.name} could not be cloned")
    if new is None:
        st.rerun()
    state.new_draft(new, f"run {run.name} with {fields.humanise(remedy).lower()}")
    navigation.go("train")
