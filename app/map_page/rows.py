"""Which rows are on the map, and their codes: found, or encoded while one waits."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import blocks, charts, jobs, loaders, navigation, showing
from app.background import Waiting
from app.map_page.loaders import Space, space
from engine.data import corpus
from engine.data.library import BUILTIN
from engine.maps import codes

STOPS = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000]
STOPS += [100_000, 200_000, 500_000, 1_000_000]
USUAL, ALL = 5_000, "all"
SEED = 42


def choose(run: Any, checkpoint: str) -> codes.Request:
    """The controls of the rows; what they ask for."""
    with st.popover("Rows", icon=":material/table_rows:", key="map-rows"), st.container(width=340):
        split = st.selectbox(
            "Rows of", list(charts.SPLIT_NAMES), 1, key="split", bind="query-params",
            persist_state="session", format_func=charts.SPLIT_NAMES.get,
            help="Training rows were learned from; the others tell how the code generalises.",
        )  # fmt: skip
        total = rows_of(run, split)
        stops: list[Any] = [*(stop for stop in STOPS if total is None or stop < total), ALL]
        n = st.select_slider(
            "How many", stops, USUAL if USUAL in stops else ALL, key="n", bind="query-params",
            persist_state="session", format_func=lambda stop: f"{stop:,}" if stop != ALL else ALL,
            help="A random choice in which every label keeps its share. It is always said: n of N. "
            "Each choice is encoded once and kept.",
        )  # fmt: skip
        seed = st.number_input(
            "Seed of the choice", 0, 2**31 - 1, SEED, key="seed", bind="query-params",
            persist_state="session", help="Another seed, other rows. Without effect on all rows.",
        )  # fmt: skip
        if total is not None:
            nouns = showing.of(run).nouns
            st.caption(f"The {charts.SPLIT_NAMES[split]} split has {total:,} {nouns}.")
    everything = n == ALL or (total is not None and n >= total)
    return codes.Request(run, checkpoint, split, None if everything else int(n), int(seed))


def rows_of(run: Any, split: str) -> int | None:
    """How many rows a split of the run's data has; None while the data set is not here."""
    name = loaders.data_name(run)
    if not corpus.exists(name):
        return None
    return corpus.Corpus.open(name).card.rows.get(split, 0)


def encoded(request: codes.Request, waiting: Waiting) -> Space | None:
    """The codes, once they are encoded; until then the job that does it is shown.

    Raises:
        DataError: the data set is gone, or the split is empty.
    """
    name = loaders.data_name(request.run)
    if corpus.exists(name):
        if rows_of(request.run, request.split) == 0:
            blocks.empty(
                "This split is empty",
                f"The data set {name} has no {charts.SPLIT_NAMES[request.split]} rows; choose others "
                "under Rows.",
                "table_rows",
            )
            return None
        if (found := space(request)) is not None:
            return found
    elif name not in BUILTIN:
        _gone(request.run, name)
        return None
    key, title = f"codes:{request.run.name}:{request.mark}", f"Encoding rows of {request.run.name}"
    if waiting.begin(key, title, lambda progress: _encode(request, progress)):
        what = "Encoded once for each checkpoint, then kept. You may leave this page meanwhile."
        if not corpus.exists(name):
            what = f"The corpus {name} is made first, which takes some minutes, once. {what}"
        nouns = showing.of(request.run).nouns
        blocks.empty(f"The {nouns} are being encoded", what, "hourglass_top")
    return None


def _encode(request: codes.Request, progress: jobs.Progress) -> None:
    codes.encode(request, loaders.host(), progress)


def _gone(run: Any, name: str) -> None:
    blocks.empty(
        "The data set is gone",
        f"Run {run.name} learned from {name}, which is not on this machine (any more). Import it again "
        "under that name, and its map is back.",
        "database_off",
    )
    navigation.link("data", "Import it on Datasets")


def told(space: Space) -> str:
    """What is shown of how much, in words."""
    split = charts.SPLIT_NAMES[space.request.split]
    nouns = showing.of(space.request.run).nouns
    return f"Showing {space.n:,} of {space.found.of:,} {split} {nouns}"
