"""The tables that `evaluate` kept with a run, each number with its unit and what it is."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
import streamlit as st

from app import blocks
from engine.metrics import METRICS
from engine.runs import evaluations, store

Kind = Literal["text", "images"]
COLUMNS = {
    "Number": st.column_config.TextColumn(width="medium", pinned=True),
    "Value": st.column_config.TextColumn(width="small", alignment="right"),
    "Real text": st.column_config.TextColumn(
        width="small", alignment="right", help="What as many real sentences score in their place."
    ),
    "Unit": st.column_config.TextColumn(width="small"),
    "What it is": st.column_config.TextColumn(width="large"),
}


def draw(run: store.Run) -> None:
    """An expander for each table, the newest first; nothing where none has been made."""
    for table in evaluations.kept(run):
        split, checkpoint = (str(table.get(name, "?")) for name in ("split", "checkpoint"))
        title = f"Evaluation: {split}, {checkpoint}" + _step(table.get("step"))
        with st.expander(blocks.plain(title), icon=":material/table_chart:"):
            _said(run, checkpoint, table)
            st.dataframe(
                rows(table, run.kind),
                hide_index=True,
                key=f"evaluation-{run.name}-{split}-{checkpoint}",
                column_config=COLUMNS,
                alt=f"{title}: every number with its unit and definition",
            )


def rows(table: dict[str, Any], kind: Kind = "text") -> pd.DataFrame:
    """Label, value, value of real text, unit and definition of each number, as they are read."""
    real = table.get("real") or {}
    found = [
        {
            "Number": METRICS[name].label,
            "Value": blocks.quantity(name, value),
            "Real text": blocks.quantity(name, real[name]) if name in real else "",
            "Unit": METRICS[name].unit_for(kind),
            "What it is": METRICS[name].meaning,
        }
        for name, value in table["metrics"].items()
        if name in METRICS
    ]
    shown = pd.DataFrame(found, columns=list(COLUMNS))
    return shown if real else shown.drop(columns="Real text")


def _step(step: Any) -> str:
    return "" if step is None else f", step {step:,}"


def _said(run: store.Run, checkpoint: str, table: dict[str, Any]) -> None:
    """What a reader should know first: what was left out, and whether the checkpoint is another by now."""
    step = table.get("step")
    now = run.step_of(checkpoint) if checkpoint in run.checkpoints() else None
    if step is not None and now is not None and now != step:
        text = f"Made at step {step:,}; this checkpoint is of step {now:,} now. Evaluate it again."
        st.caption(f":material/history: {text}")
    for note in table.get("notes", []):
        st.caption(f":material/info: {blocks.plain(str(note).capitalize())}.")
