"""What the latent map is given: places, sentences, colours, a selection; checked when made.

Each value packs itself once and keeps the bytes: keep the value (in a cache) and a rerun costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from app.latent_map.wire import Blob, pack_rows, pack_texts
from engine.config import DataError

#: Pictures of 28 by 28 are some 200 kB then.
WINDOW = 512
#: "none" in a byte, "none" in two.
NONE = {1: 255, 2: 65535}


@dataclass(frozen=True, eq=False)
class Points:
    """Where the rows lie in one pane.

    Attributes:
        xy: (N, 2), or (S, N, 2) for S steps of the same rows in one frame.
        title: written over the pane; for two panes side by side.
        bounds: left, low, right, high of the frame; None takes in all points of all steps. Give the same
            bounds to several projections and a change between them leaves the view where it is.
        half: send float16, which halves the bytes; exact to about a thousandth of the frame.
    """

    xy: np.ndarray
    title: str = ""
    bounds: tuple[float, float, float, float] | None = None
    half: bool = False

    def __post_init__(self) -> None:
        if self.xy.ndim not in (2, 3) or self.xy.shape[-1] != 2:
            raise ValueError(f"points need shape (N, 2) or (S, N, 2), got {self.xy.shape}")
        if not self.xy.size:
            raise DataError("there is not one point to show; choose rows that exist")
        if broken := int((~np.isfinite(self.xy)).any(-1).sum()):
            raise DataError(
                f"{broken:,} of {self.xy.size // 2:,} points have no finite place (NaN or infinite); "
                "leave those rows out, or look whether the model diverged"
            )

    @property
    def n(self) -> int:
        """How many rows."""
        return self.xy.shape[-2]

    @property
    def steps(self) -> int:
        """How many steps."""
        return self.xy.shape[0] if self.xy.ndim == 3 else 1

    @cached_property
    def frame(self) -> tuple[float, float, float, float]:
        """Left, low, right, high; also of a single point, and without the farthest outliers.

        A few points many times as far away as all the others would make a speck of these; the map says
        how many lie beyond the frame.
        """
        if self.bounds is not None:
            return self.bounds
        flat = self.xy.reshape(-1, 2).astype(float)
        low, high = flat.min(0), flat.max(0)
        inner, outer = np.quantile(flat, (0.001, 0.999), axis=0)
        room = outer - inner
        low, high = np.maximum(low, inner - room), np.minimum(high, outer + room)
        spare = np.where(high > low, 0.0, 0.5)
        left, bottom, right, top = (float(v) for v in (*(low - spare), *(high + spare)))
        return left, bottom, right, top

    @cached_property
    def blob(self) -> Blob:
        """The coordinates, little-endian, step after step."""
        kind = "<f2" if self.half else "<f4"
        xy = np.clip(self.xy, -65504, 65504) if self.half else self.xy
        return Blob.of(np.ascontiguousarray(xy, kind).tobytes())

    def described(self) -> dict[str, Any]:
        """For the wire."""
        return {
            "title": self.title,
            "kind": "f2" if self.half else "f4",
            "steps": self.steps,
            "bounds": self.frame,
            "blob": self.blob,
        }


@dataclass(frozen=True, eq=False)
class Texts:
    """The sentences, one a row, shown beside the pointer; sent after the map stands.

    Pictures are many times as many bytes: they lie ready in windows of so many rows, and a window is
    fetched when the pointer first comes to one of its rows.

    Attributes:
        texts: sentences, or the data URIs of pictures.
        pictures: which of both.
    """

    texts: Sequence[str]
    pictures: bool = False

    @cached_property
    def parts(self) -> list[Blob]:
        """Count, offsets, UTF-8: of all sentences, or of each window of pictures."""
        step = WINDOW if self.pictures else max(len(self.texts), 1)
        starts = range(0, max(len(self.texts), 1), step)
        return [Blob.of(pack_texts(self.texts[start : start + step])) for start in starts]

    @cached_property
    def digest(self) -> str:
        """Names what they say."""
        first, *others = (part.digest for part in self.parts)
        return Blob.of("".join([first, *others]).encode()).digest if others else first

    def described(self) -> dict[str, Any]:
        """For the wire."""
        if self.pictures:
            return {"window": WINDOW, "parts": self.parts}
        return {"blob": self.parts[0]}


@dataclass(frozen=True, eq=False)
class Categories:
    """A label a row.

    Attributes:
        codes: (N,) places in ``names``; -1 where a row has none.
        names: at most 65,534 of them.
        title: over the legend.
        colours: one a name: a place in the theme's palette, or a CSS colour; None leaves it to the map,
            which gives the 20 largest a colour of their own.
    """

    codes: np.ndarray
    names: Sequence[str]
    title: str = "label"
    colours: Sequence[int | str] | None = None

    def __post_init__(self) -> None:
        if self.codes.ndim != 1 or self.codes.dtype.kind not in "iu":
            raise ValueError(
                f"codes need shape (N,) of integers, got {self.codes.shape} of {self.codes.dtype}"
            )
        if len(self.names) > NONE[2]:
            raise DataError(
                f"a map can tell {NONE[2]:,} categories apart, {self.title} has {len(self.names):,}; "
                "colour by something coarser"
            )
        if len(self.codes) and not -1 <= self.codes.min() <= self.codes.max() < len(self.names):
            raise ValueError(
                f"codes of {self.title} must lie in -1 .. {len(self.names) - 1}, "
                f"got {self.codes.min()} .. {self.codes.max()}"
            )
        if self.colours is not None and len(self.colours) != len(self.names):
            raise ValueError(f"{len(self.colours)} colours for {len(self.names)} names")

    @classmethod
    def of(cls, labels: Sequence[str | None] | np.ndarray, title: str = "label") -> Categories:
        """From one label a row (None or nothing: no label); names in alphabetical order."""
        texts = np.asarray(["" if label is None else str(label) for label in labels], dtype=object)
        names, codes = np.unique(texts.astype(str), return_inverse=True)
        codes = codes.astype(np.int32)
        if len(names) and names[0] == "":
            names, codes = names[1:], codes - 1
        return cls(codes, names.tolist(), title)

    @cached_property
    def blob(self) -> Blob:
        """One byte a row, or two."""
        none = NONE[self._width]
        codes = np.where(self.codes < 0, none, self.codes)
        return Blob.of(codes.astype(f"<u{self._width}").tobytes())

    @property
    def _width(self) -> int:
        return 1 if len(self.names) <= NONE[1] else 2

    def described(self) -> dict[str, Any]:
        """For the wire."""
        return {
            "kind": "categories",
            "title": self.title,
            "names": [str(name) for name in self.names],
            "colours": None if self.colours is None else list(self.colours),
            "width": self._width,
            "blob": self.blob,
        }


@dataclass(frozen=True, eq=False)
class Values:
    """A number a row, drawn in viridis.

    Attributes:
        values: (N,); NaN where a row has none.
        title, unit: over the legend.
        low, high: ends of the colours; None takes the 1st and 99th percentile, so that a few outliers
            do not wash out the rest.
    """

    values: np.ndarray
    title: str
    unit: str = ""
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 1:
            raise ValueError(f"values need shape (N,), got {self.values.shape}")
        low, high = self.range
        if not low <= high:
            raise ValueError(f"the colours of {self.title} begin at {low} and end at {high}")

    @cached_property
    def range(self) -> tuple[float, float]:
        """The ends of the colours."""
        real = self.values[np.isfinite(self.values)]
        low, high = np.percentile(real, (1, 99)) if len(real) else (0.0, 1.0)
        return (
            float(low if self.low is None else self.low),
            float(high if self.high is None else self.high),
        )

    @cached_property
    def blob(self) -> Blob:
        """float32."""
        return Blob.of(np.ascontiguousarray(self.values, "<f4").tobytes())

    def described(self) -> dict[str, Any]:
        """For the wire."""
        low, high = self.range
        return {
            "kind": "values",
            "title": self.title,
            "unit": self.unit,
            "low": low,
            "high": high,
            "blob": self.blob,
        }


Colour = Categories | Values


@dataclass(frozen=True, eq=False)
class Selection:
    """A selection that Python makes: a slice, the rows of a search.

    A person's lasso afterwards replaces it, and no rerun brings it back: it counts once a ``version``.

    Attributes:
        rows: which rows, or (N,) of bool; empty clears the selection.
        version: whatever changes when this selection shall be made (again): a counter, the slice's name.
        focus: the row to ring; None leaves it.
        zoom: also bring the selection into view.
    """

    rows: Sequence[int] | np.ndarray
    version: str | int
    focus: int | None = None
    zoom: bool = False

    def described(self, n: int) -> dict[str, Any]:
        """For the wire, among N rows."""
        given = np.asarray(self.rows)
        if given.dtype == bool and len(given) != n:
            raise ValueError(f"a mask of the selection needs {n:,} entries, got {len(given):,}")
        rows = np.flatnonzero(given) if given.dtype == bool else np.unique(given.astype(np.int64))
        if len(rows) and not (rows[0] >= 0 and rows[-1] < n):
            raise ValueError(f"selected rows must lie in 0 .. {n - 1}, got {rows[0]} .. {rows[-1]}")
        return {
            "version": str(self.version),
            "packed": pack_rows(rows, n),
            "focus": None if self.focus is None else int(self.focus),
            "zoom": self.zoom,
        }


@dataclass(frozen=True)
class View:
    """What a pane shows: left, low, right, high in the map's coordinates."""

    left: float
    low: float
    right: float
    high: float


@dataclass(frozen=True, eq=False)
class MapState:
    """What a person did on the map.

    Attributes:
        selection: the selected rows in rising order, int64; hidden ones included.
        focus: the row that was clicked.
        step: the step that is shown; None if there is only one.
        views: what each pane shows, if it was asked for.
    """

    selection: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    focus: int | None = None
    step: int | None = None
    views: tuple[View, ...] = ()
