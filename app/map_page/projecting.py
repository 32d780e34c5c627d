"""Where the points lie: the choice of a projection, its settings, and the map that they make."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from app import blocks, forms, jobs, showing, state
from app import latent_map as maps
from app.background import Waiting
from app.map_page import axis
from app.map_page.loaders import Space, digest, of_file
from app.once import once
from engine.config import ConfigError
from engine.explore.plane import Plane
from engine.explore.projections import PROJECTIONS, Groups, Projection, project
from engine.maps import projecting
from engine.maps.projecting import Request

USUAL = "pca"
MOST_SHARES = 8


@dataclass(frozen=True)
class Choice:
    """What is asked for under Projection.

    Attributes:
        config: of the projection.
        axes: the two components that are drawn.
        groups: for a custom axis.
        missing: why it cannot be made; nothing if it can.
    """

    config: Any
    axes: tuple[int, int] = (0, 1)
    groups: Groups | None = None
    missing: str = ""

    @property
    def kind(self) -> Any:
        """The projection's class."""
        return PROJECTIONS[self.config.name]

    @property
    def mark(self) -> str:
        """Names the map apart from its rows."""
        parts = [self.config.model_dump_json()]
        if self.groups is not None:
            parts += [digest(self.groups.away), digest(self.groups.towards), *self.groups.names]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]

    def request(self, space: Space) -> Request:
        """The map that is asked for, of these rows."""
        return Request(space.request, self.config, self.groups, self.axes)

    def job(self, space: Space) -> str:
        """The background job that makes it and measures its two axes."""
        return f"map:{self.request(space).quality_file.stem}"


def title(name: str) -> str:
    """A projection as the page calls it."""
    kind: Any = PROJECTIONS[name]
    return kind.title


def choose(space: Space) -> Choice:
    """The controls of the projection; what they ask for."""
    with (
        st.popover("Projection", icon=":material/grid_3x3:", key="map-projection"),
        st.container(width=420, gap="small"),
    ):
        name = st.selectbox(
            "Projection", list(PROJECTIONS), key="projection", bind="query-params",
            persist_state="session", format_func=title, label_visibility="collapsed",
            on_change=_forget_axes,
        )  # fmt: skip
        st.caption(PROJECTIONS.about(name)[0])
        kind: Any = PROJECTIONS[name]
        groups, missing = axis.choose(space) if kind.grouped else (None, "")
        config, problems = _settings(name, kind.Config())
        choice = Choice(config, (0, 1), groups, missing or problems)
        if not kind.quick:
            _apply(space, choice)
            return choice
        return choice if choice.missing else _with_axes(space, choice)


def _forget_axes() -> None:
    """Component 5 of one projection is none of another."""
    for key in ("x", "y"):
        st.session_state.pop(key, None)


def _settings(name: str, usual: Any) -> tuple[Any, str]:
    """The projection's form; what it held last is what it starts from."""
    note = f"map-config-{name}"
    start = state.seen_note(note) or usual
    edited = forms.edit(start, f"map-set.{name}")
    if edited.config is not None:
        state.note(note, edited.config)
    return edited.config or start, "; ".join(edited.problems)


def _with_axes(space: Space, choice: Choice) -> Choice:
    """Which two components are drawn, each with its share of the variance."""
    name = choice.config.name
    try:
        made = quick(space, choice)
    except ConfigError as error:
        return Choice(choice.config, missing=str(error))
    if name == "axis":
        return choice
    options = list(range(len(made.names)))
    with st.container(horizontal=True):
        picked = [
            st.selectbox(
                label,
                options,
                min(place, len(options) - 1),
                key=key,
                bind="query-params",
                persist_state="session",
                format_func=made.names.__getitem__,
            )  # fmt: skip
            for place, (key, label) in enumerate((("x", "Across"), ("y", "Up")))
        ]
    st.caption(_shares(made), help="How much of the codes' total variance lies in each direction.")
    if len(options) == 1:
        st.caption("The code has one unit: up and down the points are strewn at random.")
    return Choice(choice.config, (picked[0], picked[1]), choice.groups)


