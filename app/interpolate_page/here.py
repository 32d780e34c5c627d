"""What every mode of the page is given: the model, what the page waits for, and the settings they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import loaders, showing
from app.background import Waiting
from app.creating.model import Model
from app.showing import Showing

DECODING = "greedy: the likeliest token each time. beam: the likeliest whole sentence of five."


@dataclass(frozen=True)
class Here:
    """The model and what the page waits for."""

    model: Model
    waiting: Waiting

    @property
    def shown(self) -> Showing:
        """How its x are shown."""
        return showing.of(self.model.run)

    def key(self, mode: str) -> str:
        """Names an element of a mode for this model."""
        return f"{mode}-{self.model.run.name}-{self.model.checkpoint}"


def decoding() -> str:
    """How codes are decoded."""
    return st.segmented_control(
        "Decoding", ["greedy", "beam"], default="greedy", required=True, key="decode",
        bind="query-params", persist_state="session", help=showing.current().words(DECODING),
    )  # fmt: skip


def steps(help: str = "Codes from one sentence to the next, both included.") -> int:
    """How many codes."""
    return int(
        st.number_input(
            "Steps", 3, 41, 11, key="steps", bind="query-params", persist_state="session",
            width=130, help=showing.current().words(help),
        )
    )  # fmt: skip


def way(here: Here) -> str:
    """One of the paths that are written down for codes of this model."""
    known = loaders.paths(here.model.run)
    return st.segmented_control(
        "Path", list(known), default=next(iter(known)), required=True, key="way",
        bind="query-params", help=described(known),
    )  # fmt: skip


def described(known: dict[str, str]) -> str:
    """A line about each."""
    return "  \n".join(f"**{name}**: {line}" for name, line in known.items())


def columns(data: Any) -> dict[str, Any]:
    """Columns of a table of measures: what each number is, on hover."""
    from engine.metrics import METRICS

    found, shown = {}, showing.current()
    for name in data.columns:
        if about := METRICS.get(name):
            unit = f" Unit: {shown.unit(about)}." if about.unit else ""
            told = f"{shown.words(about.meaning)}{unit} {_better(about.better)}"
            found[name] = st.column_config.NumberColumn(
                shown.words(about.label), help=told, format="%.3g"
            )
    return found


def _better(direction: str) -> str:
    return {"higher": "Higher is better.", "lower": "Lower is better."}.get(direction, "")
