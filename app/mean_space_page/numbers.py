"""The snapshots in numbers, a line each."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app import showing
from app.mean_space_page.shots import Shots, kept
from app.showing import Showing
from engine.evaluation.means import summary
from engine.metrics import Metric, describe


def draw(shots: Sequence[Shots]) -> None:
    """A table of all moments of all runs, and what looking has cost."""
    with st.expander("Numbers of every moment", icon=":material/table:"):
        data = pd.concat([table(one) for one in shots], ignore_index=True)
        shown = showing.of(shots[0].run)
        columns = {
            name: st.column_config.NumberColumn(
                describe(name).label, format="%.4g", help=_about(describe(name), shown)
            )
            for name in data.columns
            if name not in ("run", "step")
        }
        st.dataframe(data, hide_index=True, column_config=columns, key="mean-space-numbers")
        for one in shots:
            seconds = sum(snapshot.seconds for snapshot in one.taken)
            st.caption(f"{one.run.name}: {len(one.taken)} moments, {seconds:,.1f} s of looking.")


def _about(metric: Metric, shown: Showing) -> str:
    """Unit and definition, as they stand on hover."""
    return f"{shown.unit(metric)}. {shown.words(metric.meaning)}"


def table(shots: Shots) -> pd.DataFrame:
    """One line a moment, names of METRICS as columns."""

    def made() -> pd.DataFrame:
        lines = [
            {"run": shots.run.name, "step": one.moment} | summary(one.means) for one in shots.taken
        ]
        return pd.DataFrame(lines)

    key = f"mean-space-table|{shots.run.path}|{shots.moments}|{shots.version}"
    return kept(key, made)
