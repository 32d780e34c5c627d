"""The map with all that stands around it: the bar of controls, the line about it, the panel beside it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import latent_map as maps
from app import navigation, showing
from app.background import Waiting
from app.map_page import (
    choosing,
    colours,
    exporting,
    loaders,
    overlays,
    point,
    projecting,
    rows,
    searching,
    selected,
    shelf,
    views,
)
from app.map_page.choosing import PANEL, PANELS, POINT, SEARCH, SELECTION
from app.map_page.loaders import Space
from app.map_page.searching import Found
from app.map_page.views import Look

HEIGHT, PANEL_WIDTH = 600, 312


def draw(space: Space, view: str, bar: Any, line: Any, waiting: Waiting) -> None:
    """All of it for these rows.

    Args:
        space: the encoded rows.
        view: a name in ``views.VIEWS``.
        bar: where the controls go.
        line: where it is said what is shown.
        waiting: takes up background work.
    """
    with bar:
        look = views.VIEWS[view](space, waiting)
    with line:
        st.caption(f"**{rows.told(space)}**", width="content")
        if look is not None:
            look.told()
    _alike(space)
    if look is not None:
        _bench(look, bar, waiting)


def _alike(space: Space) -> None:
    """A collapsed posterior is said before anybody reads a map of noise."""
    from engine.explore.likeness import alike, share_between

    found = space.found
    if not alike(found.codes, found.deviations):
        return
    shown = showing.of(space.request.run)
    share = share_between(found.codes, found.deviations)
    st.warning(
        f"The codes of all {shown.nouns} are nearly the same: "
        f"{share:.2%} of what varies among draws of their posteriors is due to the {shown.noun}. The posterior "
        "has collapsed, and the map shows noise, however large it is drawn.",
        title="All codes are alike",
        icon=":material/heart_broken:",
    )
    navigation.link("runs", "See on Runs what usually helps")


def _bench(look: Look, bar: Any, waiting: Waiting) -> None:
    space = look.space
    search = searching.found(space)
    with bar:
        extras = colours.Extras(look.quality, search, look.change, look.on)
        colour = colours.choose(space, extras, waiting)
        wanted = overlays.choose(space, look.plane, bool(look.steps))
    now = choosing.told(space)
    what = _what(
        look,
        colour,
        wanted,
        overlays.drawn(look.sides, wanted, now.focus, search, bool(look.steps)),
    )
    alt = _alt(look, colour)
    with bar:
        exporting.buttons(_material(look, colour, alt, what), now.selection)
    with st.container(horizontal=True, key="map-bench", gap="small"):
        with st.container(key="map-stage"):
            told = maps.latent_map(
                look.points, key=choosing.KEY, alt=alt, height=HEIGHT, on_change=choosing.follow,
                selection=choosing.made(space), **what,
            )  # fmt: skip
            choosing.drawn(told)
        with st.container(key="map-side", width=PANEL_WIDTH):
            _panel(look, told, search)
    selected.table(space, told.selection)
    if not showing.of(space.request.run).images:
        loaders.words(space)  # so that the first selection need not wait for them


def _what(
    look: Look, colour: colours.Colour | None, wanted: overlays.Wanted, marks: maps.Overlays
) -> maps.What:
    space, plane = look.space, look.plane
    # Where colours are numbers, labels would be told nowhere else.
    names = None if isinstance(colour, maps.Categories) else loaders.labels(space)
    return maps.What(
        texts=loaders.texts(space),
        labels=wanted.names or names,
        colour=colour,
        numbers=space.found.indices,
        overlays=marks,
        steps=look.steps,
        # Of two panes each has axes of its own.
        axes=projecting.axes_told(plane)
        if plane.projection.exact and look.change is None
        else None,
        equal=not plane.flat,
        noun=showing.of(space.request.run).nouns,
        pictures=showing.of(space.request.run).images,
        file=f"map-{space.request.run.name}",
    )


def _alt(look: Look, colour: colours.Colour | None) -> str:
    by = f", coloured by {colour.title}" if colour is not None else ""
    across, up = look.plane.names
    nouns = showing.of(look.space.request.run).nouns
    return f"{look.title}: {look.space.n:,} {nouns} by {across} and {up}{by}"


def _panel(look: Look, told: maps.MapState, search: Found | None) -> None:
    """What is told beside the map: one thing at a time."""
    space = look.space
    # Set here and not as the widget's default, because callbacks set it as well.
    st.session_state.setdefault(PANEL, SEARCH)
    chosen = st.segmented_control(
        "Panel", list(PANELS), required=True, key=PANEL, persist_state="session",
        label_visibility="collapsed", width="stretch",
    )  # fmt: skip
    with st.container(height=HEIGHT - 56, border=False, key="map-panel-body", gap="xsmall"):
        if chosen == POINT:
            point.panel(space, told.focus)
        elif chosen == SELECTION:
            selected.panel(space, told.selection, f"{look.title} of run {space.request.run.name}")
        elif chosen == SEARCH:
            searching.panel(space, search, overlays.far_told(look.plane, search))
        else:
            shelf.panel(space)


def _material(
    look: Look, colour: colours.Colour | None, alt: str, what: maps.What
) -> exporting.Material:
    request = look.space.request
    title = f"{look.title} of run {request.run.name}, {request.checkpoint}"

    def page() -> str:
        return maps.standalone_html(look.points, alt=alt, title=title, **what)

    coordinates, axes = look.coordinates
    return exporting.Material(
        look.space, coordinates, axes, colour, page, f"map-{request.run.name}"
    )
