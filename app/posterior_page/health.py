"""Is the posterior alive? The report of one checkpoint, from the verdict down to single prior draws."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import blocks, charts, loaders, posteriors, showing, verdict
from app.background import Waiting
from app.posterior_page import dimensions, exports, headline, holes
from app.posteriors import Kept, Request
from engine.runs.store import Run

SPLITS = {charts.SPLIT_NAMES[split]: split for split in ("valid", "test", "train")}
ROWS = (500, 1000, 2000, 5000)


def draw(run: Run, checkpoint: str) -> None:
    """The report, or how far it is."""
    request = _choose(run, checkpoint)
    with blocks.kindly("The posterior could not be looked at"):
        if (kept := posteriors.find(request)) is None:
            _wait_for(request)
        else:
            _show(request, kept)


def _choose(run: Run, checkpoint: str) -> Request:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        split = st.segmented_control(
            "Rows of the split", list(SPLITS), default="validation", required=True, key="health-split",
            bind="query-params", persist_state="session",
        )  # fmt: skip
        rows = st.select_slider(
            "Rows at most", ROWS, 2000, key="health-rows", bind="query-params", width=240,
            persist_state="session",
            help="Random rows, seed 42. Mutual information can show no more than ln of their number, and "
            "holes are judged against as many codes.",
        )  # fmt: skip
    return Request(run, checkpoint, SPLITS[split], rows)


def _wait_for(request: Request) -> None:
    """Start the work and show how far it is; the page comes back when it is done."""
    place = st.container()
    waiting = Waiting(place, place)
    title = f"Looking at the posterior of {request.run.name}"
    if waiting.begin(posteriors.key(request), title, partial(posteriors.make, request)):
        waiting.draw()
        st.caption("Made once for each checkpoint, then kept. You may leave this page meanwhile.")


def _show(request: Request, kept: Kept) -> None:
    split, nouns = charts.SPLIT_NAMES[request.split], showing.of(request.run).nouns
    st.caption(
        f"Measured on {len(kept):,} of {kept.of:,} {nouns} of the {split} split of "
        f"{blocks.plain(loaders.data_name(request.run))}, seed {request.seed}."
    )
    verdict.draw(request.run, kept.diagnosis, request.run.step_of(request.checkpoint))
    if kept.diagnosis is None:
        st.info(
            "Nothing to judge this code by: it has neither a KL nor a known use.",
            icon=":material/info:",
        )
    headline.draw(kept)
    dimensions.draw(request, kept)
    holes.draw(kept)
    exports.draw(request, kept)
