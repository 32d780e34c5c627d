"""Everything that the map shows, as one description: plain values, and a Blob wherever there are bytes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, TypedDict, get_args

import numpy as np

from app.latent_map.inputs import Categories, Colour, Points, Selection, Texts
from app.latent_map.marks import Overlays
from app.latent_map.wire import Blob, pack_mask

Report = Literal["step", "view"]
NOTHING: dict[str, Any] = {"version": "", "packed": None, "focus": None, "zoom": False}


class What(TypedDict, total=False):
    """What a map shows, besides its points; all of it may be left out.

    Attributes:
        texts: one sentence a row, for the card beside the pointer.
        labels: whose names are written on the map and told on the card; None takes ``colour``'s.
        colour: what the colours mean; None draws all rows alike.
        sizes: (N,) factors of the diameter, a quarter to three.
        visible: (N,) of bool: which rows are drawn at all.
        numbers: (N,) row numbers to tell a person, where the rows are a sample of a file's.
        selection: a selection made by Python; counts once a version.
        overlays: paths, stars, ellipses, rings, names.
        steps: names of the S steps, if points have shape (S, N, 2).
        moves: so many rows have an arrow to where they are at the next step; 0, the default, draws none.
        axes: names of the two axes, where coordinates mean something; None draws no axes.
        equal: one unit is as long across as up (the default), so that distances can be compared.
        noun: what the rows are, in the plural; "sentences".
        pictures: whether the texts are data URIs of pictures, to be shown as such.
        file: name of saved pictures, without ending; "latent-map".
        rows: what changes when the rows are others. A change of coordinates alone keeps the selection; a
            change of rows drops it. None takes the sentences' content, or N where there are none.
        report: "step" tells Python when a person comes to rest at another step, "view" when the view
            rests; otherwise both are told along with the next selection.
        painter: "gpu" or "cpu" to force one; "auto" takes WebGL where it is not merely emulated.
    """

    texts: Texts | Sequence[str] | None
    labels: Categories | None
    colour: Colour | None
    sizes: np.ndarray | None
    visible: np.ndarray | None
    numbers: np.ndarray | None
    selection: Selection | None
    overlays: Overlays | None
    steps: Sequence[str]
    moves: int
    axes: tuple[str, str] | None
    equal: bool
    noun: str
    pictures: bool
    file: str
    rows: str | None
    report: Collection[Report]
    painter: Literal["auto", "gpu", "cpu"]


def describe(
    points: Points | Sequence[Points] | np.ndarray, alt: str, what: What
) -> dict[str, Any]:
    """The description, checked: every array has one entry a row.

    Raises:
        DataError: there are no points, or some have no finite place.
        ValueError: shapes that do not fit together.
    """
    panes = _panes(points)
    n = panes[0].n
    texts = what.get("texts")
    if texts is not None and not isinstance(texts, Texts):
        texts = Texts(texts)
    _check_lengths(n, texts, what)
    labels, colour, sizes = what.get("labels"), what.get("colour"), what.get("sizes")
    visible, numbers, selection = what.get("visible"), what.get("numbers"), what.get("selection")
    overlays = what.get("overlays")
    return {
        "painter": what.get("painter", "auto"),
        "about": _about(alt, what),
        "points": {
            "rows": rows_of(texts, n, what.get("rows")),
            "n": n,
            "panes": [pane.described() for pane in panes],
            "steps": _step_names(panes, what.get("steps", ())),
            "equal": what.get("equal", True),
        },
        "labels": labels and labels.described(),
        "colour": colour and colour.described(),
        "sizes": None if sizes is None else {"blob": Blob.of(_levels(sizes))},
        "visible": None if visible is None else {"n": n, "blob": Blob.of(_mask(visible))},
        "numbers": None if numbers is None else {"blob": Blob.of(numbers.astype("<u4").tobytes())},
        "selection": selection.described(n) if selection else dict(NOTHING),
        "overlays": overlays.described() if overlays else {},
        "texts": texts and texts.described(),
    }


def rows_of(texts: Texts | None, n: int, given: str | None = None) -> str:
    """What changes when the rows are others."""
    return f"{given or (texts.digest if texts else '')}:{n}"


def _about(alt: str, what: What) -> dict[str, Any]:
    report = set(what.get("report", ()))
    if wrong := report - set(get_args(Report)):
        raise ValueError(
            f"cannot report {', '.join(sorted(wrong))}; choose of {', '.join(get_args(Report))}"
        )
    return {
        "alt": alt,
        "noun": what.get("noun", "sentences"),
        "pictures": what.get("pictures", False),
        "file": what.get("file", "latent-map"),
        "axes": what.get("axes"),
        "moves": what.get("moves", 0),
        "report": sorted(report),
    }


def _check_lengths(n: int, texts: Texts | None, what: What) -> None:
    arrays: dict[str, Any] = {"texts": texts.texts if texts else None}
    arrays |= {name: what.get(name) for name in ("sizes", "visible", "numbers")}
    for name in ("labels", "colour"):
        given: Any = what.get(name)
        arrays[name] = given and (given.codes if isinstance(given, Categories) else given.values)
    for name, array in arrays.items():
        if array is not None and len(array) != n:
            raise ValueError(
                f"{name} must have one entry a row: {n:,} rows, {len(array):,} entries"
            )


def _panes(points: Points | Sequence[Points] | np.ndarray) -> list[Points]:
    if isinstance(points, np.ndarray):
        points = Points(points)
    panes = [points] if isinstance(points, Points) else list(points)
    if len(panes) not in (1, 2):
        raise ValueError(f"a map has one pane or two, got {len(panes)}")
    if len({pane.n for pane in panes}) > 1:
        counts = " and ".join(f"{pane.n:,}" for pane in panes)
        raise ValueError(f"both panes must show the same rows, got {counts}")
    return panes


def _step_names(panes: Sequence[Points], steps: Sequence[str]) -> list[str]:
    most = max(pane.steps for pane in panes)
    if wrong := [pane.steps for pane in panes if pane.steps not in (1, most)]:
        raise ValueError(f"panes must have the same number of steps, got {most} and {wrong[0]}")
    if steps and len(steps) != most:
        raise ValueError(f"{len(steps)} names for {most} steps")
    return [str(name) for name in steps] or [f"step {place + 1}" for place in range(most)]


def _levels(sizes: np.ndarray) -> bytes:
    """Factors as levels: 8 is the usual size, four more are twice as large."""
    if sizes.ndim != 1 or not (np.isfinite(sizes) & (sizes > 0)).all():
        raise ValueError("sizes need shape (N,) and must be finite and above 0")
    return np.clip(np.rint(8 + 4 * np.log2(sizes)), 0, 15).astype(np.uint8).tobytes()


def _mask(visible: np.ndarray) -> bytes:
    if visible.dtype != bool:
        raise ValueError(f"visible needs an array of bool, got {visible.dtype}")
    return pack_mask(visible)
