"""Palettes, tours, slides and their kin as tables: CSV, Markdown, LaTeX and JSON alike; of pictures also a PNG."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, singledispatch
from typing import Any

from engine.data.pictures import is_picture
from engine.data.pictures.sheets import sheet
from engine.explore.analogy import Analogy
from engine.explore.exports import latex_text, markdown_text
from engine.explore.holes import Extremes
from engine.explore.palette import Palette
from engine.explore.slide import Slide
from engine.explore.stops import Tour
from engine.explore.traversal import Traversal
from engine.explore.wobble import Wobble

Cell = str | int | float | bool | None
SENTENCE = "sentence"


@dataclass(frozen=True)
class Table:
    """A result as rows.

    Attributes:
        columns: their names; a column of sentences that holds pictures is called so.
        rows: as many cells each.
        across: how many rows stand beside each other on a sheet of pictures; as in a square where absent.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    across: int | None = None

    def __post_init__(self) -> None:
        if self.pictures:
            at = self.columns.index(SENTENCE)
            named = (*self.columns[:at], "picture", *self.columns[at + 1 :])
            object.__setattr__(self, "columns", named)

    @cached_property
    def pictures(self) -> list[str]:
        """The pictures that were decoded, of each row that has one; none of a table of sentences."""
        if SENTENCE not in self.columns:
            return []
        at = self.columns.index(SENTENCE)
        return [cell for row in self.rows if is_picture(cell := str(row[at]))]

    def to_png(self) -> bytes:
        """The pictures side by side, as the content of a PNG.

        Raises:
            DataError: there is none.
        """
        return sheet(self.pictures, self.across)

    def to_csv(self) -> str:
        """Comma-separated, all digits, an empty cell for what is not known."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return out.getvalue()

    def to_json(self) -> str:
        """A list of objects."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return json.dumps(rows, ensure_ascii=False, indent=2)

    def to_markdown(self) -> str:
        """A table of Markdown."""
        lines = [self.columns, ["---"] * len(self.columns)]
        lines += [[markdown_text(_shown(cell)) for cell in row] for row in self.rows]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def to_latex(self) -> str:
        r"""A ``tabular`` of booktabs."""
        aligned = "".join("l" if self._is_text(at) else "r" for at in range(len(self.columns)))
        lines = [r"% needs \usepackage{booktabs}", rf"\begin{{tabular}}{{{aligned}}}", r"\toprule"]
        lines += [" & ".join(map(latex_text, self.columns)) + r" \\", r"\midrule"]
        lines += [
            " & ".join(latex_text(_shown(cell)) for cell in row) + r" \\" for row in self.rows
        ]
        return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"

    def _is_text(self, column: int) -> bool:
        return any(isinstance(row[column], str) for row in self.rows)


WRITERS: dict[str, Callable[[Table], str]] = {
    "csv": Table.to_csv,
    "json": Table.to_json,
    "md": Table.to_markdown,
    "tex": Table.to_latex,
}


@singledispatch
def table_of(found: Any) -> Table:
    """A palette, tour, list of traversals, slide, analogy, wobble, or prior draws as a table."""
    raise TypeError(f"there is no table of a {type(found).__name__}")


@table_of.register
def _(found: Palette) -> Table:
    columns = ("across", "down", "sentence", "nats", "off the data")
    last = found.size - 1
    rows = [
        (at % found.size / last, at // found.size / last, cell.text, cell.nll, cell.off_data)
        for at, cell in enumerate(found.cells)
    ]
    return Table(columns, rows, found.size)


@table_of.register
def _(found: Tour) -> Table:
    stops = {place: stop.text for place, stop in zip(found.places, found.stops, strict=True)}
    rows = [
        (at, stops.get(at), step.text, step.nll, step.off_data)
        for at, step in enumerate(found.steps)
    ]
    return Table(("step", "stop", "sentence", "nats", "off the data"), rows, len(rows))


@table_of.register(list)
def _(found: list[Traversal]) -> Table:
    rows = [
        (one.axis, place, stop.text, stop.nll, stop.off_data)
        for one in found
        for place, stop in zip(one.places, one.stops, strict=True)
    ]
    columns = ("axis", "place", "sentence", "nats", "off the data")
    return Table(columns, rows, len(found[0].places) if found else None)


@table_of.register
def _(found: Slide) -> Table:
    columns = ("s", "sentence", "similarity", "echo", "agreement", "off the data")
    rows = [
        (
            stop.s,
            stop.decoded.text,
            stop.similarity,
            stop.echo,
            stop.agreement,
            stop.decoded.off_data,
        )
        for stop in found.stops
    ]
    return Table(columns, rows, len(rows))


@table_of.register
def _(found: Analogy) -> Table:
    rows: list[tuple[Cell, ...]] = [
        ("difference of the pairs", degree, answer.text, answer.nll)
        for degree, answer in zip(found.degrees, found.answers, strict=True)
    ]
    rows += [("a random pair's", 1.0, one.text, one.nll) for one in found.controls]
    return Table(("added", "degree", "sentence", "nats"), rows, len(found.degrees))


@table_of.register
def _(found: Wobble) -> Table:
    rows = [(one.text, one.count, one.count / found.draws) for one in found.readings]
    return Table(("sentence", "draws", "share"), rows)


@table_of.register
def _(found: Extremes) -> Table:
    parts = (("worst", found.worst), ("best", found.best))
    rows = [
        (which, draw.text, draw.ratio, draw.log_q, draw.hole, draw.nll)
        for which, draws in parts
        for draw in draws
    ]
    columns = ("which", "sentence", "log q - log p", "log q", "hole", "nats per token")
    return Table(columns, rows)


def table_of_measures(measures: Mapping[str, Mapping[str, float]]) -> Table:
    """Paths side by side, one a row; what a path has not is empty. See ``smoothness``."""
    from engine.metrics import describe

    names: Sequence[str] = list(
        dict.fromkeys(name for found in measures.values() for name in found)
    )
    rows = [(path, *(found.get(name) for name in names)) for path, found in measures.items()]
    return Table(("path", *(describe(name).label for name in names)), rows)


def _shown(cell: Cell) -> str:
    """As a reader wants it: three digits, yes and no, a dash for what is not known."""
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell)
