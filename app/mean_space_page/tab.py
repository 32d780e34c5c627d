"""What the tab shows: the map that plays, what it means, one sentence's way, the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from app import blocks, frame, jobs, loaders, navigation, showing
from app import latent_map as maps
from app.mean_space_page import numbers, sentence, taking, words
from app.mean_space_page.shots import Rows, Shots, kept, others, recorded, rows_of
from engine.explore.mean_space import Along, Film
from engine.maps import mean_space
from engine.runs import store

KEY, HEIGHT, PANEL_WIDTH = "mean-space", 560, 312
ARROWS, ALONE = 100, "no run beside"
KINDS = {"unit": "Latent unit", "component": "Principal direction", "norm": "Length of the means"}


def draw(run: store.Run, checkpoint: str) -> None:
    """The whole tab; while the run is live it looks for new snapshots every two seconds.

    Args:
        run: whose record is shown.
        checkpoint: where the means are found where nothing was recorded.
    """
    live, finding = loaders.status(run).live, bool(jobs.live(_job(run)))
    every = frame.POLL_SECONDS if live or finding else None
    st.fragment(_watch, run_every=every)(run, checkpoint, live, finding)


def _watch(run: store.Run, checkpoint: str, was_live: bool, was_finding: bool) -> None:
    ended = was_live and not loaders.status(run).live
    if ended or (was_finding and not jobs.live(_job(run))):
        st.rerun()
    with blocks.kindly("The posterior mean space could not be drawn"):
        shots = recorded(run) or _found(run, checkpoint)
        if shots is not None:
            _shown(shots, live=was_live)


# -- after the fact ---------------------------------------------------------------------------------


def _found(run: store.Run, checkpoint: str) -> Shots | None:
    """The means of one checkpoint, where a run has recorded none."""
    request = mean_space.Request(run, checkpoint)
    if (snapshot := mean_space.find(request)) is not None:
        st.caption(
            f"This run has recorded nothing while it trained; shown is its checkpoint {checkpoint}. "
            "New run, Advanced, Training: *Mean space* records it."
        )
        return Shots(run, [snapshot])
    key = f"{_job(run)}{request.file.parent.name}"
    job = jobs.find(key)
    if job is not None and job.live:
        blocks.job_progress(job)
        return None
    if job is not None and job.error is not None:
        blocks.error_box(job.error, "The means could not be found")
    blocks.empty(
        "Nothing was recorded",
        "The posterior mean space is recorded while a run trains, where it is asked for: New run, Advanced, "
        "Training, or on the command line --set 'training.mean_space={}'. The means of one checkpoint can be "
        "found now.",
        "scatter_plot",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            f"Find them for checkpoint {checkpoint}", icon=":material/search:", type="primary",
            key="mean-space-find", on_click=_begin, args=(key, request),
            help="500 validation rows; some seconds to minutes.",
        )  # fmt: skip
        navigation.link("train", "Train a run that records it")
    return None


def _begin(key: str, request: mean_space.Request) -> None:
    jobs.dismiss(key)
    jobs.start(key, f"Posterior means of {request.run.name}", partial(_find, request))


def _find(request: mean_space.Request, progress: jobs.Progress) -> None:
    mean_space.obtain(request, loaders.host(), progress)


def _job(run: store.Run) -> str:
    """What the keys of this run's background jobs begin with."""
    return f"mean-space:{run.name}:"


# -- the picture ------------------------------------------------------------------------------------


def _shown(first: Shots, live: bool) -> None:
    bar = st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="mean-space-bar"
    )
    with bar:
        shots = [first, *_beside(first.run)]
        along = _along(first.units)
        arrows = st.toggle(
            "Arrows", False, key="mean-space-arrows", persist_state="session",
            disabled=len(first.taken) < 2,
            help="Where some of the rows go until the next moment."
            if len(first.taken) > 1 else "Arrows need two moments.",
        )  # fmt: skip
    rows = rows_of(shots)
    if not len(rows.numbers):
        blocks.empty(
            showing.of(first.run).words("No sentence in common"),
            "The two runs have recorded different rows; the same data, split, number and seed give the "
            "same ones.",
            "compare",
        )
        return
    moments = sorted({moment for one in shots for moment in one.moments})
    films = [
        one.film(along).at(moments).take(places)
        for one, places in zip(shots, rows.places, strict=True)
    ]
    what = _what(films, rows, shots, arrows)
    points, alt = _points(films, shots, rows), _alt(shots, along, len(rows.numbers))
    with bar:
        taking.buttons(shots, films, points, alt, what)
    words.told(shots, films, live)
    with st.container(horizontal=True, key="mean-space-bench", gap="small"):
        with st.container(key="mean-space-stage"):
            told = maps.latent_map(
                points, key=KEY, alt=alt, height=HEIGHT, on_change=_nothing, **what
            )
        with st.container(key="mean-space-side", width=PANEL_WIDTH):
            sentence.panel(told.focus, shots, films, rows)
    numbers.draw(shots)


