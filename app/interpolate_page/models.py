"""Across: the same two sentences through several checkpoints or runs."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, jobs, loaders, state
from app.creating import taking
from app.creating.model import Model
from app.interpolate_page import here, pair, typed
from app.interpolate_page.here import Here
from app.walk import Gauge, Track, walk

BY = " · "
MOST = 8
IGNORED = (
    "Every step reads the same: the decoder ignores the code, or what is most probable hides it."
)


def draw(page: Here) -> None:
    """Type A and B, choose models, read each one's path."""
    a, b = typed.pair()
    known = _known(page.model)
    asked = st.session_state.get("models") or []
    if gone := [name for name in asked if name not in known]:
        st.session_state["models"] = [name for name in asked if name not in gone]
    chosen = st.multiselect(
        "Models", list(known), default=_first(page.model, known), key="models", bind="query-params",
        persist_state="session", max_selections=MOST, placeholder="Checkpoints of any run",
        help="Each one's own best path, one model after the other.",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        strategy, steps = here.decoding(), here.steps()
        typed.random_button(page.model)
    state.carry("interpolate", a=a, b=b, models=chosen, decode=strategy, steps=str(steps))
    if not typed.complete(a, b):
        return
    if not chosen:
        blocks.empty("No model chosen", "Choose checkpoints above.", "model_training")
        return
    found = _found(page, [known[name] for name in chosen], chosen, (a, b, steps, strategy))
    if found is not None:
        _show(page, found)


def _known(model: Model) -> dict[str, Model]:
    """All checkpoints, those of this run first."""
    runs = sorted(loaders.runs(), key=lambda run: run.name != model.run.name)
    return {
        f"{run.name}{BY}{checkpoint}": Model(run, checkpoint)
        for run in runs
        if run.kind == model.run.kind
        for checkpoint in run.checkpoints()
    }


def _first(model: Model, known: dict[str, Model]) -> list[str]:
    """The checkpoints of this run that differ, or with one alone another run."""
    mine = [name for name, one in known.items() if one.run.name == model.run.name]
    return (mine if len(mine) > 1 else list(known))[:3]


def _found(page: Here, models: list[Model], names: list[str], question: Any) -> Any:
    from engine.explore.across import across

    a, b, steps, strategy = question
    key = f"across:{'|'.join(one.key for one in models)}|{question!r}"

    def opened(one: Model) -> Any:
        def load() -> Any:
            hosted = one.hosted()
            return hosted.model, hosted.tokenizer

        return load

    def make(progress: jobs.Progress) -> Any:
        made = []
        for at, (name, one) in enumerate(zip(names, models, strict=True)):
            progress(at, len(models), f"interpolating with {name}")
            decoding = one.decoding(strategy)
            with one.hosted().turn():
                made += across([(name, opened(one))], a, b, steps, None, decoding)
        return made

    return page.waiting.result(key, "The same pair through several models", make)


def _show(page: Here, found: Any) -> None:
    good = [one for one in found if one.interpolation is not None]
    for one in found:
        if one.problem:
            st.warning(blocks.plain(f"{one.label}: {one.problem}"), icon=":material/error:")
    if not good:
        return
    tracks = [
        Track(one.label, pair.stops(one.interpolation), one.interpolation.path) for one in good
    ]
    walk(
        tracks,
        key=page.key("across"),
        alt=f"{page.shown.nouns.capitalize()} along the path from A to B, one model at a time",
        gauges=[Gauge("nll", "NLL", "nats", "−log p(sentence | its code), nats per sentence.")],
    )
    data = pd.DataFrame(
        [
            {
                "model": one.label,
                "path": one.interpolation.path,
                "match": (one.interpolation.a.similarity + one.interpolation.b.similarity) / 2,
                "ignored": one.interpolation.ignored,
            }
            | one.measures
            for one in good
        ]
    )
    own = {
        "model": st.column_config.TextColumn("Model", pinned=True),
        "path": st.column_config.TextColumn("Path", help="The latent family's best one."),
        "match": st.column_config.NumberColumn("Ends", format="percent", help="Mean match of A and B."),
        "ignored": st.column_config.CheckboxColumn(
            "Ignored", help=page.shown.words(IGNORED)
        ),
    }  # fmt: skip
    st.dataframe(
        data.drop(columns="endpoint_fidelity"), hide_index=True, alt="Measures of each model's path",
        column_config=own | here.columns(data),
    )  # fmt: skip
    st.caption(
        page.shown.words("Energy and length are nats of each model's own tokens")
        + ("." if page.shown.images else "; models that cut text differently do not compare.")
    )
    _take(page, good)


def _take(page: Here, good: Any) -> None:
    from engine.explore.tables import Table

    rows = [
        (one.label, step.alpha, step.text, step.nll)
        for one in good
        for step in one.interpolation.steps
    ]
    table = Table(("model", "alpha", "sentence", "nats"), rows, len(rows) // len(good))
    taking.table(table, f"across-{page.model.file}", "across")
