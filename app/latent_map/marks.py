"""What is drawn over the points of the latent map: paths, stars, ellipses, rings, names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class Path:
    """A line through stops in the map's coordinates, such as an interpolation.

    Attributes:
        stops: (K, 2).
        labels: short ones written at the stops ("A", "", …, "B").
        texts: the sentences, shown when the pointer is on a stop.
        pane: in which pane; None in all.
        kind: "stops" marks every stop; "dashed" is a thin line without any, such as a diagonal, and has
            neither labels nor texts.
    """

    stops: Sequence[Sequence[float]] | np.ndarray
    labels: Sequence[str] = ()
    texts: Sequence[str] = ()
    pane: int | None = None
    kind: Literal["stops", "dashed"] = "stops"


@dataclass(frozen=True)
class Star:
    """A place of its own, such as a typed sentence."""

    x: float
    y: float
    label: str = ""
    text: str = ""
    pane: int | None = None


@dataclass(frozen=True)
class Ellipse:
    """μ ± σ of a posterior: centre, half axes, and the turn of the first one in radians."""

    x: float
    y: float
    rx: float
    ry: float
    angle: float = 0.0
    label: str = ""
    pane: int | None = None


@dataclass(frozen=True)
class Ring:
    """A circle of the prior, dashed: centre and radius in the map's coordinates."""

    x: float
    y: float
    radius: float
    label: str = ""
    pane: int | None = None


@dataclass(frozen=True)
class Label:
    """A name written at a place; of two that would cover each other the heavier one stays."""

    x: float
    y: float
    text: str
    weight: float = 1.0
    pane: int | None = None


@dataclass(frozen=True)
class Overlays:
    """What is drawn over the points."""

    paths: Sequence[Path] = ()
    stars: Sequence[Star] = ()
    ellipses: Sequence[Ellipse] = ()
    rings: Sequence[Ring] = ()
    labels: Sequence[Label] = ()

    def described(self) -> dict[str, Any]:
        """For the wire."""
        rings = [{"rx": ring.radius, "ry": ring.radius} | _told(ring) for ring in self.rings]
        return {
            "paths": [_told(path) for path in self.paths],
            "stars": [_told(star) for star in self.stars],
            "ellipses": [_told(ellipse) for ellipse in self.ellipses],
            "rings": rings,
            "labels": [_told(label) for label in self.labels],
        }


def _told(mark: Any) -> dict[str, Any]:
    told = {name: value for name, value in asdict(mark).items() if value is not None}
    if "stops" in told:
        stops = np.asarray(told["stops"], float)
        if stops.ndim != 2 or stops.shape[1] != 2 or not np.isfinite(stops).all():
            raise ValueError(f"a path needs finite stops of shape (K, 2), got {stops.shape}")
        told["stops"] = stops.tolist()
        told["labels"], told["texts"] = list(told["labels"]), list(told["texts"])
    return {name: _plain(value) for name, value in told.items()}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
