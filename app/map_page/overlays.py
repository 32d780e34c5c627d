"""What is drawn over the points: a typed sentence, the way from A to B, rings of the prior, a posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import blocks, loaders, showing, state
from app import latent_map as maps
from app.creating.model import Model
from app.map_page import point
from app.map_page.loaders import Space, labels, typed
from app.map_page.searching import MEANING, Found
from engine.config import EngineError
from engine.explore.plane import Oval, Plane
from engine.maps.codes import Request

STOPS = 11
AS_COLOURED, LABELS = "what is coloured", "labels"


@dataclass(frozen=True)
class Side:
    """One pane: its rows and where they lie."""

    space: Space
    plane: Plane


@dataclass(frozen=True)
class Wanted:
    """What is switched on."""

    path: bool
    rings: bool
    ellipse: bool
    names: maps.Categories | None


def choose(space: Space, plane: Plane, steps: bool) -> Wanted:
    """The switches, each with the reason why it cannot be had."""
    gaussian = space.found.deviations is not None
    linear = plane.projection.exact and not plane.flat
    at_one = "Over training there is no one checkpoint that it could be of." if steps else ""
    flat = "" if linear else "Only on a linear map with two axes: elsewhere it is no ellipse."
    family = "" if gaussian else "This latent family has no Gaussian in the space of codes."
    no_pair = (
        "" if ends(space) else "Set two points as A and B, or open Interpolate with two sentences."
    )
    with (
        st.popover("Overlays", icon=":material/layers:", key="map-overlays"),
        st.container(width=300),
    ):
        path = _switch(
            "Way from A to B", "path", True, at_one or no_pair,
            "The codes of the interpolation that was looked at last, with what they decode to.",
        )  # fmt: skip
        rings = _switch(
            "Rings of the prior", "rings", False, flat or family,
            "1, 2 and 3 standard deviations of the prior N(0, I). In two dimensions 39 %, 86 % and 99 % "
            "of its draws lie within.",
        )  # fmt: skip
        ellipse = _switch(
            "μ ± σ of the point", "ellipse", True, at_one or flat or family,
            "One standard deviation of the posterior of the one that was clicked.",
        )  # fmt: skip
        names = _names(space)
    return Wanted(path, rings, ellipse, names)


def _switch(label: str, name: str, usual: bool, why_not: str, help: str) -> bool:
    if why_not:
        st.toggle(label, False, key=f"map-no-{name}", disabled=True, help=why_not)
        return False
    return st.toggle(label, usual, key=f"map-{name}", persist_state="session", help=help)


def _names(space: Space) -> maps.Categories | None:
    labelled = labels(space)
    help = "Written where most of their points are; N on the map hides and shows them."
    chosen = st.segmented_control(
        "Names on the map", [AS_COLOURED, LABELS], default=AS_COLOURED, required=True, key="map-names",
        persist_state="session", disabled=labelled is None,
        help=help if labelled is not None else "The data have no labels.",
    )  # fmt: skip
    return labelled if chosen == LABELS else None


def ends(space: Space) -> tuple[str, str] | None:
    """A and B: those chosen on the map, or else those that Interpolate showed last."""
    chosen = point.pair(space)
    if len(chosen) == 2:
        return chosen["A"], chosen["B"]
    last = state.carried("interpolate")
    mine = state.seen_note("pair-of") == space.request.run.name
    return (last["a"], last["b"]) if mine and last.get("a") and last.get("b") else None


def drawn(
    sides: Sequence[Side], wanted: Wanted, focus: int | None, search: Found | None, steps: bool
) -> maps.Overlays:
    """The marks of all panes."""
    marks: dict[str, list[Any]] = {"paths": [], "stars": [], "rings": [], "ellipses": []}
    for pane, side in enumerate(sides):
        if wanted.rings:
            marks["rings"] += _rings(side, pane)
        if steps:
            continue
        if wanted.path and (pair := ends(side.space)):
            marks["paths"] += _path(side, pane, pair)
        if search is not None and search.kind == MEANING and not search.problem:
            marks["stars"] += _star(side, pane, search.wanted)
        deviations = side.space.found.deviations
        if wanted.ellipse and focus is not None and deviations is not None:
            oval = side.plane.posterior(side.space.found.codes[focus], deviations[focus])
            marks["ellipses"] += [] if oval is None else [_ellipse(oval, pane)]
    return maps.Overlays(**marks)


def _rings(side: Side, pane: int) -> list[maps.Ring]:
    return [
        maps.Ring(ring.x, ring.y, ring.rx, f"{sigma} σ", pane)
        for sigma, ring in side.plane.prior_rings()
    ]


def _ellipse(oval: Oval, pane: int) -> maps.Ellipse:
    return maps.Ellipse(oval.x, oval.y, oval.rx, oval.ry, oval.angle, "μ ± σ", pane)


def _star(side: Side, pane: int, text: str) -> list[maps.Star]:
    given = "yours" if showing.of(side.space.request.run).images else "typed"
    x, y = side.plane.place(typed(side.space.request, text)[1].codes).coordinates[0].tolist()
    return [maps.Star(x, y, given, text, pane)]


def _path(side: Side, pane: int, pair: tuple[str, str]) -> list[maps.Path]:
    """The interpolation between two sentences; a sentence that cannot be read leaves no path."""
    request = side.space.request
    way = next(iter(loaders.paths(request.run)))
    try:
        codes, texts = _way(request, pair, way)
    except EngineError as error:
        st.caption(f":material/info: No way from A to B: {blocks.plain(str(error))}")
        return []
    stops = side.plane.place(codes).coordinates
    letters = ["A", *[""] * (len(stops) - 2), "B"]
    return [maps.Path(stops, letters, texts, pane)]


def _way(request: Request, pair: tuple[str, str], way: str) -> tuple[Any, list[str]]:
    """Codes from A to B and what they decode to; nothing where many pictures would have to be written first."""
    from engine.explore.ways import find_path

    model = Model(request.run, request.checkpoint)
    if model.at_once >= STOPS:
        decoding = model.decoding("greedy")
        found = model.ask(
            ("path", *pair, STOPS, "greedy", way),  # as Interpolate asks
            lambda hosted: find_path(hosted.model, hosted.tokenizer, *pair, STOPS, way, decoding),
        ).interpolation
        return found.codes, [step.text for step in found.steps]
    return model.ask(("way", *pair, way), lambda hosted: _codes(hosted, pair, way)), []


def _codes(hosted: Any, pair: tuple[str, str], way: str) -> Any:
    from engine.decoding.config import DecodingConfig
    from engine.explore.ends import encode_ends
    from engine.explore.paths import interpolate

    decoding = DecodingConfig(max_tokens=hosted.config.data.max_tokens)
    found = encode_ends(hosted.model, hosted.tokenizer, *pair, decoding)
    return interpolate(found.a, found.b, STOPS, way, hosted.model.latent.tokens)


def far_told(plane: Plane, search: Found | None) -> str:
    """What must be said about the place of the star on this map; nothing if it is exact."""
    if search is None or search.code is None:
        return ""
    placed = plane.place(search.code.codes)
    if placed.far.any():
        return showing.current().words(
            "It is farther from all sentences on the map than these are from one another: its star lies "
            "among the nearest, which says little."
        )
    return (
        ""
        if placed.exact
        else "On this map the star has no exact place: it lies among its nearest."
    )
