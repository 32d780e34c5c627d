"""The two groups of a custom axis: labels or slices."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import showing
from app.map_page.loaders import Space, labels, shelf
from engine.explore.projections import Groups

HELP = "A label or a slice; slices are saved from a selection."


def choose(space: Space) -> tuple[Groups | None, str]:
    """The controls of the groups; the groups, or what is missing for them."""
    found = groups(space)
    if len(found) < 2:
        return None, showing.of(space.request.run).words(
            "A custom axis leads from one group of sentences to another: labels or slices. There are fewer "
            "than two here; select some sentences on the map and save them as slices first."
        )
    options = list(found)
    with st.container(horizontal=True):
        away, towards = (
            st.selectbox(
                title, options, place, key=f"map-{key}", persist_state="session", help=HELP
            )
            for place, (key, title) in enumerate((("away", "From"), ("towards", "To")))
        )
    if away == towards:
        return None, "A custom axis leads from one group to another; choose two different ones."
    names = away.partition(": ")[2], towards.partition(": ")[2]
    return Groups(found[towards], found[away], names), ""


def groups(space: Space) -> dict[str, np.ndarray]:
    """Groups of rows by what they are called: positions of each."""
    found: dict[str, np.ndarray] = {}
    if (labelled := labels(space)) is not None:
        for code, name in enumerate(labelled.names):
            found[f"label: {name}"] = np.flatnonzero(labelled.codes == code)
    for one in shelf(space).slices:
        if one.split == space.request.split and len(at := one.positions(space.found.indices)):
            found[f"slice: {one.name}"] = at
    return found
