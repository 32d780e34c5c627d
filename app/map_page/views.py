"""Three ways to look at the rows: one map, all of training in one frame, two models side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from app import latent_map as maps
from app.background import Waiting
from app.map_page import comparing, projecting, quality, stepping
from app.map_page.loaders import Space
from app.map_page.overlays import Side
from app.map_page.projecting import Choice
from engine.explore.comparison import Alignment, Change
from engine.explore.plane import Plane
from engine.explore.quality import Quality
from engine.maps import projecting as kept


@dataclass(frozen=True)
class Look:
    """What is to be drawn.

    Attributes:
        sides: rows and plane of each pane; the rows of the first are those that the panel tells about.
        points: their places.
        coordinates: of the first pane's rows for a file, (N, C), with the names of the C axes.
        on: the map that clusters may be looked for on.
        quality: of that map, where it is measured.
        change: of the neighbourhoods, where two are compared.
        steps: names of the steps, where there are some.
        title: of the map in words.
        told: draws the badges about it.
    """

    sides: Sequence[Side]
    points: Sequence[maps.Points]
    coordinates: tuple[np.ndarray, list[str]]
    title: str
    on: kept.Request | None = None
    quality: Quality | None = None
    change: Change | None = None
    steps: list[str] = field(default_factory=list)
    told: Callable[[], Any] = lambda: None

    @property
    def space(self) -> Space:
        """The rows that the panel tells about."""
        return self.sides[0].space

    @property
    def plane(self) -> Plane:
        """Where they lie."""
        return self.sides[0].plane


def one(space: Space, waiting: Waiting) -> Look:
    """One map of one checkpoint."""
    choice, [projection] = projecting.shown([space], projecting.choose(space), waiting)
    plane = Plane(projection, *choice.axes)
    found = quality.measured(space, choice, waiting)
    return Look(
        [Side(space, plane)],
        [projecting.points(space, plane, choice)],
        (projection.coordinates, list(projection.names)),
        projecting.title(choice.config.name),
        choice.request(space),
        found,
        told=lambda: _told(choice, plane, found),
    )


def training(space: Space, waiting: Waiting) -> Look | None:
    """The same rows at all checkpoints that were kept."""
    if (steps := stepping.found(space, waiting)) is None:
        return None
    return Look(
        [Side(space, Plane(steps.projection))],
        [stepping.points(space, steps)],
        stepping.columns(steps),
        "training",
        steps=stepping.names(steps),
        told=lambda: st.caption(
            f":material/info: Principal components of {stepping.names(steps)[-1]} for all steps, so that what "
            "moves has moved in the latent space. Select some points to see their trails."
            + stepping.few(steps)
        ),
    )


def side_by_side(space: Space, waiting: Waiting) -> Look | None:
    """Two models over the same rows."""
    choice = projecting.choose(space)
    if (pair := comparing.choose(space, waiting)) is None:
        return None
    spaces = [pair.left, pair.right]
    choice, projections = projecting.shown(spaces, choice, waiting)
    planes = [Plane(projection, *choice.axes) for projection in projections]
    left, right = (
        projecting.points(each, plane, choice, _heading(each))
        for each, plane in zip(spaces, planes, strict=True)
    )
    right, found = comparing.aligned(pair, left, right)

    def told() -> None:
        comparing.told(pair.change)
        if found is not None:
            comparing.align_told(found)
        _told(choice, planes[0], None)

    return Look(
        [Side(pair.left, planes[0]), *_unturned(pair.right, planes[1], found)],
        [left, right],
        (projections[0].coordinates, list(projections[0].names)),
        f"{projecting.title(choice.config.name)}, compared",
        choice.request(pair.left),
        change=pair.change,
        told=told,
    )


def _unturned(space: Space, plane: Plane, found: Alignment | None) -> list[Side]:
    """The right side, if marks can be drawn on it: a map that was turned has another frame."""
    return [Side(space, plane)] if found is None else []


def _heading(space: Space) -> str:
    return f"{space.request.run.name}, {space.request.checkpoint}"


def _told(choice: Choice, plane: Plane, found: Quality | None) -> None:
    """How far the map can be believed, and what was done otherwise than asked."""
    if found is not None:
        quality.badges(found)
    for words in filter(None, (choice.kind.caution, *plane.projection.notes)):
        st.caption(f":material/info: {words}", width="content")


VIEWS: dict[str, Callable[[Space, Waiting], Look | None]] = {
    "map": one,
    "training": training,
    "compare": side_by_side,
}
