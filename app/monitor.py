"""The monitor of one run: state and actions, health, log; and the table of all runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from app import (
    blocks,
    cards,
    evaluating,
    evaluations,
    frame,
    loaders,
    monitor_curves,
    navigation,
    showing,
    state,
    verdict,
)
from engine.metrics import METRICS
from engine.runs import launcher, store
from engine.runs.status import Status

HEADLINES = ("elbo", "reconstruction", "kl", "mutual_information", "active_units", "ppl")
NO_DENSITY = "This run's codes have no density, so that there is none"
HELPS = {
    "failed": "What usually helps: read the message and the end of the log below, mend the setting it "
    "names in a clone, or resume from the last checkpoint.",
    "lost": "What usually helps: resume; it goes on from its last checkpoint.",
}


def draw(run: store.Run) -> None:
    """The whole monitor; polls every two seconds while the run is live or measured, never otherwise."""
    evaluating.take_up(run)
    live, measured = loaders.status(run).live, evaluating.live(run)
    every = frame.POLL_SECONDS if live or measured else None
    st.fragment(_watch, run_every=every)(run, live, measured)


def _watch(run: store.Run, was_live: bool, was_measured: bool) -> None:
    status = loaders.status(run)
    if (was_live and not status.live) or (was_measured and not evaluating.live(run)):
        st.rerun()
    with showing.about(showing.of(run)):
        _head(run, status)
        _progress(run, status)
        evaluating.progress(run)
        _message(status)
        verdict.draw(run, loaders.diagnosis(run))
        _numbers(run, status)
        evaluations.draw(run)
        _log(run, status)


def _numbers(run: store.Run, status: Status) -> None:
    metrics = run.metrics()
    if metrics.empty:
        _waiting(status)
        return
    latest = cards.latest(metrics)
    # Whatever has been measured includes a KL, unless the family has no density.
    measured = "valid/reconstruction" in metrics
    why = NO_DENSITY if measured and latest.get("kl") is None else ""
    blocks.metric_row({name: latest.get(name) for name in HEADLINES}, why=why)
    monitor_curves.draw(run, metrics)
    monitor_curves.probes(run)


# -- state and actions ------------------------------------------------------------------------------


def _head(run: store.Run, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(blocks.plain(run.name), anchor=False, width="content")
        blocks.state_badge(status.state)
        st.space("stretch")
        _action("Stop", "stop_circle", _stop, run, _not_stoppable(run, status))
        _action("Resume", "play_circle", _resume, run, _not_resumable(run, status))
        _action(
            "Evaluate", "table_chart", evaluating.ask, run, evaluating.not_possible(run, status)
        )
        _action("Clone", "content_copy", _clone, run, "")
        _action("Delete", "delete", _confirm_delete, run, _not_deletable(run, status))


def _action(
    label: str, icon: str, act: Callable[[store.Run], None], run: store.Run, reason: str
) -> None:
    if st.button(
        label,
        icon=f":material/{icon}:",
        key=f"{label}-{run.name}",
        disabled=bool(reason),
        help=reason or None,
    ):
        act(run)


def _not_stoppable(run: store.Run, status: Status) -> str:
    if status.state == "stopping":
        return "It is writing its checkpoint and will end within seconds."
    return "" if status.live else f"It is {status.state}: nothing to stop."


def _not_resumable(run: store.Run, status: Status) -> str:
    if run.read_only:
        return "The demonstration run is read-only; clone it."
    if status.live:
        return "It is at work."
    if status.state != "finished":
        return ""
    cure = ", with a plateau rule of more falls or none," if status.ended_early else ""
    return f"It {status.done}; clone it{cure} to train on."


def _not_deletable(run: store.Run, status: Status) -> str:
    if run.read_only:
        return "The demonstration run came with Zscape and stays."
    return "Stop it first." if status.live else ""


def _stop(run: store.Run) -> None:
    blocks.attempt(lambda: launcher.stop(run), f"{run.name} could not be stopped")
    st.rerun()


def _resume(run: store.Run) -> None:
    blocks.attempt(lambda: launcher.resume(run), f"{run.name} could not be resumed")
    st.rerun()


def _clone(run: store.Run) -> None:
    from engine.experiment import load_config

    config = blocks.attempt(lambda: load_config(run.config()), f"{run.name} could not be cloned")
    if config is None:
        st.rerun()
    state.new_draft(config, f"run {run.name}")
    navigation.go("train")


@st.dialog("Delete this run?", icon=":material/delete:")
def _confirm_delete(run: store.Run) -> None:
    size = f"{loaders.folder_size(run) / 2**20:,.0f} MB"
    st.markdown(
        f"**{blocks.plain(run.name)}** with its checkpoints, curves and log ({size}) will be gone for good."
    )
    with st.container(horizontal=True):
        if st.button("Delete it", type="primary", key="really-delete"):
            blocks.attempt(lambda: _delete(run), f"{run.name} could not be deleted")
            st.rerun()
        if st.button("Keep it", key="keep"):
            st.rerun()


def _delete(run: store.Run) -> None:
    loaders.host().forget(run)
    store.delete(run)


def _progress(run: store.Run, status: Status) -> None:
    words = frame.words("", status).strip() if status.live else ""
    if status.state == "queued" and (place := launcher.position(run)):
        words = f"queued, place {place} in the line for {status.device or 'the device'}"
    if status.live:
        st.progress(status.progress or 0.0, text=blocks.plain(words.capitalize()))
    early = status.state == "finished" and status.step < (status.total_steps or 0)
    of = "of at most" if early else "of"  # a plateau may end training before all steps are done
    parts = [
        f"step {status.step:,}" + (f" {of} {status.total_steps:,}" if status.total_steps else "")
    ]
    if status.epoch is not None:
        parts.append(f"epoch {status.epoch + 1}")
    if status.tokens_per_second:
        unit = showing.current().unit(METRICS["tokens_per_second"])
        parts.append(f"{status.tokens_per_second:,.0f} {unit}")
    if status.parameters:
        parts.append(f"{status.parameters / 1e6:.1f} M weights")
    if status.memory_mb:
        parts.append(f"{status.memory_mb:,.0f} MB memory")
    if status.device:
        parts.append(" ".join(filter(None, [status.device, status.precision])))
    if status.started:
        parts.append(
            f"{blocks.duration((status.ended or time.time()) - status.started)} since its start"
        )
    st.caption(" · ".join(blocks.plain(part) for part in parts))


def _message(status: Status) -> None:
    if status.state in HELPS:
        title = "Training failed" if status.state == "failed" else "The worker is gone"
        text = f"{blocks.plain(status.message)}\n\n{HELPS[status.state]}"
        st.error(text, title=title, icon=":material/error:")
    elif status.ended_early:
        st.caption(f":material/info: Training was {blocks.plain(status.ended_early)}.")
    elif status.message:
        st.caption(f":material/info: {blocks.plain(status.message)}")


def _waiting(status: Status) -> None:
    if status.live:
        text = f"It is {status.activity or status.state}. Curves begin with the first logged steps."
        blocks.empty("No numbers yet", text, "hourglass_top")
    else:
        blocks.empty("No numbers", "This run ended before its first logged steps.", "show_chart")


# -- log and table ----------------------------------------------------------------------------------


def _log(run: store.Run, status: Status) -> None:
    with st.expander("Log", icon=":material/terminal:", expanded=status.state == "failed"):
        st.code(run.log(200) or "(nothing yet)", language=None, height=320)


def all_runs(runs: list[store.Run]) -> None:
    """A table of every run; a click on a row opens it."""
    rows = []
    for run in runs:
        with blocks.kindly(f"{run.name} cannot be read"):
            rows.append(_row(run))
    picked: Any = st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key="all-runs",
        on_select="rerun",
        selection_mode="single-row",
        alt="All runs with their state and last validation",
    )
    if picked.selection.rows:
        name = rows[picked.selection.rows[0]]["Run"]
        if name != state.run_name():
            state.select_run(name)
            st.rerun()


def _row(run: store.Run) -> dict[str, Any]:
    status, latest = loaders.status(run), cards.latest(run.metrics())
    names = {METRICS[name].label: latest.get(name) for name in HEADLINES}
    return {
        "Run": run.name,
        "State": status.state,
        "Data": str(run.config().get("data", {}).get("name", "")),
        "Step": status.step,
        **names,
    }
