"""Many lines: chosen, reconstructed as a background job, read worst first."""

from __future__ import annotations

import streamlit as st

from app import blocks, jobs
from app.background import Waiting
from app.creating.model import Model
from app.reconstruct_page import batches, lines, report


def draw(model: Model, strategy: str, waiting: Waiting) -> None:
    """Choose lines, begin, read; a batch that was begun is found again after a reload."""
    import engine.explore.bulk  # noqa: F401  a thread of its own had better not parse source

    chosen = lines.choose(model)
    batch = None if chosen is None else batches.of(model, chosen, strategy)
    if batch is not None:
        small = len(batch.lines.texts) <= model.at_once
        if small:
            with st.spinner("Decoding"):
                batches.at_once(batch)
        _button(batch, small)
    known = batches.asked(model)
    if not known:
        return
    shown = _which(known, batch)
    if shown is None:
        return
    found = shown.result(waiting)
    if found is not None:
        report.show(model, shown, found)
    elif (job := jobs.find(shown.key)) is not None and job.live:
        st.caption(
            "You may leave this page or close the tab: the work goes on, and is found here again."
        )


def _button(batch: batches.Batch, small: bool) -> None:
    if small:
        return
    why = {"at work": "It is at work already.", "done": "It is done; see below."}.get(
        batch.state, ""
    )
    st.button(
        f"Reconstruct {batch.lines.title}", type="primary", icon=":material/play_arrow:", key="begin-batch",
        on_click=batches.begin, args=(batch,), disabled=bool(why),
        help=why or "In the background: with progress, and it can be cancelled.",
    )  # fmt: skip


def _which(known: list[batches.Batch], chosen: batches.Batch | None) -> batches.Batch | None:
    """The batch that is shown: the one that is chosen above, or the newest, or another one that is picked."""
    by_key = {batch.key: batch for batch in known}
    if chosen is not None and chosen.key in by_key and _new(chosen):
        # Another choice above brings its own result.
        st.session_state["batch-of"] = chosen.key
        st.session_state["batch"] = chosen.key
    if st.session_state.get("batch") not in by_key:
        st.session_state["batch"] = _unasked(known)
    titles = {batch.key: f"{batch.title} ({batch.state})" for batch in known}
    shown = st.session_state["batch"]
    if len(known) == 1 and shown is not None:
        st.markdown(f"**{blocks.plain(titles[shown])}**")
        return known[0]
    picked = st.selectbox(
        "Batch", list(titles), None, key="batch", format_func=titles.get, placeholder="An earlier one",
        help="Of this checkpoint, since the app was started.",
    )  # fmt: skip
    return by_key.get(picked) if picked else None


def _new(chosen: batches.Batch) -> bool:
    return bool(st.session_state.get("batch-of") != chosen.key)


def _unasked(known: list[batches.Batch]) -> str | None:
    """The newest from where lines come now; from anywhere until another source was chosen."""
    here = [batch.key for batch in known if batch.lines.source == lines.source()]
    return here[0] if here else None if lines.switched() else known[0].key
