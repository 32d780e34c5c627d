"""Whether the posterior is alive, in plain words, with buttons that clone the run with a remedy added."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import blocks, fields, navigation, state
from engine.runs import store


def draw(run: store.Run, diagnosis: Any | None) -> None:
    """The verdict with its evidence; a remedy is one click away."""
    if diagnosis is None:
        return
    blocks.health(diagnosis)
    if not diagnosis.remedies:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Clone with a remedy:", width="content")
        for name, advice in zip(diagnosis.remedies, diagnosis.advice, strict=True):
            label = fields.humanise(name)
            if st.button(label, key=f"remedy-{name}", help=advice, icon=":material/healing:"):
                _clone_with(run, name)


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
