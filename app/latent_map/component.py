"""The map as an element of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Unpack

import numpy as np
import streamlit as st

from app.latent_map.description import NOTHING, What, describe, rows_of
from app.latent_map.inputs import MapState, Points, Selection, Texts, View
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
    shown, made = description["points"], description["selection"]
    last = len(shown["steps"]) - 1
    return _read(result.get("picked"), shown["rows"], shown["n"], made, last)


def told(key: str, texts: Texts, selection: Selection | None = None) -> MapState:
    """What a person did on a map so far, before this run draws it: for what is drawn over its points.

    Args:
        key: the element's.
        texts: the sentences that it is going to show, by which its rows are known.
        selection: the one that it is going to be given.
    """
    n = len(texts.texts)
    made = selection.described(n) if selection else NOTHING
    return _read(picked(key), rows_of(texts, n), n, made, 0)


def picked(key: str) -> dict[str, Any] | None:
    """The map's state as the browser told it last, unread; None before it told any."""
    return (st.session_state.get(key) or {}).get("picked")


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


def _read(
    picked: dict[str, Any] | None, rows: str, n: int, made: dict[str, Any], last: int
) -> MapState:
    """What the browser told, unless it was of other rows or before Python's newest selection."""
    told = picked if picked and picked["rows"] == rows else None
    step = min(told["step"] if told else 0, last) if last else None
    if told is None or told["base"] != made["version"]:
        return MapState(unpack_rows(made["packed"], n), made.get("focus"), step)
    views = tuple(View(*view) for view in told.get("view", ()))
    return MapState(unpack_rows(told["packed"], n), told["focus"], step, views)
