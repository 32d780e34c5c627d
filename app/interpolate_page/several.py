"""Several stops: a path through any number of sentences, one after the other."""

from __future__ import annotations

import streamlit as st

from app import blocks, state
from app.creating import material, taking
from app.interpolate_page import ends, here
from app.interpolate_page.here import Here
from app.walk import Gauge, Track, decoded, walk

MOST = 12


def draw(page: Here) -> None:
    """Type the stops, one a line; read the way through them."""
    own = [st.session_state.get(letter, "") for letter in ("a", "c", "b")]
    st.session_state.setdefault("through", "\n".join(text for text in own if text))
    text = st.text_area(
        "Stops, one sentence a line", key="through", bind="query-params", persist_state="session",
        height=130, placeholder="The first sentence\nThe next one",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.container(width="content")
        strategy, steps = here.decoding(), here.steps()
    with place:
        path = here.way(page)
    state.carry("interpolate", through=text, way=path, decode=strategy, steps=str(steps))
    stops = [line.strip() for line in (text or "").splitlines() if line.strip()]
    if len(stops) < 2:
        blocks.empty("Two sentences or more, please", "One a line, in the field above.", "edit")
        return
    if len(stops) > MOST:
        st.caption(f":material/info: The first {MOST} of {len(stops)} stops are used.")
    _show(page, tuple(stops[:MOST]), steps, path, strategy)


def _show(page: Here, texts: tuple[str, ...], steps: int, path: str, strategy: str) -> None:
    from engine.explore.stops import tour

    ours = material.known(page.model)
    density = ours.density if ours else None
    decoding = page.model.decoding(strategy)
    with st.skeleton(height=420):
        found = page.model.ask(
            ("tour", texts, steps, path, strategy, density is not None),
            lambda hosted: tour(
                hosted.model, hosted.tokenizer, texts, steps, path, decoding, data=density
            ),
        )
    ends.ignored([step.text for step in found.steps])
    ends.show({str(at): stop for at, stop in enumerate(found.stops, 1)}, 4)
    marks = [""] * len(found.steps)
    for number, at in enumerate(found.places, 1):
        marks[at] = f"stop {number}"
    walked = decoded(found.steps, [str(at) for at in range(len(marks))], marks)
    for stop in walked:
        stop.values["nll"] = float(stop.nll or 0)
    walk(
        [Track("tour", walked)],
        key=page.key("tour"),
        alt=f"Sentences along a path through {len(texts)} stops",
        gauges=[Gauge("nll", "NLL", "nats", "−log p(sentence | its code), nats per sentence.")],
        symbol="",
        slider="Walk from the first stop to the last",
        here=0,
    )
    count = len({step.text for step in found.steps})
    st.caption(f"{len(found.steps)} codes, {count} different sentences, all decoded in one batch.")
    taking.table(found, f"tour-{page.model.file}", "tour")
