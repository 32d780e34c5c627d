"""The few values that outlive a page: the draft of a run, the selected run, small notes.

Everything else lives in the address (bound widgets) or on disk. Widgets are not kept here: the draft
is a *config*, and a new draft gets a new key prefix, because a keyed widget ignores a new value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

DRAFT = "draft"
NEXT_RUN = "next_run"
NEXT_CHECKPOINT = "next_checkpoint"


@dataclass(frozen=True)
class Draft:
    """An experiment being edited: its config, what it started from, and its widgets' key prefix."""

    config: Any
    origin: str
    revision: int

    @property
    def key(self) -> str:
        """Prefix of the widgets that edit this draft."""
        return f"draft{self.revision}"


def draft() -> Draft | None:
    """The experiment being edited, if one was begun in this session."""
    return st.session_state.get(DRAFT)


def new_draft(config: Any, origin: str) -> Draft:
    """Begin another draft; its widgets start from ``config``."""
    old = draft()
    st.session_state[DRAFT] = Draft(config, origin, old.revision + 1 if old else 1)
    return st.session_state[DRAFT]


def keep_draft(config: Any) -> None:
    """Remember what the form now holds, without disturbing its widgets."""
    st.session_state[DRAFT] = replace(st.session_state[DRAFT], config=config)


def select_run(name: str, checkpoint: str | None = None) -> None:
    """Make this the run of every page; takes effect on the next rerun, before the picker is drawn."""
    st.session_state[NEXT_RUN] = name
    st.session_state[NEXT_CHECKPOINT] = checkpoint


def take_next_run() -> None:
    """Apply what ``select_run`` asked for; called by the frame before its widgets exist."""
    name = st.session_state.pop(NEXT_RUN, None)
    checkpoint = st.session_state.pop(NEXT_CHECKPOINT, None)
    if name is not None:
        st.session_state["run"] = name
    if checkpoint is not None:
        st.session_state["checkpoint"] = checkpoint


def run_name() -> str | None:
    """The run chosen in the sidebar."""
    return st.session_state.get("run")


def checkpoint() -> str | None:
    """The checkpoint chosen in the sidebar; None while the run has none."""
    return st.session_state.get("checkpoint")


def note(key: str, value: Any) -> None:
    """Keep something for the next rerun or page."""
    st.session_state[f"note:{key}"] = value


def take_note(key: str) -> Any:
    """What was kept under this key, once."""
    return st.session_state.pop(f"note:{key}", None)


def seen_note(key: str) -> Any:
    """What is kept under this key, left in place."""
    return st.session_state.get(f"note:{key}")


def carry(page: str, **query: Any) -> None:
    """What a link to this page must carry besides run and checkpoint; a list is carried whole."""
    note(f"link-{page}", query)


def carried(page: str) -> dict[str, Any]:
    """What a link to this page must carry."""
    return seen_note(f"link-{page}") or {}
