"""Measure a run by every number that applies to it: what is asked, the work in the background, its progress."""

from __future__ import annotations

import streamlit as st

from app import blocks, jobs, loaders, showing
from engine.runs import store
from engine.runs.status import Status

SPLITS = {"test": "Test", "valid": "Validation", "train": "Training"}
CHECKS = {"python": "parses as Python", "digits": "draws a digit"}


def prefix(run: store.Run) -> str:
    """What the keys of this run's evaluations begin with."""
    return f"evaluation:{run.name}:"


def live(run: store.Run) -> bool:
    """Whether this run is being measured."""
    return bool(jobs.live(prefix(run)))


def take_up(run: store.Run) -> None:
    """What has ended since the page was drawn: a word for a table, an error that stays until it is dismissed."""
    blocks.when_job_ends(
        prefix(run),
        lambda job: st.toast(
            f"{job.title}: done, the table is below the curves", icon=":material/table_chart:"
        ),
    )


def progress(run: store.Run) -> None:
    """How far it is, with Cancel."""
    for job in jobs.live(prefix(run)):
        blocks.job_progress(job)


def not_possible(run: store.Run, status: Status) -> str:
    """Why it cannot be measured now; nothing where it can."""
    if not run.checkpoints():
        return "It has no checkpoint yet." if status.live else "It has no checkpoint."
    return "It is being measured." if live(run) else ""


@st.dialog("Measure everything", icon=":material/table_chart:")
def ask(run: store.Run) -> None:
    """What is measured, on which rows; the rest is as the command ``evaluate`` has it."""
    from engine.experiment import load_config
    from engine.maps.orders import estimators

    shown = showing.of(run)
    with blocks.kindly(f"{run.name} cannot be measured"):
        usual = estimators(load_config(run.config()))
        with st.form("evaluate", border=False):
            st.caption(
                shown.words(
                    "Bounds, information, holes, codes swapped between sentences, reconstructions, "
                    + ("" if shown.images else "samples beside real sentences, ")
                    + "a probe of the labels: all that applies, as one table that is kept with the run."
                )
            )
            with st.grid(2):
                st.selectbox("Split", SPLITS, format_func=SPLITS.__getitem__, key=_field("split"))
                checkpoints = run.checkpoints()
                at = checkpoints.index(run.preferred_checkpoint())
                st.selectbox("Checkpoint", checkpoints, at, key=_field("checkpoint"))
                st.number_input(
                    shown.words("Sentences at most"), min_value=1, value=None, placeholder="all",
                    help=shown.words("Random ones, always the same; fewer are quicker and less certain."),
                    key=_field("limit"),
                )  # fmt: skip
                st.number_input(
                    "Importance samples K", min_value=0, max_value=100_000, value=usual.iw_samples,
                    help=shown.words("Per sentence, of IW-NLL; the papers use 500. 0 leaves it out."),
                    key=_field("iw_samples"),
                )  # fmt: skip
                st.number_input(
                    shown.words("Sentences behind IW-NLL"), min_value=1, value=usual.iw_rows or None,
                    placeholder="all", help="The slowest part: its time is their number times K.",
                    key=_field("iw_rows"),
                )  # fmt: skip
                if not shown.images:
                    st.selectbox(
                        "A sentence is valid if it", CHECKS, None, format_func=CHECKS.__getitem__,
                        placeholder="(not checked)", key=_field("valid"),
                        help="Counted among samples, and on the way between two sentences. The command "
                        "evaluate --valid also takes a function of your own.",
                    )  # fmt: skip
            if st.form_submit_button(
                "Measure",
                type="primary",
                icon=":material/play_arrow:",
                on_click=_begin,
                args=(run,),
            ):
                st.rerun()


def _field(name: str) -> str:
    return f"evaluate-{name}"


def _begin(run: store.Run) -> None:
    """Begin what the form asks for; what is empty there is absent."""
    names = ("split", "checkpoint", "limit", "iw_samples", "iw_rows", "valid")
    asked = {name: st.session_state.get(_field(name)) for name in names}
    split, checkpoint = asked["split"], asked["checkpoint"]

    def work(tell: jobs.Progress) -> None:
        from engine.decoding.config import DecodingConfig
        from engine.maps.evaluations import Amounts
        from engine.maps.orders import Order, carry_out, estimators

        hosted = loaders.host().get(run, checkpoint)
        config = estimators(hosted.config, asked["iw_samples"], asked["iw_rows"] or 0)
        drawn = DecodingConfig(strategy="sample", max_tokens=hosted.config.data.max_tokens)
        order = Order(split, config, Amounts(limit=asked["limit"]), drawn, asked["valid"])
        carry_out(hosted, order, tell)

    title = f"{run.name}: evaluation of {SPLITS[split].lower()}, {checkpoint}"
    jobs.start(f"{prefix(run)}{split}:{checkpoint}", title, work)
