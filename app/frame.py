"""What stands around every page: logo, run and checkpoint pickers bound to the address, jobs, link."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st

from app import blocks, jobs, loaders, navigation, showing, state
from app.showing import Showing
from engine.runs.store import DEMO, Run

POLL_SECONDS = 2.0
RUN_HELP = "The run that every page shows. It is part of the address, so a link leads back to it."
CHECKPOINT_HELP = (
    "best: highest validation ELBO since the KL weight has arrived; until then there is none. "
    "last: where training is or ended. Others: kept steps."
)


def draw(page: str) -> None:
    """Draw the frame; called before the page, which finds the run and checkpoint in ``state``.

    Args:
        page: the stem of the page that follows, or the address that no page has.
    """
    st.logo(str(loaders.asset("logo.svg")), icon_image=str(loaders.asset("icon.svg")), size="large")
    st.html(loaders.asset("style.css"))
    state.take_next_run()
    with st.sidebar:
        _pickers(loaders.runs())
        _jobs()
        if page in navigation.ENTRIES:
            _link(page)
    _say_what_is_missing()
    blocks.kept_errors()


def shown(page: str) -> Showing:
    """What a page is about: the x of the run, or sentences where it is not about the run.

    Args:
        page: the stem of the page, or the address that no page has.
    """
    entry = navigation.ENTRIES.get(page)
    return showing.current() if entry is not None and entry.of_run else showing.TEXT


def _pickers(runs: list[Run]) -> None:
    names = [run.name for run in runs]
    if not names:
        st.caption("No run yet. Train one, and it can be chosen here.")
        return
    _note_missing_run(names)
    # The address leaves out the first option, so the first option must be the same on every visit.
    runs = sorted(runs, key=lambda run: run.name != DEMO)
    names = [run.name for run in runs]
    name = st.selectbox("Run", names, key="run", bind="query-params", help=RUN_HELP)
    checkpoints = runs[names.index(name)].checkpoints()
    if not checkpoints:
        st.session_state.pop("checkpoint", None)
        st.selectbox(
            "Checkpoint", ["none yet"], disabled=True, help="Written at the first validation."
        )
        return
    if st.session_state.get("checkpoint") not in checkpoints:
        st.session_state.pop("checkpoint", None)
    st.selectbox(
        "Checkpoint", checkpoints, key="checkpoint", bind="query-params", help=CHECKPOINT_HELP
    )


def _note_missing_run(names: list[str]) -> None:
    """A link may name a run that is gone; say so, and show one that exists."""
    asked = st.query_params.get("run")
    if asked and asked not in names and not st.session_state.get("run"):
        state.note("missing-run", asked)
    if st.session_state.get("run") not in names:
        st.session_state.pop("run", None)


def _say_what_is_missing() -> None:
    if missing := state.seen_note("missing-run"):
        st.warning(
            f"The link asks for run {blocks.plain(missing)}, which is not here (any more). "
            "Choose another one in the sidebar.",
            icon=":material/link_off:",
        )
        st.button("Dismiss", key="dismiss-missing", on_click=state.take_note, args=("missing-run",))


def _jobs() -> None:
    """The chip of what is running, on every page; it polls only while something is."""
    busy = bool(loaders.live_runs() or jobs.live())
    st.fragment(_chip, run_every=POLL_SECONDS if busy else None)(busy)


def _chip(was_busy: bool) -> None:
    live = loaders.live_runs()
    for run, status in live:
        if st.button(
            words(run.name, status),
            key=f"chip-{run.name}",
            icon="spinner" if status.state == "running" else ":material/schedule:",
            type="tertiary",
            help="See this run",
        ):
            state.select_run(run.name)
            navigation.go("runs")
    for job in jobs.live():
        share = f" {job.share:.0%}" if job.share is not None else ""
        st.caption(f":material/hourglass_top: {blocks.plain(job.title)}{share}")
    if was_busy and not live and not jobs.live():
        st.rerun()


def words(name: str, status: Any) -> str:
    """A live run in a few words: "run-7 training 43 %, 2 min left"."""
    if status.state != "running":
        return f"{name} {status.state}"
    share = f" {status.progress:.0%}" if status.progress is not None else ""
    left = f", {blocks.duration(status.eta_seconds)} left" if status.eta_seconds else ""
    return f"{name} {status.activity or 'training'}{share}{left}"


def _link(page: str) -> None:
    label = "Copy link"
    with st.popover(
        label, icon=":material/link:", type="tertiary", key="link", on_change="rerun"
    ) as box:
        if box.open:
            st.caption("This page, with the run and what is set on it:")
            st.code(address(page), language=None, wrap_lines=True)


def address(page: str) -> str:
    """The address of what is shown now."""
    place = urlsplit(st.context.url or "http://localhost:8501")
    chosen = {"run": state.run_name(), "checkpoint": state.checkpoint()}
    query = {key: value for key, value in (chosen | state.carried(page)).items() if value}
    return f"{place.scheme}://{place.netloc}{place.path}" + (
        f"?{urlencode(query, doseq=True)}" if query else ""
    )


def nowhere(name: str) -> None:
    """The page at an address that no page has: what was meant, and the way there."""
    entry, certain = navigation.nearest(name)
    query = st.query_params.to_dict()
    if entry and certain:  # /home, /Interpolate, /new-run
        navigation.go(entry.stem, **query)
    guess = f"; did you mean {entry.title}?" if entry else "."
    st.warning(f"There is no page '{blocks.plain(name)}'{guess}", icon=":material/wrong_location:")
    if entry:
        navigation.link(entry.stem, f"Open {entry.title}", **query)
    if entry is not navigation.ENTRIES["home"]:
        navigation.link("home", "Go to Home")
