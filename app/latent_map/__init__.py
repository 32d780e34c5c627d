"""The latent map: up to a million rows under the pointer, drawn by the program in assets/latent_map/.

places, sentences = cached_points(run), cached_texts(run)      # Points and Texts, packed once
told = latent_map(places, key="map", alt="...", texts=sentences, colour=Categories.of(labels))
st.write(f"{len(told.selection):,} selected")
"""

from app.latent_map.component import latent_map, picked, told
from app.latent_map.description import What
from app.latent_map.inputs import (
    Categories,
    MapState,
    Points,
    Selection,
    Texts,
    Values,
    View,
)
from app.latent_map.marks import Ellipse, Label, Overlays, Path, Ring, Star
from app.latent_map.page import standalone_html

__all__ = [
    "Categories",
    "Ellipse",
    "Label",
    "MapState",
    "Overlays",
    "Path",
    "Points",
    "Ring",
    "Selection",
    "Star",
    "Texts",
    "Values",
    "View",
    "What",
    "latent_map",
    "picked",
    "standalone_html",
    "told",
]
