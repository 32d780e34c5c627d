"""Blocks that several pages share: headers, errors, metrics, badges, empty states, sentences, charts."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import charts, jobs, navigation, showing
from app.sentences import plain as plain
from engine.config import EngineError
from engine.metrics import METRICS

STATES = {
    "queued": ("schedule", "orange"),
    "running": ("play_circle", "blue"),
    "stopping": ("pending", "orange"),
    "finished": ("check_circle", "green"),
    "stopped": ("pause_circle", "gray"),
    "failed": ("error", "red"),
    "lost": ("help", "red"),
}
HEALTH = {
    "healthy": "#009E73",
    "weak": "#E69F00",
    "ignored": "#D55E00",
    "collapsed": "#D55E00",
}
ERRORS = "errors"


def header(title: str, caption: str) -> None:
    """The page's name and one sentence about it."""
    st.title(title, anchor=False)
    st.caption(showing.current().words(caption))


@contextmanager
def kindly(where: str = "") -> Iterator[None]:
    """Shows an EngineError in plain words in place of a traceback; anything else is a bug and keeps its trace."""
    try:
        yield
    except EngineError as error:
        error_box(error, where)


def error_box(error: BaseException, where: str = "") -> None:
    """What happened and what to do, with the details to copy."""
    if isinstance(error, jobs.Cancelled):
        st.info(plain(str(error)), icon=":material/cancel:")
        return
    st.error(plain(str(error)), title=where or "That did not work", icon=":material/error:")
    with st.expander("Details to copy", type="compact"):
        st.code(f"{type(error).__name__}: {error}", language=None, wrap_lines=True)


def keep_error(error: BaseException, where: str = "") -> None:
    """Remember an error until it is dismissed: it outlives the rerun that follows an action."""
    st.session_state.setdefault(ERRORS, []).append((error, where))


def kept_errors() -> None:
    """The errors that were kept, each with a button that dismisses it."""
    for index, (error, where) in enumerate(list(st.session_state.get(ERRORS, []))):
        error_box(error, where)
        st.button("Dismiss", key=f"dismiss-error-{index}", on_click=_dismiss, args=(index,))


def _dismiss(index: int) -> None:
    st.session_state[ERRORS].pop(index)


def attempt(action: Callable[[], Any], where: str) -> Any:
    """Run an action of the user; an EngineError is kept for the page to show, and None comes back."""
    try:
        return action()
    except EngineError as error:
        keep_error(error, where)
        return None


def empty(title: str, text: str, icon: str = "inbox") -> None:
    """What a page says when there is nothing to show yet; put the way out below it."""
    shown = showing.current()
    with st.container(border=True, horizontal_alignment="center", gap="xsmall"):
        st.markdown(f":material/{icon}:", width="content")
        st.markdown(f"**{shown.words(title)}**", width="content")
        st.caption(shown.words(text), width="content", text_alignment="center")


def number(value: float | int | None, digits: int = 4) -> str:
    """A number as a person writes it; a dash for one that does not exist."""
    if value is None or pd.isna(value):
        return "–"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.{digits}g}" if abs(value) < 10 ** (digits - 1) else f"{value:,.0f}"


def quantity(name: str, value: float | int | None, digits: int = 4) -> str:
    """A number of METRICS in its unit as a person writes it: a share in per cent."""
    if METRICS[name].unit != "share" or value is None or pd.isna(value):
        return number(value, digits)
    return f"{number(round(100 * value, 10), digits - 1)}%"


def metric(
    name: str,
    value: float | None,
    label: str | None = None,
    line: Sequence[float] = (),
    why: str = "",
) -> None:
    """A number of METRICS: its label, its unit, its meaning on hover, how it went, or why there is none."""
    about = METRICS[name]
    shown = showing.current()
    meaning = shown.words(about.meaning.rstrip("."))
    known = (shown.unit(about), meaning, about.reference, shown.words(why.rstrip(".")))
    text = ". ".join(filter(None, known))
    st.metric(
        shown.words(label or about.label),
        quantity(name, value),
        help=plain(text),
        chart_data=line if len(line) > 1 else None,
    )


def metric_row(values: Mapping[str, float | None], most: int = 6, why: str = "") -> None:
    """Numbers of METRICS side by side; those that do not exist are a dash, and ``why`` on hover."""
    with st.grid(most, min_column_width=130):
        for name, value in values.items():
            metric(name, value, why=why if value is None else "")


def side_by_side() -> Any:
    """Two containers beside each other where the page is wide enough, else one below the other."""
    return st.grid(2, min_column_width=340, gap="medium")


def state_badge(state: str) -> None:
    """A run's state as a coloured word with an icon, so that colour alone says nothing."""
    icon, colour = STATES[state]
    st.badge(state, icon=f":material/{icon}:", color=colour)


