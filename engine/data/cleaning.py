"""Cleans rows as they stream in: one line per text, no empty ones, labels that are labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.config import DataError
from engine.data.guessing import Guess
from engine.data.reading import Rows

if TYPE_CHECKING:
    from engine.data.importing import ImportOptions

UNLABELLED = "(none)"
_SHOWN = 10
_RESERVED = ("text", "label")
# The replacement character; UTF-8 that was read as Latin-1 or cp1252; control characters.
_SUSPECT = {
    "a replacement character (�), left by an earlier conversion": "\ufffd",
    "text that was UTF-8 but read as Latin-1 (such as Ã©)": "Ã[\u0080-\u00bf]|â€",
    "a control character": "[\u0000-\u0008\u000e-\u001f\u007f]",
}


class TooManyLabels(DataError):
    """A label column with so many values that it labels nothing."""

    def __init__(self, column: str, summary: str) -> None:
        self.summary = summary
        super().__init__(
            f"{summary}; choose a column that groups the texts, import without labels, or raise "
            f"max_labels if {column!r} really holds labels"
        )


class Cleaner:
    """Rows of a file as columns of a corpus; counts and remembers what it met."""

    def __init__(self, guess: Guess, options: ImportOptions) -> None:
        self.guess = guess
        self.options = options
        self.rows = 0
        self.empty = 0
        self.long = 0
        self._labels: set[str] = set()
        self._suspect: dict[str, tuple[int, list[str]]] = {}
        self._several = False
        self._file = guess.path.name
        if guess.text_column is None:
            raise DataError(_no_text(guess))
        self._names = _stored_names(guess)

    def clean(self, rows: Rows, file: str) -> dict[str, Any]:
        """The columns of these rows that the corpus keeps; "text" first."""
        self._several, self._file = self._several or file != self._file, file
        lines = np.asarray(rows.lines)
        self.rows += len(lines)
        text = self._texts(rows)
        keep = np.asarray(pc.utf8_length(text)) > 0
        self.empty += int((~keep).sum())
        self._note_suspects(text, lines)
        text, fits = self._fit(text, lines)
        keep &= fits
        columns = {"text": text}
        for name, stored in self._names.items():
            if name == self.guess.label_column:
                columns[stored] = self._label(rows.columns[name], keep)
            elif name != self.guess.text_column:
                columns[stored] = _extra(rows.columns[name])
        mask = pa.array(keep)
        return {name: column.filter(mask) for name, column in columns.items()}

    def check(self, kept: int) -> None:
        """Raises DataError where no row had a text."""
        if not kept:
            what = f"column {self.guess.text_column!r} of " if self.guess.format != "txt" else ""
            raise DataError(
                f"{what}{self.guess.path.name} holds no text: all {self.rows:,} rows are empty; "
                "choose another text column or file"
            )

    def notes(self) -> Iterator[str]:
        """What a person should know about the import."""
        if self.guess.format != "txt":
            label = self.guess.label_column
            yield f"text from column {self.guess.text_column!r}" + (
                f", labels from column {label!r}" if label else ", no labels"
            )
        if self.empty:
            yield f"{self.empty:,} empty rows left out"
        if self.long:
            what = "left out" if self.options.long_texts == "drop" else "cut"
            yield f"{self.long:,} texts of more than {self.options.max_characters:,} characters {what}"

    def encoding_problems(self) -> Iterator[str]:
        """Lines that look as if their encoding had been mistaken, here or earlier."""
        for what, (count, lines) in self._suspect.items():
            more = ", ..." if count > len(lines) else ""
            yield f"{count:,} texts hold {what}: {', '.join(lines)}{more}"

    def _texts(self, rows: Rows) -> Any:
        column = rows.columns[self.guess.text_column or ""]
        text = _strings(column)
        if text is None:
            raise DataError(
                f"the text column {self.guess.text_column!r} of {self._file} must hold strings, "
                f"got {column.type}; choose another column"
            )
        text = pc.fill_null(text, "")
        return pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r"\s+", " "))

    def _fit(self, text: Any, lines: np.ndarray) -> tuple[Any, np.ndarray]:
        most = self.options.max_characters
        lengths = np.asarray(pc.utf8_length(text))
        fits = lengths <= most
        if fits.all():
            return text, fits
        if self.options.long_texts == "refuse":
            worst = int(np.flatnonzero(~fits)[0])
            raise DataError(
                f"line {lines[worst]:,} of {self._file} has {lengths[worst]:,} characters; a text "
                f"may have at most {most:,}. Put one sentence per line, drop or cut long texts "
                "(long_texts), or raise max_characters"
            )
        self.long += int((~fits).sum())
        if self.options.long_texts == "drop":
            return text, fits
        return pc.utf8_slice_codeunits(text, 0, most), np.ones_like(fits)

    def _label(self, column: Any, keep: np.ndarray) -> Any:
        label = _strings(column)
        if label is None:
            label = column.cast(pa.large_string())
        label = pc.utf8_trim_whitespace(pc.fill_null(label, ""))
        label = pc.if_else(pc.equal(label, ""), UNLABELLED, label)
        self._labels |= set(label.filter(pa.array(keep)).unique().to_pylist())
        if len(self._labels) > self.options.max_labels:
            name = self.guess.label_column or ""
            raise TooManyLabels(
                name,
                f"column {name!r} has more than {self.options.max_labels:,} different values in "
                f"{self.rows:,} rows",
            )
        return label

    def _note_suspects(self, text: Any, lines: np.ndarray) -> None:
        if not pc.any(pc.match_substring_regex(text, "|".join(_SUSPECT.values()))).as_py():
            return  # nearly always: one search, not three
        for what, pattern in _SUSPECT.items():
            found = np.flatnonzero(np.asarray(pc.match_substring_regex(text, pattern)))
            if len(found):
                count, shown = self._suspect.get(what, (0, []))
                room = max(0, _SHOWN - len(shown))
                where = f"{self._file} line" if self._several else "line"
                shown = shown + [f"{where} {n:,}" for n in lines[found[:room]]]
                self._suspect[what] = (count + len(found), shown)


def _strings(column: Any) -> Any:
    """A column as Arrow strings, or None where it holds something else."""
    array = column if isinstance(column, pa.Array) else pa.array(column, pa.large_string())
    if pa.types.is_null(array.type) or pa.types.is_string(array.type):
        return array.cast(pa.large_string())
    return array if pa.types.is_large_string(array.type) else None


def _extra(column: Any) -> Any:
    """Any other column; an empty cell is a missing value."""
    strings = _strings(column)
    if strings is None:
        return column
    return pc.if_else(pc.equal(strings, ""), pa.scalar(None, pa.large_string()), strings)


def _stored_names(guess: Guess) -> dict[str, str]:
    """Name in the file to name in the corpus: "text" and "label" are taken by their roles."""
    roles = {guess.text_column: "text", guess.label_column: "label"}
    names: dict[str, str] = {}
    for name in guess.columns:
        stored = roles.get(name, name)
        if name not in roles and name in _RESERVED:
            stored = f"{name} (file)"
        names[name] = stored
    return names


def _no_text(guess: Guess) -> str:
    shown = ", ".join(guess.columns[:8]) + (", ..." if len(guess.columns) > 8 else "")
    return (
        f"{guess.path.name} has no column with text: {shown} hold only numbers or nothing; a "
        "corpus needs a column of sentences. Check the delimiter and the header, or name the "
        "text column"
    )
