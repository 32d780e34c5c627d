"""Clusters as a colour: how they are looked for, and the job that finds them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from app import forms, state
from app import latent_map as maps
from app.background import Waiting
from app.map_page.loaders import Space, of_file
from app.once import once
from engine.explore.clusters import CLUSTERINGS, Clusters
from engine.maps import clustering, projecting
from engine.maps.clustering import Request

On = projecting.Request | None
USUAL = "k_means"
LATENT, DRAWN = "in the latent space", "on the map"


def choose(space: Space, on: On, waiting: Waiting) -> maps.Categories | None:
    """The settings of the clusters, and the clusters as categories once they are found."""
    with (
        st.popover("Clusters", icon=":material/bubble_chart:", key="map-clusters"),
        st.container(width=420, gap="small"),
    ):
        request = _asked(space, on)
    found = of_file(request.file, lambda: clustering.find(request, space.found))
    if found is None:
        work = partial(clustering.run, request)
        waiting.begin(f"clusters:{request.file.stem}", "Looking for clusters", work)
        return None
    return once(f"clusters|{request.file.name}", lambda: categories(found))


def _asked(space: Space, on: On) -> Request:
    """The controls; they ask for what was applied last, by the way that is chosen."""
    names = sorted(CLUSTERINGS, key=lambda name: name != USUAL)
    name = st.selectbox(
        "Clusters", names, key="map-cluster", persist_state="session", format_func=_title,
        label_visibility="collapsed",
    )  # fmt: skip
    st.caption(CLUSTERINGS.about(name)[0])
    help = (
        "In the latent space: what the model puts together. On the map: the groups that one sees."
    )
    where = st.segmented_control(
        "Look for them", [LATENT, DRAWN], default=LATENT, required=True, key="map-cluster-on",
        persist_state="session", disabled=on is None,
        help=help if on is not None else "This view has no map of its own to look on.",
    )  # fmt: skip
    kind: Any = CLUSTERINGS[name]
    note = f"map-clusters-{name}"
    applied = state.seen_note(note) or kind.Config()
    edited = forms.edit(applied, f"map-set.{name}")
    same = edited.config == applied
    wrong = "; ".join(edited.problems)
    st.button(
        "Find these clusters", type="primary", key="map-cluster-apply", disabled=same or bool(wrong),
        on_click=state.note, args=(note, edited.config),
        help=wrong or ("Change a setting first: these are what the colours show." if same else None),
    )  # fmt: skip
    return Request(space.request, applied, on if where == DRAWN else None)


def _title(name: str) -> str:
    kind: Any = CLUSTERINGS[name]
    return kind.title


def categories(found: Clusters) -> maps.Categories:
    """The clusters as the map takes them: the largest first; noise has no name and is grey."""
    names = [one.title for one in found.clusters if one.number > 0]
    return maps.Categories((found.numbers - 1).astype(np.int32), names, "cluster")
