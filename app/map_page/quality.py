"""How far the map can be believed, as badges: measured once for each map and pair of axes, in the background."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import blocks, state
from app.background import Waiting
from app.map_page.loaders import Space, of_file
from app.map_page.projecting import Choice
from engine.explore.quality import Quality
from engine.maps import projecting, stored
from engine.metrics import METRICS

# Beyond so many rows it takes long enough to be asked for.
UNASKED = 20_000
LEAST = 4


def found(space: Space, choice: Choice) -> Quality | None:
    """What was measured of this map."""
    file = choice.request(space).quality_file
    return of_file(file, lambda: stored.read_quality(file, space.n))


def measured(space: Space, choice: Choice, waiting: Waiting) -> Quality | None:
    """What was measured of this map; begun in the background where it was not, at least for few rows."""
    if (there := found(space, choice)) is not None or space.n < LEAST:
        return there
    key = choice.job(space)
    if space.n <= UNASKED or waiting.known(key) or state.seen_note("map-measure") == key:
        request = choice.request(space)
        work = partial(projecting.run, request)
        waiting.begin(key, f"Measuring {choice.kind.title}", work, quiet=True)
    else:
        st.button(
            "Measure how far to believe it", type="tertiary", icon=":material/straighten:",
            key="map-measure", on_click=state.note, args=("map-measure", key),
            help="Compares neighbours on the map with those in the latent space: a minute or two for a "
            "hundred thousand sentences.",
        )  # fmt: skip
    return None


def badges(quality: Quality) -> None:
    """Trustworthiness and neighbour recall, each with what it means."""
    sampled = f"{quality.n:,} of {quality.of:,}" if quality.n < quality.of else f"{quality.n:,}"
    for name, value in quality.scalars().items():
        about = METRICS[name]
        st.badge(
            f"{about.label.lower()} {value:.2f}", color=_colour(name, value),
            help=blocks.plain(
                f"{about.meaning} Here over {quality.k} neighbours of {sampled} sentences. "
                f"{about.reference}"
            ),
        )  # fmt: skip


def _colour(name: str, value: float) -> str:
    good, fair = (0.9, 0.75) if name == "trustworthiness" else (0.4, 0.15)
    return "green" if value >= good else "orange" if value >= fair else "red"
