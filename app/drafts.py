"""Which settings a draft begins with: those of a preset that reads what its data set holds."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import plans, state
from engine.data.corpus import NOUNS

FIRST = "quick"


def begin(data: str | None) -> None:
    """A draft on a data set, or on that of the first preset where none is asked for."""
    from engine.presets import preset

    follow(data or preset(FIRST).data.name)


def follow(data: str) -> None:
    """Move the draft to a data set; settings that cannot read what it holds give way to a preset's."""
    from engine.presets import fitting, preset

    draft, kind = state.draft(), kind_of(data)
    if draft is not None and reads(draft.config, kind):
        state.new_draft(_on(draft.config, data), draft.origin)
        return
    origin = fitting(kind or "text", data)
    if draft is not None and kind is not None:
        told = f"{data} holds {NOUNS[kind]}: the settings are now those of {origin}."
        st.toast(told, icon=":material/swap_horiz:")
    state.new_draft(_on(preset(origin), data), origin)


def take(name: str) -> None:
    """A draft from a preset, on the data set of the draft before it, or on its own where it cannot read that."""
    from engine.presets import preset

    draft, config = state.draft(), preset(name)
    if draft is not None and reads(config, kind_of(draft.config.data.name)):
        config = _on(config, draft.config.data.name)
    state.new_draft(config, name)


def kind_of(data: str) -> str | None:
    """What a data set holds, "text" or "images"; None of one that nobody knows."""
    return plans.training_rows(data)[2]


def reads(config: Any, kind: str | None) -> bool:
    """Whether an experiment can learn from data of a kind; yes where it is not known."""
    return kind in (None, config.tokenizer.reads)


def _on(config: Any, data: str) -> Any:
    return config.model_copy(update={"data": config.data.model_copy(update={"name": data})})
