"""How one x is shown: a sentence as words, a picture as itself; what both are called, and counted in.

Units come from :mod:`engine.metrics`, words from the list here. No page asks whether a run is of pictures: it
asks here for HTML, a column, a label or a word. What comes from a data set or an address is other people's: a
text is escaped, and only what is a PNG in base64 becomes the source of a picture.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import loaders, sentences, thumbnails
from engine.config import EngineError
from engine.data.corpus import NOUNS
from engine.metrics import Metric
from engine.runs.store import Run

Kind = Literal["text", "images"]
LONGEST = 140
# From the longest: what is inside another must come after it. A latent token is no pixel, nor is the name of
# a setting such as data.max_tokens a word about sentences.
# Beside units, which say "nats/image" (Metric.unit_for), "per" and "a" say image too.
WORDS = (
    ("draws of a sentence's posterior read", "draws of a picture's posterior look like"),
    (
        "Nats are per sentence; the end token is counted, start and padding are not.",
        "Nats are per image.",
    ),
    (
        "Longer sentences are cut here, start and end not counted.",
        "At least the pixels of a whole picture, rows times columns: none is cut.",
    ),
    ("no perplexity of the text", "no perplexity of the pictures"),
    ("nats/sentence", "nats/image"),
    ("nats a sentence", "nats an image"),
    ("Readings", "Variants"),
    ("per sentence", "per image"),
    ("many lines", "many pictures"),
    ("line as given", "as given"),
    ("Tokens, the end included, that", "Pixels that"),
    ("the sentence's words", "the picture's pixels"),
    ("the end token", "the end"),
    (", end token counted, start token and padding not", ""),
    (", end token counted", ""),
    (" End token counted, start and padding not, <unk> as an ordinary token.", ""),
    (" <unk> as an ordinary token.", ""),
    ("token by token", "pixel by pixel"),
    ("tokens", "pixels"),
    ("token", "pixel"),
    ("Token", "Pixel"),
    ("sentence", "picture"),
    ("Sentence", "Picture"),
    ("read as the code", "look as the code"),
    ("Reads as the step", "Looks as the step"),
    ("reads the same", "looks the same"),
    ("read the same", "look the same"),
    ("Real text", "Real pictures"),
    ("Type ", "Choose "),
    ("typed", "chosen"),
)


def _pattern(ours: str) -> re.Pattern[str]:
    """Finds a phrase anywhere, and a word where it stands alone or in the plural."""
    whole = rf"(?<![\w.])(?<!atent ){ours}(?=s?\b)" if ours.isalpha() else re.escape(ours)
    return re.compile(whole)


_PATTERNS = [(_pattern(ours), theirs) for ours, theirs in WORDS]


@dataclass(frozen=True)
class Showing:
    """How x of a kind are shown.

    Attributes:
        kind: of the data that they are of.
    """

    kind: Kind

    @property
    def images(self) -> bool:
        """Whether they are pictures."""
        return self.kind == "images"

    @property
    def noun(self) -> str:
        """What one of them is called."""
        return "picture" if self.images else "sentence"

    @property
    def nouns(self) -> str:
        """What several are called."""
        return NOUNS[self.kind]

    def unit(self, metric: Metric) -> str:
        """What a number of METRICS is counted in."""
        return metric.unit_for(self.kind)

    def words(self, text: str) -> str:
        """Words that were written about sentences, about what this run is of."""
        if self.images:
            for ours, theirs in _PATTERNS:
                text = ours.sub(theirs, text)
        return text

    def chart(self, figure: go.Figure) -> go.Figure:
        """A chart whose title and hover were written about sentences, about what this run is of."""
        if self.images:
            if (title := figure.layout.title.text) is not None:
                figure.update_layout(title_text=self.words(title))
            for trace in figure.data:
                if isinstance(told := getattr(trace, "hovertemplate", None), str):
                    trace.hovertemplate = self.words(told)
        return figure

    def html(self, text: str, side: int = thumbnails.MIDDLE, alt: str = "") -> str:
        """One x as HTML.

        Args:
            text: a sentence or a data URI.
            side: of a picture, pixels.
            alt: what the picture is, for those who do not see it.
        """
        if self.images:
            return thumbnails.picture(text, side, alt)
        return html.escape(text) or "∅"

    def marked(
        self,
        text: str,
        pieces: Sequence[str],
        changed: Sequence[bool],
        side: int = thumbnails.MIDDLE,
    ) -> str:
        """One x as HTML, a sentence with its changed pieces marked."""
        if self.images:
            return thumbnails.picture(text, side)
        return sentences.marked(text, pieces, changed) or "∅"

    def compared(self, source: str, output: str, side: int = thumbnails.MIDDLE) -> str:
        """``output`` as HTML, words that ``source`` lacks marked."""
        return (
            thumbnails.picture(output, side) if self.images else sentences.compared(source, output)
        )

    def difference(self, found: Any, side: int = thumbnails.MIDDLE) -> str:
        """What came back of an x, as HTML: words struck through and marked, or the picture beside what was read."""
        if self.images:
            return thumbnails.row(
                [("as the model reads it", found.seen), ("came back", found.output)], side
            )
        return sentences.difference(found.difference) or "∅"

    def strip(self, rows: Sequence[tuple[str, str, str]], alt: str) -> str:
        """Rows of (place, an x as HTML, aside) as HTML: sentences below each other, pictures in a line.

        Args:
            rows: what stands before each, it, and what stands behind it; none of it is escaped here.
            alt: what is shown.
        """
        cells = "".join(
            f'<div class="zs-step" role="row"><div class="zs-alpha" role="cell">{place}</div>'
            f'<div class="zs-sentence" role="cell">{shown}</div>'
            f'<div class="zs-aside" role="cell">{aside}</div></div>'
            for place, shown, aside in rows
        )
        kind = "zs-film" if self.images else "zs-strip"
        return f'<div class="{kind}" role="table" aria-label="{html.escape(alt)}">{cells}</div>'

    def label(self, text: str, most: int = LONGEST) -> str:
        """One x on a button or in a caption, as Markdown."""
        if self.images:
            return f"![{self.noun}]({text})" if thumbnails.trusted(text) else "∅"
        return sentences.plain(short(text, most))

    def column(self, label: str | None = None, **options: Any) -> Any:
        """The column of a table that holds x."""
        if not self.images:
            return st.column_config.TextColumn(label, **options)
        named = None if label is None else self.words(label)
        return st.column_config.ImageColumn(named, width=thumbnails.SMALL + 24)

    def table(self, data: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """A table whose columns of x can be looked at: a table blurs small pictures, so they are enlarged."""
        if not self.images:
            return data
        return data.assign(
            **{
                name: [thumbnails.large(text) for text in data[name]]
                for name in columns
                if name in data
            }
        )

    @property
    def size(self) -> tuple[str, str, Callable[[Sequence[str]], np.ndarray]]:
        """How large x are: what that is called, its unit, and what measures many."""
        return ("ink", "share", _ink) if self.images else ("length", "words", _lengths)

    @property
    def match_help(self) -> str:
        """What the share is that says how alike two x are."""
        if self.images:
            return (
                "Share of equal pixels, each on or off: how much of the picture its code keeps. Most pixels are "
                "off anyway."
            )
        return "1 - token edit distance / longer length: how much of the sentence its code keeps."

    @property
    def row_height(self) -> int | None:
        """Of a table with x in it, pixels; None where it is a table's usual one."""
        return thumbnails.SMALL + 8 if self.images else None


