"""Two sentences: one or several kinds of path between them, read, measured, drawn, taken away."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from app import blocks, jobs, loaders, making, state
from app.creating import material
from app.interpolate_page import comparing, drawn, ends, here, typed
from app.interpolate_page.here import Here
from app.walk import Gauge, Stop, Track, walk
from engine.explore.ways import GEODESIC, THROUGH_DATA

Paths = dict[str, Any]


def draw(page: Here) -> None:
    """Type A and B, choose kinds of path, read."""
    a, b = typed.pair()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.container(width="content")
        strategy, steps = here.decoding(), here.steps()
        typed.random_button(page.model)
    # Drawn after its neighbours: it asks the run's latent family, and so waits for torch the first time.
    with place:
        ways = _ways(page)
    state.carry("interpolate", a=a, b=b, path=ways, decode=strategy, steps=str(steps))
    if not typed.complete(a, b):
        return
    reading, below = st.container(), st.container()
    with reading, st.skeleton(height=420):
        found = _find(page, (a, b, steps, strategy), ways, below)
        if not found:
            return
        surroundings = material.known(page.model)
        with reading:
            _read(page, found, surroundings)
    if surroundings is None:
        _data(page, below)
    with below:
        comparing.draw(page, (a, b, steps, strategy), found)


def _ways(page: Here) -> list[str]:
    known = loaders.ways(page.model.run)
    if missing := material.why_not(page.model):
        known = {name: line for name, line in known.items() if name != THROUGH_DATA}
    help = here.described(known) + (
        f"  \n**{THROUGH_DATA}**: not now. {missing}" if missing else ""
    )
    first = next(iter(known))
    asked = st.session_state.get("path") or []
    if any(name not in known for name in asked):  # another run's codes may live elsewhere
        st.session_state["path"] = [name for name in asked if name in known] or [first]
    chosen = st.pills(
        "Kinds of path", list(known), selection_mode="multi", key="path", default=[first],
        bind="query-params", persist_state="session",
        help=f"Choose several to compare them.  \n{help}",
    )  # fmt: skip
    return list(chosen) or [first]


def _data(page: Here, place: Any) -> None:
    """Encode the run's sentences meanwhile, so that the next look knows how far the path is from them."""
    if missing := material.why_not(page.model):
        with place, st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f":material/info: No distance to data. {blocks.plain(missing)}", width="content"
            )
            making.offer(page.model.run, page.waiting)
    else:
        material.material(page.model, page.waiting, place, quiet=True)


Question = tuple[str, str, int, str]


def _find(page: Here, question: Question, ways: list[str], place: Any) -> Paths:
    """The paths that are there; those that take long are waited for."""
    found: Paths = {}
    for way in ways:
        one = _one(page, question, way, place)
        if one is not None:
            found[way] = one
    return found


def _one(page: Here, question: Question, way: str, place: Any) -> Any | None:
    from engine.explore.ways import Found, find_path

    model = page.model
    a, b, steps, strategy = question
    decoding = model.decoding(strategy)
    if way == GEODESIC:
        key = f"geodesic:{model.key}|{question!r}"

        def bend(progress: jobs.Progress) -> Found:
            hosted = model.hosted()
            with hosted.turn():
                told = hosted.giving_way(progress)
                sentences = (hosted.model, hosted.tokenizer, a, b)
                return find_path(*sentences, steps, way, decoding, progress=told)

        return page.waiting.result(key, "Geodesic", bend, place)
    if way == THROUGH_DATA:
        ours = material.material(model, page.waiting, place)
        if ours is None:
            return None
        asked = ("through the data", *question)
        return model.made(
            asked, steps, "Through the data",
            lambda hosted: find_path(
                hosted.model, hosted.tokenizer, a, b, steps, way, decoding, graph=ours.graph
            ),
            page.waiting, place,
        )  # fmt: skip
    return model.made(
        ("path", *question, way), steps, f"Decoding {steps} {page.shown.nouns}",
        lambda hosted: find_path(hosted.model, hosted.tokenizer, a, b, steps, way, decoding),
        page.waiting, place,
    )  # fmt: skip


