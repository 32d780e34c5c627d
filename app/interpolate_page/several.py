"""Several stops: a path through any number of sentences, one after the other."""

from __future__ import annotations

import streamlit as st

from app import blocks, loaders, pictures, state, thumbnails
from app.creating import material, taking
from app.interpolate_page import ends, here, typed
from app.interpolate_page.here import Here
from app.walk import Gauge, Track, decoded, walk

MOST, STOPS = 12, "picture-stops"


def draw(page: Here) -> None:
    """Type the stops, one a line; read the way through them."""
    stops = _chosen(page) if page.shown.images else _typed()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.container(width="content")
        strategy, steps = here.decoding(), here.steps()
    with place:
        path = here.way(page)
    through = "\n".join(stops)
    state.carry("interpolate", through=through, way=path, decode=strategy, steps=str(steps))
    if len(stops) < 2:
        blocks.empty(f"Two {page.shown.nouns} or more, please", "Give them above.", "edit")
        return
    if len(stops) > MOST:
        st.caption(f":material/info: The first {MOST} of {len(stops)} stops are used.")
    _show(page, tuple(stops[:MOST]), steps, path, strategy)


def _typed() -> list[str]:
    """The stops as they are typed, one a line."""
    own = [st.session_state.get(letter, "") for letter in ("a", "c", "b")]
    st.session_state.setdefault("through", "\n".join(text for text in own if text))
    text = st.text_area(
        "Stops, one sentence a line", key="through", bind="query-params", persist_state="session",
        height=130, placeholder="The first sentence\nThe next one",
    )  # fmt: skip
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _chosen(page: Here) -> list[str]:
    """The stops as they are chosen, in a line; more are put to its end."""
    if STOPS not in st.session_state:
        linked = st.query_params.get("through", "").split("\n")
        own = [pictures.kept(typed.kept_under(letter)) for letter in ("a", "c", "b")]
        st.session_state[STOPS] = [
            text for text in linked if thumbnails.PICTURE.fullmatch(text)
        ] or own
    stops = [text for text in st.session_state[STOPS] if text]
    rows = [(str(at), page.shown.html(text), "") for at, text in enumerate(stops, 1)]
    st.html(page.shown.strip(rows, "Stops"))
    full = f"There are {MOST} already." if len(stops) >= MOST else ""
    missing = loaders.data_missing(page.model.run)
    with st.container(horizontal=True):
        st.button(
            "Add one", icon=":material/shuffle:", key="add-stop", disabled=bool(full or missing),
            on_click=lambda: _put([*stops, (loaders.pair(page.model.run) or ("",))[0]]),
            help=full or missing or "Of the validation split.",
        )  # fmt: skip
        with st.popover("Add your own", icon=":material/upload:", disabled=bool(full)):
            own_one = pictures.upload("upload-stop")
        st.button(
            "Remove the last", icon=":material/backspace:", key="remove-stop", disabled=len(stops) < 3,
            on_click=lambda: _put(stops[:-1]), help="Two must stay." if len(stops) < 3 else None,
        )  # fmt: skip
    if own_one is not None and st.session_state.get("taken-stop") != own_one.mark:
        st.session_state["taken-stop"] = own_one.mark
        _put([*stops, own_one.text])
        st.rerun()
    return stops


def _put(stops: list[str]) -> None:
    st.session_state[STOPS] = stops


def _show(page: Here, texts: tuple[str, ...], steps: int, path: str, strategy: str) -> None:
    from engine.explore.stops import tour

    ours = material.known(page.model)
    density = ours.density if ours else None
    decoding = page.model.decoding(strategy)
    with st.skeleton(height=420):
        found = page.model.made(
            ("tour", texts, steps, path, strategy, density is not None), steps * len(texts),
            "The way through the stops",
            lambda hosted: tour(
                hosted.model, hosted.tokenizer, texts, steps, path, decoding, data=density
            ),
            page.waiting,
        )  # fmt: skip
    if found is None:
        return
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
        alt=f"{page.shown.nouns.capitalize()} along a path through {len(texts)} stops",
        gauges=[Gauge("nll", "NLL", "nats", "−log p(sentence | its code), nats per sentence.")],
        symbol="",
        slider="Walk from the first stop to the last",
        here=0,
    )
    count = len({step.text for step in found.steps})
    st.caption(
        f"{len(found.steps)} codes, {count} different {page.shown.nouns}, all decoded in one batch."
    )
    taking.table(found, f"tour-{page.model.file}", "tour")