TEXT, IMAGES = Showing("text"), Showing("images")
_shown: ContextVar[Showing | None] = ContextVar("shown", default=None)


@contextmanager
def about(shown: Showing) -> Iterator[None]:
    """What is drawn inside is about such x, whatever run the sidebar has: words and units follow."""
    before = _shown.set(shown)
    try:
        yield
    finally:
        _shown.reset(before)


def of(run: Run | None) -> Showing:
    """How the x of a run is shown; of one that is gone or damaged, of which the page says so, as text."""
    try:
        return TEXT if run is None else of_kind(run.kind)
    except EngineError:
        return TEXT


def of_kind(kind: str | None) -> Showing:
    """How x of a kind of data are shown; as text where nobody knows."""
    return IMAGES if kind == IMAGES.kind else TEXT


def current() -> Showing:
    """How x are shown here: as what is drawn says it is about, else those of the run in the sidebar."""
    return _shown.get() or of(loaders.current_run())


def _lengths(texts: Sequence[str]) -> np.ndarray:
    return np.asarray([len(text.split()) for text in texts])


def _ink(texts: Sequence[str]) -> np.ndarray:
    from engine.data import pictures

    return np.asarray([float(pictures.read(text).mean()) / pictures.WHITE for text in texts])


def short(text: str, most: int = LONGEST) -> str:
    """A sentence that fits into a list; a sign for nothing where it is empty."""
    text = " ".join(text.split())
    return (text if len(text) <= most else f"{text[: most - 1].rstrip()}…") or "∅"