def _read(page: Here, found: Paths, ours: Any) -> None:
    first = next(iter(found.values())).interpolation
    ends.ignored([step.text for step in first.steps], first.ignored)
    ends.show({"A": first.a, "B": first.b}, 2)
    tracks = [
        Track(name, stops(one.interpolation, ours), _note(name, one, page.shown.nouns))
        for name, one in found.items()
    ]
    walk(
        tracks,
        key=page.key("pair"),
        alt=f"{page.shown.nouns.capitalize()} along the path from A to B, {len(first.steps)} steps",
        gauges=gauges(page, first, ours),
    )
    st.caption(
        f"{len(first.steps)} steps, {_count(first.distinct, page)}. "
        + (
            "Steps that look"
            if page.shown.images
            else "What changed since the row above is marked; rows that read"
        )
        + " the same are folded."
    )
    for one in found.values():
        drawn.draw(one.interpolation.steps)


def _count(n: int, page: Here) -> str:
    return f"one {page.shown.noun}" if n == 1 else f"{n} different {page.shown.nouns}"


def _note(name: str, one: Any, nouns: str) -> str:
    if one.geodesic is not None:
        bent = one.geodesic
        return (
            f"energy {bent.energy:.2f} nats, {bent.straight_energy:.2f} unbent; {bent.passes:,} {nouns} "
            f"read in {bent.seconds:.1f} s"
        )
    return f"past {len(one.walk.rows)} {nouns} of the data" if one.walk is not None else name


def stops(found: Any, ours: Any = None) -> list[Stop]:
    """The steps of an ``Interpolation`` as they are walked."""
    far = [None] * len(found.steps) if ours is None else ours.around.near(found.codes).distances
    off = [None] * len(found.steps)
    if ours is not None and ours.density is not None:
        import numpy as np

        off = ours.density.off_data(np.asarray(found.codes)).tolist()
    last = len(found.steps) - 1
    return [
        Stop(
            at=f"{step.alpha:.2f}",
            text=step.text,
            pieces=step.pieces,
            changed=step.changed,
            nll=step.nll,
            mark={0: "A", last: "B"}.get(at, ""),
            folded=step.folded,
            values={"norm": step.norm, "nll": step.nll}
            | ({} if far[at] is None else {"far": float(far[at])}),
            tokens=[math.exp(-nats) for nats in step.token_nll],
            off=off[at],
        )
        for at, step in enumerate(found.steps)
    ]


def gauges(page: Here, found: Any, ours: Any) -> list[Gauge]:
    """Numbers along a path: its cost, how long its codes are, how far from the data."""
    shown = [
        Gauge(
            "nll",
            "NLL",
            "nats",
            "−log p(sentence | its code), end token counted, nats per sentence.",
        )
    ]
    if "linear" in page.model.family.paths[:1]:
        low, high = (found.shell_mean + side * 2 * found.shell_sd for side in (-1, 1))
        shown.append(
            Gauge(
                "norm",
                "‖z‖",
                "",
                "Length of the code. The band holds most draws of the prior: mean ± 2 standard deviations.",
                (low, high),
                f"prior draws {found.shell_mean:.2f} ± {found.shell_sd:.2f}",
                low=True,
            )
        )
    if ours is not None:
        low, high = ours.around.usual
        shown.append(
            Gauge(
                "far",
                "Distance to data",
                "",
                f"Euclidean distance to the nearest of {len(ours.codes.codes):,} encoded training {page.shown.nouns}. "
                "The band: how far nine of ten of these are from their own nearest.",
                (low, high),
                f"between {page.shown.nouns} {low:.2f} to {high:.2f}",
            )
        )
    return shown
