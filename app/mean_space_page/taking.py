"""What can be taken away: an animated page, an animated GIF, the numbers; made when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from app import latent_map as maps
from app.mean_space_page import numbers
from app.mean_space_page.shots import Shots
from engine.explore.mean_space import Film
from engine.explore.mean_space_pictures import gif


def buttons(
    shots: Sequence[Shots],
    films: Sequence[Film],
    points: Sequence[maps.Points],
    alt: str,
    what: maps.What,
) -> None:
    """A button for each format."""
    name = str(what.get("file", "mean-space"))
    with (
        st.popover("Export", icon=":material/download:", key="mean-space-export"),
        st.container(width=300),
    ):
        st.caption("Pictures (PNG, SVG) are in the map's own menu, the three dots above it.")
        for label, make, ending, mime, icon in (
            (
                "Animated page without a server", partial(page, points, alt, what), "html",
                "text/html", "html",
            ),
            ("Animated GIF", partial(animation, shots, films), "gif", "image/gif", "gif_box"),
            ("Numbers of every moment, CSV", partial(table, shots), "csv", "text/csv", "csv"),
        ):  # fmt: skip
            st.download_button(
                label, make, f"{name}.{ending}", mime, icon=f":material/{icon}:",
                key=f"mean-space-{ending}", on_click="ignore", width="stretch",
            )  # fmt: skip


def page(points: Sequence[maps.Points], alt: str, what: maps.What) -> str:
    """The map in one HTML file: it plays, scrubs and draws ways as on the page."""
    return maps.standalone_html(points, alt=alt, title="Posterior mean space", **what)


def animation(shots: Sequence[Shots], films: Sequence[Film]) -> bytes:
    """The film as a GIF, a pane a run."""
    return gif([(one.run.name, film) for one, film in zip(shots, films, strict=True)])


def table(shots: Sequence[Shots]) -> str:
    """The figures of every moment of every run as CSV."""
    return pd.concat([numbers.table(one) for one in shots]).to_csv(index=False)
