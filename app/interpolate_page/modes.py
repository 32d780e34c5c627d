"""MODES: what can be done between sentences; one line a mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.interpolate_page import attribute, likeness, models, pair, several, square, wobbling
from app.interpolate_page.here import Here


@dataclass(frozen=True)
class Mode:
    """One thing to do: what it is for, and what draws it."""

    purpose: str
    draw: Callable[[Here], None]


# By their titles, which an address carries.
MODES: dict[str, Mode] = {
    "Two sentences": Mode("From A to B, along one kind of path or several.", pair.draw),
    "Palette": Mode("Four sentences as corners of a square; draw a line over it.", square.draw),
    "Several stops": Mode("Through any number of sentences, one after the other.", several.draw),
    "Attribute": Mode(
        "The direction between two slices or labels slides a sentence.", attribute.draw
    ),
    "Analogy": Mode("A is to B as C is to what?", likeness.draw),
    "Wobble": Mode(
        "What draws of a sentence's posterior read: how settled its code is.", wobbling.draw
    ),
    "Across": Mode("The same pair through several checkpoints or runs.", models.draw),
}
