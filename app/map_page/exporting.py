"""What can be taken away: the map as a page of its own, its rows for programs; made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from app import latent_map as maps
from app.map_page.loaders import Space

ALL, SELECTED = "all that is on the map", "the selection"


@dataclass(frozen=True)
class Material:
    """What is exported.

    Attributes:
        space: the rows.
        coordinates: of the rows, (N, C).
        axes: names of the C axes.
        colour: what they are coloured by.
        page: makes the map as one HTML file.
        name: of the files, without ending.
    """

    space: Space
    coordinates: np.ndarray
    axes: list[str]
    colour: maps.Categories | maps.Values | None
    page: Callable[[], str]
    name: str


def buttons(material: Material, selected: np.ndarray) -> None:
    """A button for each format."""
    from engine.explore.map_exports import MAP_EXPORTS

    with (
        st.popover("Export", icon=":material/download:", key="map-export"),
        st.container(width=300),
    ):
        st.caption("Pictures (PNG, SVG) are in the map's own menu, the three dots above it.")
        st.download_button(
            "Page that opens without a server", material.page, f"{material.name}.html", "text/html",
            icon=":material/html:", key="map-export-html", on_click="ignore", width="stretch",
            help="One HTML file with everything in it: hover, zoom, lasso, legend and steps work.",
        )  # fmt: skip
        scope = st.segmented_control(
            "Rows", [ALL, SELECTED], default=ALL, required=True, key="map-export-rows",
            disabled=not len(selected),
            help="Sentences, coordinates and codes." if len(selected) else "Nothing is selected.",
        )  # fmt: skip
        rows = selected if scope == SELECTED and len(selected) else None
        for name, export in MAP_EXPORTS.items():
            st.download_button(
                export.label, _writer(export, material, rows), f"{material.name}.{export.suffix}",
                export.media_type, icon=":material/table:", key=f"map-export-{name}",
                on_click="ignore", width="stretch", help=_ABOUT[name],
            )  # fmt: skip


_ABOUT = {
    "parquet": "One row a sentence: number, text, label, place, colour, KL, reconstruction, code.",
    "csv": "The same as text, for spreadsheets.",
    "projector": "vectors.tsv and metadata.tsv in a zip file, for projector.tensorflow.org.",
}


def _writer(export: Any, material: Material, rows: np.ndarray | None) -> Callable[[], bytes]:
    return lambda: export.write(points(material, rows))


def points(material: Material, rows: np.ndarray | None = None) -> Any:
    """What is written, of all rows or of some."""
    from engine.explore.map_exports import Points

    found = material.space.found
    some = np.arange(len(found.texts)) if rows is None else rows
    columns = {"kl": found.kl[some], "reconstruction": found.reconstruction[some]}
    columns = {name: values for name, values in columns.items() if np.isfinite(values).any()}
    chosen = some.tolist()
    return Points(
        found.indices[some],
        [found.texts[row] for row in chosen],
        material.coordinates[some],
        material.axes,
        found.codes[some],
        None if found.labels is None else [found.labels[row] for row in chosen],
        columns | _coloured(material.colour, some),
    )


def _coloured(colour: maps.Categories | maps.Values | None, rows: np.ndarray) -> dict[str, Any]:
    """The colour as a column, where it is not one already."""
    if colour is None or colour.title in ("label", "KL", "reconstruction"):
        return {}
    name = colour.title.replace(" ", "_")
    if isinstance(colour, maps.Values):
        return {name: colour.values[rows]}
    names = [*colour.names, ""]
    return {name: [names[code] for code in colour.codes[rows].tolist()]}
