"""What the colours mean: labels, clusters, slices, or a number of every row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import latent_map as maps
from app import showing
from app.background import Waiting
from app.map_page import clusters, loaders
from app.map_page.loaders import Space
from app.map_page.searching import Found
from engine.data.slices import Slice
from engine.explore.comparison import Change
from engine.explore.quality import Quality

Colour = maps.Categories | maps.Values
HELP = (
    "What the points are coloured by. KL and reconstruction: nats, of one sentence. Mean σ: of the "
    "posterior, over units. Trustworthiness and neighbour recall: how far the map can be believed about "
    "this very point."
)


@dataclass(frozen=True)
class Extras:
    """What some colours come from besides the rows.

    Attributes:
        quality: of the map that is shown.
        search: what was looked for.
        change: of the neighbourhoods, between two models that are compared.
        on: the map that clusters may be looked for on.
    """

    quality: Quality | None = None
    search: Found | None = None
    change: Change | None = None
    on: clusters.On = None


def choose(space: Space, extras: Extras, waiting: Waiting) -> Colour | None:
    """The box of colours and what belongs to it; the colour that it asks for."""
    there, missing = _there(space, extras)
    name = st.selectbox(
        "Colour by", [*there, "cluster", "nothing"], key="colour", bind="query-params",
        persist_state="session", label_visibility="collapsed", icon=":material/palette:", width=196,
    )  # fmt: skip
    notes = [
        showing.current().words(HELP),
        *(f"**{each}** –: {why}" for each, why in missing.items()),
    ]
    st.markdown("", help="  \n".join(notes), width="content")
    if name == "cluster":
        return clusters.choose(space, extras.on, waiting)
    return there[name]() if name in there else None


def _there(space: Space, extras: Extras) -> tuple[dict[str, Callable[[], Colour]], dict[str, str]]:
    """The colours that these rows have, by name, and why the others are missing."""
    labels = loaders.labels(space)
    there: dict[str, Callable[[], Colour]] = {}
    missing: dict[str, str] = {}
    if labels is None:
        missing["label"] = "the data have none."
    else:
        there["label"] = lambda: labels
    size, of_size, measure = showing.of(space.request.run).size
    there[size] = lambda: loaders.values(space, size, of_size, lambda: measure(space.found.texts))
    for name, (unit, column, why) in _NUMBERS.items():
        numbers = getattr(space.found, column)
        if np.isfinite(numbers).any():
            there[name] = _number(space, name, unit, numbers)
        else:
            missing[name] = why
    slices = [one for one in loaders.shelf(space).slices if one.split == space.request.split]
    if slices:
        there["slice"] = lambda: sliced(space, slices)
    else:
        missing["slice"] = "none of these rows is saved in one; save a selection."
    _measured(space, extras, there, missing)
    return there, missing


_NUMBERS = {
    "reconstruction": ("nats", "reconstruction", "these codes were encoded without it."),
    "KL": ("nats", "kl", "this latent family has no density."),
    "mean σ": ("", "spread", "this latent family has no spread."),
}


def _number(space: Space, name: str, unit: str, numbers: np.ndarray) -> Callable[[], Colour]:
    return lambda: loaders.values(space, name, unit, lambda: numbers)


def _measured(
    space: Space,
    extras: Extras,
    there: dict[str, Callable[[], Colour]],
    missing: dict[str, str],
) -> None:
    """Colours that were computed for this map, search or comparison."""
    if (search := extras.search) is not None and search.scores is not None:
        scores = search.scores
        there["search"] = lambda: maps.Values(scores.astype(np.float32), search.title, search.unit)
    else:
        missing["search"] = "nothing has been looked for."
    if (quality := extras.quality) is not None:
        columns = {
            "trustworthiness": quality.trustworthiness_of,
            "neighbour recall": quality.recall_of,
        }
        for name, column in columns.items():
            there[name] = _fixed(space, name, column)
    else:
        missing["trustworthiness"] = "this map is not measured (yet)."
    if (change := extras.change) is not None:
        there["neighbourhood change"] = _fixed(space, "neighbourhood change", change.of_row)
    else:
        missing["neighbourhood change"] = "nothing is compared."


def _fixed(space: Space, name: str, column: np.ndarray) -> Callable[[], Colour]:
    version = loaders.digest(column)
    return lambda: loaders.values(space, name, "", lambda: column, version)


def sliced(space: Space, slices: list[Slice]) -> maps.Categories:
    """The slices as categories; a row of several bears all their names."""
    inside = np.stack([np.isin(space.found.indices, one.indices) for one in slices])
    bits, codes = np.unique(inside.T, axis=0, return_inverse=True)
    names = [
        " + ".join(one.name for one, has in zip(slices, row, strict=True) if has) for row in bits
    ]
    codes = codes.reshape(-1).astype(np.int32)
    if names and not names[0]:  # the rows of no slice come first
        names, codes = names[1:], codes - 1
    return maps.Categories(codes, names, "slice")
