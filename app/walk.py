"""A decoded path that a person walks: scrubber, strip, gauges and token probabilities, all in the browser.

Everything that can be looked at is sent once; whatever a person does on it sends nothing back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from app import sentences, showing

SOURCES = Path(__file__).resolve().parent.parent / "assets" / "walk"
OFF = "log q(z) is below what 99 of 100 posterior draws of the data exceed: no sentence has such a code."
NLL = "-log p(sentence | its code), end token counted"
_element = st.components.v2.component(
    "zscape_walk",
    js=(SOURCES / "walk.js").read_text(encoding="utf-8"),
    css=(SOURCES / "walk.css").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Stop:
    """A sentence on the way.

    Attributes:
        at: where, in words.
        text: the sentence.
        pieces: its tokens as they are displayed.
        changed: for each piece, whether it is marked.
        nll: -log p(sentence | code), nats; None where nobody asked.
        mark: a letter beside the place.
        folded: reads as the stop before does.
        values: of the gauges, by their names.
        tokens: probability of each token and the end token.
        off: whether the code lies off the data; None where nobody knows.
        aside: what else is to be said of it.
        short: the same in a few letters, for the strip; nats where absent.
    """

    at: str
    text: str
    pieces: Sequence[str]
    changed: Sequence[bool]
    nll: float | None = None
    mark: str = ""
    folded: bool = False
    values: dict[str, float] = field(default_factory=dict)
    tokens: Sequence[float] | None = None
    off: bool | None = None
    aside: str = ""
    short: str | None = None

    def sent(self) -> dict[str, Any]:
        """What the browser is told of it."""
        tokens = None
        # A picture has no pieces, and so no row of tokens either.
        if self.tokens is not None and self.pieces:
            pieces = [piece.replace("▁", " ").strip() or "␣" for piece in self.pieces]
            tokens = list(zip([*pieces, "end"], self.tokens, strict=True))
        return {
            "at": self.at,
            "parts": sentences.spans(self.text, self.pieces, self.changed),
            "nll": self.nll,
            "mark": self.mark,
            "folded": self.folded,
            "values": self.values,
            "tokens": tokens,
            "off": bool(self.off),
            "aside": self.aside,
            "short": self.short,
        }


@dataclass(frozen=True)
class Track:
    """One path: its name, its stops and a sentence about it."""

    name: str
    stops: Sequence[Stop]
    note: str = ""


@dataclass(frozen=True)
class Gauge:
    """A number of every stop, drawn along the path.

    Attributes:
        name: in the values of a stop.
        label, unit, help: as it is shown; help is its definition.
        band: what is usual, from low to high.
        told: what the band is.
        low: whether below the band is unusual too.
    """

    name: str
    label: str
    unit: str
    help: str
    band: tuple[float, float] | None = None
    told: str = ""
    low: bool = False


def walk(
    tracks: Sequence[Track],
    *,
    key: str,
    alt: str,
    gauges: Sequence[Gauge] = (),
    symbol: str = "α",
    slider: str = "Walk from A to B",
    here: int | None = None,
) -> None:
    """Draw paths that are read one at a time, at one place of all of them.

    Args:
        tracks: at least one, each with at least one stop.
        key: the element's own; where one was is kept under it.
        alt: what the strip shows, for those who do not see it.
        gauges: numbers along the path.
        symbol: what the places are values of.
        slider: what the scrubber is called.
        here: the stop that is shown first; the middle where absent.
    """
    shown = showing.current()
    first = len(tracks[0].stops) // 2 if here is None else here
    data = {
        "key": key,
        "alt": shown.words(alt),
        "images": shown.images,
        "about": shown.words(NLL),
        "symbol": symbol,
        "slider": slider,
        "here": first,
        "off": shown.words(OFF),
        "gauges": [vars(gauge) | {"help": shown.words(gauge.help)} for gauge in gauges],
        "tracks": [
            {"name": one.name, "note": one.note, "stops": [stop.sent() for stop in one.stops]}
            for one in tracks
        ],
    }
    _element(key=f"walk-{key}", data=data, height="content")


def decoded(
    found: Sequence[Any], places: Sequence[str], marks: Sequence[str] = (), first: bool = False
) -> list[Stop]:
    """Stops of decoded codes.

    Args:
        found: what ``decode_codes`` gives.
        places: where each is, in words.
        marks: a letter each, where there are any.
        first: whether the marks of the first one mean something.
    """
    named = list(marks) or [""] * len(found)
    return [
        Stop(
            at=places[at],
            text=one.text,
            pieces=one.pieces,
            changed=one.changed if at or first else [False] * len(one.pieces),
            nll=one.nll,
            mark=named[at],
            folded=at > 0 and one.text == found[at - 1].text,
            off=one.off_data,
        )
        for at, one in enumerate(found)
    ]
