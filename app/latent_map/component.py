"""The map as an element of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Unpack

import numpy as np
import streamlit as st

from app.latent_map.description import What, describe
from app.latent_map.inputs import MapState, Points, View
from app.latent_map.script import joined
from app.latent_map.wire import SCRIPT, Blob, unpack_rows

# The program is a file of its own, fetched once by its hash: no rerun carries it.
LOADER = """
export default async function (component) {
  const address = new URL(component.data.core, location.origin);
  const core = await import(address).catch(() => import(`${address}?again`));
  return core.mount(component);
}
"""
_element = st.components.v2.component("zscape_latent_map", js=LOADER)


def latent_map(
    points: Points | Sequence[Points] | np.ndarray,
    *,
    key: str,
    alt: str,
    height: int = 640,
    on_change: Callable[[], None] | None = None,
    **what: Unpack[What],
) -> MapState:
    """Draw the map and say what a person did on it.

    A rerun that changes the colour, the selection or a path sends that alone and leaves zoom and pan as
    they are; a rerun that changes nothing sends nothing.

    Args:
        points: where the rows lie; two of them are two panes with one selection, by row.
        key: the element's own; view, selection and history are kept under it while the tab is open.
        alt: what the map shows, for those who do not see it.
        height: pixels.
        on_change: called before the rerun when a person selected, focused or stepped.
        what: texts, colour, selection, overlays and more; see ``What``.

    Raises:
        DataError: there are no points, or some have no finite place.
        ValueError: shapes that do not fit together.
    """
    description = describe(points, alt, what)
    sent = _addressed(description, f"latent-map:{key}")
    core = _core().address(f"latent-map:{key}:core", SCRIPT)
    result = _element(
        key=key,
        data=sent | {"key": key, "core": core},
        height=height,
        on_picked_change=on_change or _nothing,
    )
    return _read(result.get("picked"), description)


def _nothing() -> None:
    """A state that comes back needs a callback, even an idle one."""


@cache
def _core() -> Blob:
    return Blob.of(joined("streamlit").encode())


def _addressed(part: Any, place: str) -> Any:
    """The description with an address in place of each Blob."""
    if isinstance(part, Blob):
        return part.address(place)
    if isinstance(part, dict):
        return {name: _addressed(value, f"{place}:{name}") for name, value in part.items()}
    if isinstance(part, list):
        return [_addressed(value, f"{place}:{number}") for number, value in enumerate(part)]
    return part


def _read(picked: dict[str, Any] | None, description: dict[str, Any]) -> MapState:
    """What the browser told, unless it was of other rows or before Python's newest selection."""
    points, made = description["points"], description["selection"]
    n, last = points["n"], len(points["steps"]) - 1
    told = picked if picked and picked["rows"] == points["rows"] else None
    step = min(told["step"] if told else 0, last) if last else None
    if told is None or told["base"] != made["version"]:
        return MapState(unpack_rows(made["packed"], n), made["focus"], step)
    views = tuple(View(*view) for view in told.get("view", ()))
    return MapState(unpack_rows(told["packed"], n), told["focus"], step, views)