def duration(seconds: float | None) -> str:
    """A time as a person says it."""
    if seconds is None or pd.isna(seconds):
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def chart(
    figure: go.Figure, key: str, alt: str, data: pd.DataFrame | None = None, **options: Any
) -> Any:
    """A figure with its alternative text; ``data`` is offered as a table below it."""
    options.setdefault("config", charts.QUIET)
    shown = showing.current()
    alt = shown.words(alt)
    state = st.plotly_chart(shown.chart(figure), key=key, alt=alt, **options)
    if data is not None:
        table(data, f"{key}-table", alt)
    return state


def table(
    data: pd.DataFrame,
    key: str,
    alt: str,
    label: str = "Data as a table",
    x: Sequence[str] = (),
) -> None:
    """A chart's data, drawn only once it is opened.

    Args:
        data: its rows.
        key: the element's own.
        alt: what they are.
        label: what opens it.
        x: its columns that hold sentences or pictures.
    """
    with st.expander(label, type="compact", key=key, on_change="rerun") as opened:
        if opened.open:
            shown = showing.current()
            st.dataframe(
                shown.table(data, *x),
                hide_index=True,
                alt=alt,
                column_config={name: shown.column() for name in x},
                row_height=shown.row_height if x else None,
            )


def job_progress(job: jobs.Job) -> None:
    """A background job: how far, how long still, and Cancel, or that it is about to stop."""
    stopping = job.cancelled.is_set()
    left = ", stopping at its next step" if stopping else _left(job)
    count = f" {job.done:,} of {job.total:,}" if job.total else f" {job.done:,}" if job.done else ""
    words = f"{job.title}: {job.what}{count}{left}" if job.what else f"{job.title}{count}{left}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(job.share or 0.0, text=plain(words))
        st.button(
            "Cancel", key=f"cancel-{job.key}", on_click=jobs.cancel, args=(job.key,), disabled=stopping
        )  # fmt: skip


def _left(job: jobs.Job) -> str:
    seconds = job.seconds_left
    return "" if seconds is None else f", about {duration(seconds)} left"


def when_job_ends(prefix: str, on_done: Callable[[jobs.Job], None]) -> None:
    """Take up jobs that have ended: ``on_done`` for the good ones, an error that stays for the others."""
    for job in jobs.ended(prefix):
        jobs.dismiss(job.key)
        if job.state == "done":
            on_done(job)
        elif isinstance(job.error, EngineError):
            keep_error(job.error, f"{job.title} did not work")
            # The frame shows kept errors before the page is run.
            st.rerun()
        elif job.error is not None:
            raise job.error


# -- sentences --------------------------------------------------------------------------------------


def match(similarity: float) -> None:
    """How much of an x came back, as a coloured word."""
    colour = "green" if similarity > 0.8 else "orange" if similarity > 0.4 else "red"
    st.badge(f"{similarity:.0%} match", color=colour, help=showing.current().match_help)


def unread(typed: Any) -> None:
    """What the model does not see of a typed sentence, said only where there is something.

    Args:
        typed: has ``unknown``, the words that the vocabulary lacks, and ``truncated``.
    """
    notes = []
    if typed.unknown:
        notes.append(f"not in the vocabulary: {', '.join(typed.unknown)}")
    if typed.truncated:
        notes.append("longer than the model reads; the rest was cut")
    if notes:
        st.caption(f":material/info: {plain('; '.join(notes))}")


def health(diagnosis: Any, key: str = "health") -> None:
    """Whether the posterior is alive, in plain words, with what usually helps."""
    words = showing.current().words(" ".join(diagnosis.words))
    show, icon, title = {
        "healthy": (st.success, "favorite", "The posterior is alive"),
        "weak": (st.warning, "heart_minus", "The posterior is weak"),
        "ignored": (st.error, "hearing_disabled", "The decoder ignores the code"),
        "collapsed": (st.error, "heart_broken", "The posterior has collapsed"),
    }[diagnosis.state]
    show(plain(words), title=title, icon=f":material/{icon}:")


def too_early(diagnosis: Any, why: str) -> None:
    """The evidence alone, where training has not come far enough for a verdict."""
    evidence = showing.current().words(" ".join(diagnosis.words[1:]))
    judged = "Once it has risen *best* is chosen, and whether the code is alive can be told."
    text = f"{plain(why)} {judged} {plain(evidence)}"
    st.info(text, title="Too early to tell", icon=":material/hourglass_top:")


def need_run(run: Any, checkpoint: str | None) -> bool:
    """Whether the page can go on; says kindly what is missing where it cannot."""
    if run is None:
        empty(
            "There is no run to look at yet",
            "Train a model first, then come back.",
            "model_training",
        )
        navigation.link("train", "Train on my text")
        return False
    if checkpoint is None:
        state = run.status().state
        empty(
            f"Run {run.name} has no checkpoint yet",
            f"It is {state}; the first one is written at its first validation.",
            "hourglass_top",
        )
        navigation.link("runs", "See how it is doing")
        return False
    return True


def escaped(text: object) -> str:
    """Text that HTML leaves as it is."""
    return html.escape(str(text))


def size(count: int) -> str:
    """Bytes as a person reads them: 18.7 kB, 2.4 MB."""
    return f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"