def _shares(made: Projection) -> str:
    """Components with their shares of the variance, as many as one reads."""
    shares = zip(made.names, () if made.shares is None else made.shares)
    told = ", ".join(f"{name} {share:.1%}" for name, share in list(shares)[:MOST_SHARES])
    return f"Share of variance: {told}" + (" …" if len(made.names) > MOST_SHARES else "")


def _apply(space: Space, choice: Choice) -> None:
    """The button that has a map made which takes a while."""
    reason = choice.missing
    if not reason and found(space, choice) is not None:
        reason = "It is made, and on the map."
    elif not reason and (job := jobs.find(choice.job(space))) is not None and job.live:
        reason = "It is being made."
    st.button(
        "Make this map", type="primary", key="map-apply", disabled=bool(reason), help=reason or None,
        on_click=state.note, args=("map-wanted", choice.mark),
    )  # fmt: skip
    st.caption("Made in the background, then kept: to come back to it takes no time.")


# -- the maps ----------------------------------------------------------------------------------------


def quick(space: Space, choice: Choice) -> Projection:
    """A map that takes no time to make."""
    key = f"projection|{space.key}|{choice.mark}"
    return once(key, lambda: project(choice.config, space.found.codes, None, choice.groups))


def found(space: Space, choice: Choice) -> Projection | None:
    """The map that is asked for, if it takes no time or has been made."""
    if choice.kind.quick:
        return quick(space, choice)
    request = choice.request(space)
    made = of_file(request.file, lambda: projecting.find(request, space.found))
    return None if made is None else made.projection


def shown(
    spaces: Sequence[Space], choice: Choice, waiting: Waiting
) -> tuple[Choice, list[Projection]]:
    """What is drawn of each space: the map that is asked for; until it is made, the last one that was."""
    if choice.missing:
        with waiting.line:
            st.caption(f":material/info: {blocks.plain(choice.missing)}")
    else:
        made = [found(space, choice) for space in spaces]
        if all(made):
            state.note("map-applied", choice)
            return choice, [each for each in made if each is not None]
        _make(
            [space for space, each in zip(spaces, made, strict=True) if each is None],
            choice,
            waiting,
        )
    for last in (state.seen_note("map-applied"), usual()):
        if last is not None and last.groups is None:
            made = [found(space, last) for space in spaces]
            if all(made):
                return last, [each for each in made if each is not None]
    raise AssertionError("principal components can always be found")


def usual() -> Choice:
    """Principal components, the first two."""
    kind: Any = PROJECTIONS[USUAL]
    return Choice(kind.Config())


def _make(spaces: Sequence[Space], choice: Choice, waiting: Waiting) -> None:
    """The jobs that make it, once somebody has asked for it; until then a button that asks."""
    name = choice.kind.title
    wanted = state.seen_note("map-wanted") == choice.mark
    for space in spaces:
        request, key = choice.request(space), choice.job(space)
        if wanted or waiting.known(key):
            work = partial(projecting.run, request)
            waiting.begin(key, f"Making the map {name}", work, request.file)
            wanted = True
    if not wanted:
        nouns = showing.of(spaces[0].request.run).nouns
        with waiting.line, st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(
                f":material/info: {name} of these {spaces[0].n:,} {nouns} is not made yet.",
                width="content",
            )
            st.button(
                f"Make the map {name}", type="tertiary", icon=":material/play_arrow:", key="map-make",
                on_click=state.note, args=("map-wanted", choice.mark),
            )  # fmt: skip


def points(space: Space, plane: Plane, choice: Choice, heading: str = "") -> maps.Points:
    """The rows' places as the map takes them."""
    key = f"points|{space.key}|{choice.mark}|{plane.axes}|{heading}"
    return once(key, lambda: maps.Points(plane.coordinates, heading))


def axes_told(plane: Plane) -> tuple[str, str]:
    """The axes' names, with their shares of the variance."""
    across, up = (
        name if share is None else f"{name} ({share:.1%} of variance)"
        for name, share in zip(plane.names, plane.shares, strict=True)
    )
    return across, up
