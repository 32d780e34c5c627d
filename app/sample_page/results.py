"""The drawn sentences: how different from one another, how far from the training sentences, to take away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import blocks, sentences, showing
from app.background import Waiting
from app.creating import material, taking
from app.creating.model import Model
from app.sample_page.drawing import Draw
from engine.data.pictures.sheets import sheet
from engine.metrics import METRICS

SHOWN, NEAREST = 100, "nearest training sentence"
GRID = (28, 56, 84, 112, 168)
OF_PICTURES = ("unique",)
MEASURES = ("unique", "distinct_1", "distinct_2", "self_bleu", "mean_length")
COPIED = (
    "The same, token by token, as some training sentence; looked up among all of them. Otherwise the nearest by "
    "token edits among the fifty whose codes are nearest."
)


def show(model: Model, draw: Draw, found: Any, waiting: Waiting) -> None:
    """Numbers, sentences, files."""
    head, notes = st.container(), st.container()
    missing = material.why_not(model)
    ours = None if missing else material.material(model, waiting, notes, quiet=True)
    near = None if ours is None else _nearest(model, draw, found, ours)
    with head:
        _measures(found, ours, near)
    if missing:
        notes.caption(
            f":material/info: Whether they are copied is not known. {blocks.plain(missing)}"
        )
    texts = None if ours is None or near is None else _texts(model, near)
    shown = showing.of(model.run)
    if shown.images:
        _grid(found, near)
    else:
        st.html(_listed(found, near, texts))
    if len(found.texts) > SHOWN:
        st.caption(f"Showing {SHOWN} of {len(found.texts):,}; all are in the table and the files.")
    data = _table(found, near, texts)
    _take(model, draw, found, data)
    blocks.table(
        data.rename(columns=shown.words), "samples-table", f"The drawn {shown.nouns}",
        x=(shown.noun, shown.words(NEAREST)),
    )  # fmt: skip


def _grid(found: Any, near: Any) -> None:
    """The pictures, as large as is wanted; copies say so."""
    side = st.select_slider(
        "Size", GRID, 84, key="grid-side", persist_state="session", width=260,
        format_func=lambda value: f"{value} px", help="Of a picture on this page.",
    )  # fmt: skip
    copied = [False] * SHOWN if near is None else [one.copied for one in near]
    cells = [
        (
            "",
            showing.IMAGES.html(text, int(side), f"picture {at}"),
            '<b class="zs-copied">copied</b>' if same else "",
        )
        for at, (text, same) in enumerate(zip(found.texts[:SHOWN], copied, strict=False), 1)
    ]
    st.html(showing.IMAGES.strip(cells, "Drawn pictures"))


def _measures(found: Any, ours: Any, near: Any) -> None:
    """Each number with that of as many training sentences below it."""
    from engine.evaluation.diversity import diversity

    shown = showing.current()
    measured = diversity(found.ids)
    usual = {} if ours is None else diversity(_some(ours, len(found.ids)))
    with st.grid(6, min_column_width=125):
        for name in OF_PICTURES if shown.images else MEASURES:
            about = METRICS[name]
            beside = blocks.quantity(name, usual[name], 3) if name in usual else None
            text = (
                f"{about.meaning} {shown.unit(about)}. Below it: as many random training sentences."
            )
            st.metric(
                shown.words(about.label), blocks.quantity(name, measured.get(name), 3), beside and f"data {beside}",
                delta_color="off", delta_arrow="off", help=blocks.plain(shown.words(text)),
            )  # fmt: skip
        if near is not None:
            copied = sum(one.copied for one in near) / max(len(near), 1)
            st.metric(METRICS["copied"].label, f"{copied:.0%}", help=shown.words(COPIED))


def _some(ours: Any, n: int) -> list[list[int]]:
    """Token ids of so many encoded training sentences, without start and end."""
    rows = ours.codes.indices[: max(n, 2)]
    if n < len(ours.codes.indices):
        rows = np.random.default_rng(42).choice(ours.codes.indices, n, replace=False)
    x, lengths = ours.tokens.rows(rows), ours.tokens.lengths[rows]
    return [ids[1 : length - 1].tolist() for ids, length in zip(x, lengths, strict=True)]


def _nearest(model: Model, draw: Draw, found: Any, ours: Any) -> Any:
    asked = ("nearest", str(found.ids))
    return model.ask(asked, lambda hosted: ours.copies.nearest(hosted.model, found.ids))


def _texts(model: Model, near: Sequence[Any]) -> list[str]:
    """The training sentences that are nearest."""
    known = material.groups(model)
    assert known is not None
    return known.corpus.texts("train", [one.row for one in near])


def _listed(found: Any, near: Any, texts: list[str] | None) -> str:
    """The first sentences, each with its nearest training sentence below it, as HTML."""
    rows = []
    for at, text in enumerate(found.texts[:SHOWN]):
        aside = below = ""
        if near is not None and texts is not None:
            one = near[at]
            edits = "1 edit" if one.edits == 1 else f"{one.edits} edits"
            aside = '<b class="zs-copied">copied</b>' if one.copied else edits
            if not one.copied:
                below = f'<div class="zs-near">{sentences.compared(text, texts[at])}</div>'
        rows.append(
            f'<div class="zs-step" role="row"><div class="zs-alpha" role="cell">{at + 1}</div>'
            f'<div class="zs-sentence" role="cell">{blocks.escaped(text) or "∅"}{below}</div>'
            f'<div class="zs-aside" role="cell">{aside}</div></div>'
        )
    told = (
        '<div class="zs-facts">Below each: the nearest training sentence, marked where it differs.</div>'
        if texts
        else ""
    )
    strip = f'<div class="zs-strip" role="table" aria-label="Sentences">{"".join(rows)}</div>'
    return told + strip


def _table(found: Any, near: Any, texts: list[str] | None) -> pd.DataFrame:
    data = pd.DataFrame({"sentence": found.texts, "tokens": [len(ids) for ids in found.ids]})
    if near is not None and texts is not None:
        data["copied"] = [one.copied for one in near]
        data["edits"] = [one.edits for one in near]
        data[NEAREST] = texts
    return data


def _take(model: Model, draw: Draw, found: Any, data: pd.DataFrame) -> None:
    from engine.evaluation.diversity import diversity

    facts = {
        "run": model.run.name,
        "checkpoint": model.checkpoint,
        "drawn": draw.told,
        "spread": draw.spread,
        "decoding": draw.decoding.model_dump(),
        "measures": diversity(found.ids),
        "sentences": data.to_dict("records"),
    }
    name = f"samples-{model.file}-{draw.decoding.seed}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        taking.button("csv", data.to_csv(index=False), name, "samples")
        taking.button("json", json.dumps(facts, ensure_ascii=False, indent=2), name, "samples")
        if showing.of(model.run).images:
            taking.button("png", lambda: sheet(found.texts), name, "samples", taking.SHEET)
        else:
            taking.button("txt", "\n".join(found.texts) + "\n", name, "samples")