def _nothing() -> None:
    """A state that comes back needs a callback."""


def _beside(run: store.Run) -> list[Shots]:
    names = {other.name: other for other in others(run)}
    chosen = st.selectbox(
        "Beside", [ALONE, *names], key="mean-space-beside", bind="query-params",
        persist_state="session", label_visibility="collapsed", width=240, disabled=not names,
        help="A second run on the same axes, such as basic and aggressive training."
        if names else "No other run on this data has recorded its posterior mean space.",
    )  # fmt: skip
    found = recorded(names[chosen]) if chosen in names else None
    return [found] if found else []


def _along(units: int) -> Along:
    if units == 1:
        return Along()
    kind = st.selectbox(
        "Along", list(KINDS), key="mean-space-kind", persist_state="session", format_func=KINDS.get,
        label_visibility="collapsed", width=200,
        help="What is drawn of a code of many numbers: one of them, a principal direction of the means of "
        "the last moment, or how long both means are.",
    )  # fmt: skip
    if kind == "norm":
        return Along("norm")
    number = st.number_input(
        "Number", 1, units, 1, key="mean-space-number", persist_state="session",
        label_visibility="collapsed", width=120,
    )  # fmt: skip
    return Along(kind, int(number))


def _frame(films: Sequence[Film]) -> tuple[float, float, float, float]:
    """A square that both panes share; of lengths, which are not negative, its upper right."""
    reach = max(one.reach for one in films)
    low = -0.05 * reach if films[0].along.kind == "norm" else -reach
    return low, low, reach, reach


def _points(films: Sequence[Film], shots: Sequence[Shots], rows: Rows) -> list[maps.Points]:
    bounds = _frame(films)
    titles = [one.run.name if len(shots) > 1 else "" for one in shots]
    return [
        kept(
            f"mean-space-points|{one.run.path}|{one.version}|{rows.key}|{film.moments.tolist()}"
            f"|{film.along}|{bounds}|{title}",
            partial(maps.Points, film.xy, title, bounds),
        )
        for one, film, title in zip(shots, films, titles, strict=True)
    ]


def _what(films: Sequence[Film], rows: Rows, shots: Sequence[Shots], arrows: bool) -> maps.What:
    shown, (low, _, high, _) = showing.of(shots[0].run), _frame(films)
    diagonal = maps.Path([[low, low], [high, high]], kind="dashed")
    return maps.What(
        texts=kept(f"mean-space-packed|{rows.key}", lambda: maps.Texts(rows.texts, shown.images)),
        noun=shown.nouns,
        pictures=shown.images,
        colour=_doubt(films),
        numbers=rows.numbers,
        overlays=maps.Overlays(paths=[diagonal]),
        steps=[words.moment(one) for one in films[0].moments.tolist()]
        if len(films[0].moments) > 1
        else (),
        axes=films[0].along.axes,
        moves=ARROWS if arrows else 0,
        file=f"mean-space-{'-'.join(one.run.name for one in shots)}",
    )


def _doubt(films: Sequence[Film]) -> maps.Categories | None:
    """Faint where a model's mean rests on too few samples at the last moment."""
    doubtful = np.any([film.doubtful[-1] for film in films], axis=0)
    if not doubtful.any():
        return None
    names = ["well known", "on few samples"]
    return maps.Categories(
        doubtful.astype(np.int32), names, "the model's mean", colours=[0, "#b8c4ce"]
    )


def _alt(shots: Sequence[Shots], along: Along, n: int) -> str:
    who: Any = " and ".join(one.run.name for one in shots)
    across, up = along.axes
    return (
        f"Posterior mean space of {who}: {n:,} rows, across the {across}, up the {up}; the dashed "
        "diagonal is where both agree"
    )
