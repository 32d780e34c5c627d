"""Where many lines come from: pasted, a file, or a split of the run's data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import streamlit as st

from app import blocks, charts, loaders, navigation, showing, uploads
from app.creating.model import Model
from app.once import once
from engine.config import DataError
from engine.data.corpus import SPLITS, Corpus
from engine.data.guessing import FORMATS

PASTED, FILE, SPLIT = "pasted lines", "a file", "a split"
ALL = "all"
NUMBERS = (100, 1_000, 2_000, 10_000, 50_000, ALL)
SEED = 42


@dataclass(frozen=True)
class Lines:
    """Lines to reconstruct.

    Attributes:
        texts: the lines.
        labels: one for each, where there are any.
        title: what they are, in words.
        source: pasted lines, a file or a split.
    """

    texts: Sequence[str]
    labels: Sequence[str] | None
    title: str
    source: str = PASTED

    @cached_property
    def digest(self) -> str:
        """Names what they say."""
        return hashlib.blake2b("\n".join(self.texts).encode(), digest_size=10).hexdigest()


def choose(model: Model) -> Lines | None:
    """The controls; None while there is no line, which is then said."""
    if showing.of(model.run).images:
        st.caption(
            "Pictures of a split; those of a folder, zip or .npz are imported on Datasets first."
        )
        return _split(model)
    source = st.segmented_control(
        "Lines", [PASTED, FILE, SPLIT], default=PASTED, required=True, key="lines-of",
        bind="query-params", persist_state="session", on_change=_switch,
    )  # fmt: skip
    return {PASTED: _pasted, FILE: _file, SPLIT: _split}[source](model)


def source() -> str:
    """Where lines come from now."""
    return str(st.session_state.get("lines-of") or PASTED)


def switched() -> bool:
    """Whether this session has chosen another source: results of others are no longer what it looks at."""
    return bool(st.session_state.get("lines-switched"))


def _switch() -> None:
    st.session_state["lines-switched"] = True
    st.session_state.pop("batch", None)


def _pasted(model: Model) -> Lines | None:
    pasted = st.text_area(
        "Pasted lines", key="lines", persist_state="session", height=180, placeholder="One sentence a line",
        label_visibility="collapsed",
    )  # fmt: skip
    texts = [line.strip() for line in (pasted or "").splitlines() if line.strip()]
    if not texts:
        blocks.empty("Some lines, please", "Paste sentences above, one a line.", "edit_note")
        return None
    return Lines(texts, None, f"{len(texts):,} pasted lines")


def _file(model: Model) -> Lines | None:
    from engine.commands.inputs import read_sentences

    upload = st.file_uploader(
        "A text file, one sentence a line; also .gz", key="lines-file",
        help="UTF-8. Blank lines are left out. Tables are imported on Datasets; then choose a split.",
    )  # fmt: skip
    if upload is None:
        blocks.empty("A file, please", "Drop one above, or browse for it.", "upload_file")
        return None

    def read() -> Lines:
        _require_lines(upload.name)
        path = uploads.save(upload)
        try:
            texts = read_sentences(path)
        finally:
            uploads.forget(path)
        return Lines(texts, None, f"{len(texts):,} lines of {upload.name}", FILE)

    return once(f"lines|{upload.file_id}", read)


def _require_lines(name: str) -> None:
    """Raises a DataError for a table, whose every line would be taken for a sentence, commas and all."""
    suffix = Path(name.lower().removesuffix(".gz")).suffix
    if FORMATS.get(suffix, "txt") != "txt":
        raise DataError(
            f"{name} must hold one sentence a line, but is a table by its name; save its text column as a "
            f".txt file, or import it on Datasets and train on it"
        )


def _split(model: Model) -> Lines | None:
    nouns = showing.of(model.run).nouns
    if missing := loaders.data_missing(model.run):
        blocks.empty(f"The {nouns} of this run are not here", missing, "database_off")
        navigation.link("data", "Open Datasets")
        return None
    corpus = Corpus.open(loaders.data_name(model.run))
    splits = [split for split in SPLITS if corpus.card.rows.get(split)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        split = st.segmented_control(
            "Split", splits, default="valid" if "valid" in splits else splits[0], required=True,
            key="lines-split", bind="query-params", persist_state="session",
            help=f"Of {corpus.name}. Training {nouns} were learned from; the others tell how it generalises.",
        )  # fmt: skip
        total = corpus.card.rows[split]
        stops = [stop for stop in NUMBERS if stop == ALL or stop < total]
        n = st.select_slider(
            "How many", stops, 1_000 if 1_000 in stops else ALL, key=f"lines-n-{len(stops)}", width=300,
            persist_state="session", format_func=lambda stop: stop if stop == ALL else f"{stop:,}",
            help="A random choice, always the same one.",
        )  # fmt: skip

    def read() -> Lines:
        rows = np.arange(total)
        if n != ALL:
            rows = np.sort(np.random.default_rng(SEED).choice(total, int(n), replace=False))
        name = f"{len(rows):,} of {total:,} {charts.SPLIT_NAMES[split]} {nouns}"
        return Lines(corpus.texts(split, rows), corpus.labels(split, rows), name, SPLIT)

    return once(f"lines|{corpus.name}|{corpus.card.fingerprint}|{split}|{n}", read)
