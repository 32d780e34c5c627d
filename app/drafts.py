"""Which settings a draft begins with: those of a preset that reads what its data set holds."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import loaders, plans, state
from app.once import once
from engine.data.corpus import NOUNS

FIRST = "quick"
LOOKED_AT = 16


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


def side_of(data: str) -> int | None:
    """The side at which a model reads pictures of a data set as they are; None where it is not here, or of text.

    The longest of the first ones, and never more than a model may have.
    """
    from engine.data.corpus import Corpus
    from engine.data.pictures import read
    from engine.models.pictures.pixels import MOST_SIDE

    if not any(card.name == data and card.kind == "images" for card in loaders.corpora()):
        return None
    corpus = Corpus.open(data)

    def found() -> int:
        first = corpus.texts("train", range(min(LOOKED_AT, corpus.rows("train"))))
        return min(MOST_SIDE, max(max(read(text).shape) for text in first))

    return once(f"side|{data}|{corpus.card.fingerprint}", found)


def at_side(config: Any, side: int) -> Any:
    """The same experiment with pictures of another side, throughout.

    Raises:
        ConfigError: its parts cannot have that side.
    """
    from engine.experiment import override

    parts = ("tokenizer", "model.encoder", "model.decoder")
    return override(
        config, [*(f"{part}.side={side}" for part in parts), f"data.max_tokens={side**2}"]
    )


def _on(config: Any, data: str) -> Any:
    return config.model_copy(update={"data": config.data.model_copy(update={"name": data})})
