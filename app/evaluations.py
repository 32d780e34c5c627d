"""The tables that `evaluate` kept with a run, each number with its unit and what it is."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, showing
from app.showing import Showing
from engine.metrics import METRICS
from engine.runs import evaluations, store

NUMBER, VALUE, REAL, UNIT, MEANING = "Number", "Value", "Real text", "Unit", "What it is"
REAL_HELP = "What as many real sentences score in their place."


def draw(run: store.Run) -> None:
    """An expander for each table, the newest first; nothing where none has been made."""
    shown = showing.of(run)
    for table in evaluations.kept(run):
        split, checkpoint = (str(table.get(name, "?")) for name in ("split", "checkpoint"))
        title = f"Evaluation: {split}, {checkpoint}{_step(table.get('step'))}{_rows(table, shown)}"
        with st.expander(blocks.plain(title), icon=":material/table_chart:"):
            _said(run, checkpoint, table)
            st.dataframe(
                rows(table, shown),
                hide_index=True,
                key=f"evaluation-{run.name}-{split}-{checkpoint}-{table.get('amounts', {}).get('limit')}",
                column_config=_columns(shown),
                alt=f"{title}: every number with its unit and definition",
            )


def rows(table: dict[str, Any], shown: Showing) -> pd.DataFrame:
    """Label, value, value of real x, unit and definition of each number, as they are read."""
    real = table.get("real") or {}
    found = [
        {
            NUMBER: shown.words(METRICS[name].label),
            VALUE: blocks.quantity(name, value),
            shown.words(REAL): blocks.quantity(name, real[name]) if name in real else "",
            UNIT: shown.unit(METRICS[name]),
            MEANING: shown.words(METRICS[name].meaning),
        }
        for name, value in table["metrics"].items()
        if name in METRICS
    ]
    data = pd.DataFrame(found, columns=list(_columns(shown)))
    return data if real else data.drop(columns=shown.words(REAL))


def _columns(shown: Showing) -> dict[str, Any]:
    text = st.column_config.TextColumn
    return {
        NUMBER: text(width="medium", pinned=True),
        VALUE: text(width="small", alignment="right"),
        shown.words(REAL): text(width="small", alignment="right", help=shown.words(REAL_HELP)),
        UNIT: text(width="small"),
        MEANING: text(width="large"),
    }


def _step(step: Any) -> str:
    return "" if step is None else f", step {step:,}"


def _rows(table: dict[str, Any], shown: Showing) -> str:
    rows = table["metrics"].get("rows")
    return "" if rows is None else f", {rows:,.0f} {shown.nouns}"


def _said(run: store.Run, checkpoint: str, table: dict[str, Any]) -> None:
    """What a reader should know first: what was left out, and whether the checkpoint is another by now."""
    step = table.get("step")
    now = run.step_of(checkpoint) if checkpoint in run.checkpoints() else None
    if step is not None and now is not None and now != step:
        text = f"Made at step {step:,}; this checkpoint is of step {now:,} now. Evaluate it again."
        st.caption(f":material/history: {text}")
    for note in map(str, table.get("notes", [])):
        st.caption(f":material/info: {blocks.plain(note[:1].upper() + note[1:])}.")
