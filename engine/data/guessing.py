"""Looks at the beginning of a file and guesses what it is and which column holds the text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.config import DataError
from engine.data.files import HEAD, encoding_of, head

if TYPE_CHECKING:
    import pandas as pd

FORMATS = {
    ".txt": "txt",
    ".text": "txt",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
SAMPLE = 1_000
PREVIEW = 20
_DELIMITERS = ",;\t|"
_TEXT_NAMES = ("text", "sentence", "content", "review", "utterance", "body", "caption", "tweet")
_LABEL_NAMES = ("label", "class", "category", "intent", "topic", "sentiment", "tag", "target")
_NAME = re.compile(r"[^\W\d][\w .()/-]{0,39}")
_MOST_LABELS = 200


@dataclass(frozen=True)
class Guess:
    """What a file seems to be; every part of it can be corrected through ``ImportOptions``.

    Attributes:
        format: txt, csv, tsv, jsonl or parquet.
        delimiter: between the columns of csv and tsv.
        header: whether the first line names the columns.
        quoted: whether cells may stand between double quotes.
        columns: the names of the columns; "text" alone for txt.
        text_column: the one with the longest strings on average; None where none holds text.
        label_column: the one with few different values; None where none does.
        preview: the first rows.
        size: bytes on disk.
    """

    path: Path
    format: str
    encoding: str = "utf-8"
    delimiter: str | None = None
    header: bool = False
    quoted: bool = True
    columns: tuple[str, ...] = ("text",)
    text_column: str | None = "text"
    label_column: str | None = None
    size: int = 0
    preview: pd.DataFrame | None = field(default=None, compare=False)


def detect(path: Path, delimiter: str | None, header: bool | None, encoding: str | None) -> Guess:
    """The format of a file and the names of its columns, from its first 64 KiB.

    Raises:
        DataError: it is missing, empty, binary, or of a format that Zscape does not read.
    """
    start, size = head(path), path.stat().st_size
    if start.startswith(b"PAR1"):
        return Guess(path, "parquet", size=size)
    suffixes = [s.lower() for s in path.suffixes if s.lower() != ".gz"]
    named = FORMATS.get(suffixes[-1]) if suffixes else None
    if named == "parquet":
        raise DataError(
            f"{path.name} is called Parquet but does not begin like one; export or copy it again"
        )
    encoding = encoding or encoding_of(path, start)
    sample = _whole_lines(start.decode(encoding, errors="replace"), len(start) < HEAD)
    kind = _kind(named, sample)
    if kind == "jsonl":
        return Guess(path, kind, encoding, columns=_keys(path, sample), size=size)
    if kind == "txt":
        return Guess(path, kind, encoding, size=size)
    return _table(path, kind, encoding, sample, delimiter, header, size)


def guess_columns(columns: dict[str, list[str]]) -> tuple[str | None, str | None]:
    """The text and the label column of a sample of rows; None where there is no such column."""
    textual = {
        name: _average_length(values)
        for name, values in columns.items()
        if not _all_numbers(values)
    }
    if not textual:
        return None, None
    known = [name for name in textual if name.lower() in _TEXT_NAMES and textual[name] >= 1]
    text = max(known or textual, key=lambda name: textual[name])
    rest = {name: values for name, values in columns.items() if name != text}
    labels = [name for name in rest if _is_label(rest[name])]
    named = [name for name in labels if name.lower() in _LABEL_NAMES]
    # A column of numbers is a label only where its name says so, or its values are few and whole.
    return text, next(iter(named + labels), None)


def _kind(named: str | None, sample: Sequence[str]) -> str:
    if named in ("csv", "tsv", "jsonl"):
        return named
    tabs = {line.count("\t") for line in sample if line}
    if len(tabs) == 1 and tabs != {0}:
        return "tsv"
    if named is None and sample and sample[0].lstrip().startswith("{"):
        return "jsonl"
    return "txt"


def _table(
    path: Path,
    kind: str,
    encoding: str,
    sample: Sequence[str],
    delimiter: str | None,
    header: bool | None,
    size: int,
) -> Guess:
    delimiter = delimiter or ("\t" if kind == "tsv" else _delimiter(sample))
    quoted = delimiter != "\t" or _has_quotes(sample)
    rows = parse_rows(sample, delimiter, quoted)
    if not rows:
        raise DataError(f"{path.name} has no rows; it must hold one row per text")
    header = _has_header(rows) if header is None else header
    names = rows[0] if header else [f"column {i + 1}" for i in range(len(rows[0]))]
    return Guess(
        path, kind, encoding, delimiter, header, quoted, columns=_distinct(names), size=size
    )


def quoting(quoted: bool) -> Literal[0, 3]:
    """The csv module's constant for cells with or without quotes."""
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE


def parse_rows(sample: Sequence[str], delimiter: str, quoted: bool) -> list[list[str]]:
    """The rows of a sample of lines; a faulty end is left to the real reader."""
    stream = io.StringIO("\n".join(sample) + "\n")
    rows = []
    try:
        for row in csv.reader(stream, delimiter=delimiter, quoting=quoting(quoted)):
            if row:
                rows.append(row)
    except csv.Error:
        pass  # the real reader names the line
    return rows


def _delimiter(sample: Sequence[str]) -> str:
    """The delimiter that cuts most rows into the same number of columns, more than one."""

    def agreement(delimiter: str) -> tuple[float, int]:
        rows = parse_rows(sample, delimiter, True)
        widths = [len(row) for row in rows]
        width = max(set(widths), key=widths.count, default=1)
        # A comma with a blank behind it is prose.
        tight = sum(not cell.startswith(" ") for row in rows for cell in row[1:])
        return (widths.count(width) / len(widths) if width > 1 else 0.0), tight

    return max(_DELIMITERS, key=agreement)


def _has_quotes(sample: Sequence[str]) -> bool:
    """Whether quotes of a tab-separated file enclose cells; else they are part of the text."""
    cells = [cell for line in sample for cell in line.split("\t") if cell.startswith('"')]
    closed = [len(cell) > 1 and cell.endswith('"') for cell in cells]
    inner = [cell[1:-1].replace('""', "").count('"') for cell in cells]
    return bool(cells) and all(closed) and not any(inner)


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names columns: short, distinct names that the rows below do not hold."""
    first, body = [cell.strip() for cell in rows[0]], rows[1:]
    if not all(_NAME.fullmatch(cell) for cell in first) or len(set(first)) < len(first):
        return False
    if any(cell.lower() in _TEXT_NAMES + _LABEL_NAMES for cell in first):
        return True
    columns = [[row[i] for row in body if len(row) > i] for i in range(len(first))]
    if any(cell in column for cell, column in zip(first, columns)):
        return False
    if any(_all_numbers(column) for column in columns if column):
        return True
    longest = max(range(len(first)), key=lambda i: _average_length(columns[i]))
    return len(first[longest]) * 2 < _average_length(columns[longest])


def _keys(path: Path, sample: Sequence[str]) -> tuple[str, ...]:
    """The keys of the objects of a JSON Lines sample whose values are not lists or objects."""
    if sample and sample[0].lstrip().startswith("["):
        raise DataError(
            f"{path.name} is one JSON list; JSON Lines has one object per line, such as "
            '{"text": "..."}. Convert it with: jq -c ".[]" file.json > file.jsonl'
        )
    keys: dict[str, None] = {}
    for line in sample:
        try:
            item = json.loads(line) if line.strip() else {}
        except ValueError:
            continue  # the reader names the line
        if isinstance(item, dict):
            keys |= {k: None for k, v in item.items() if not isinstance(v, list | dict)}
    return tuple(keys) or ("text",)


def _whole_lines(sample: str, complete: bool) -> list[str]:
    text = io.StringIO(sample.removeprefix("\ufeff"), newline=None).read()
    rows = text.rstrip("\n").split("\n")[:SAMPLE]
    return rows if complete or len(rows) < 2 else rows[:-1]


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for number, name in enumerate(names, 1):
        name = name.strip() or f"column {number}"
        found.append(name if name not in found else f"{name} {number}")
    return tuple(found)


def _average_length(values: Sequence[str]) -> float:
    return sum(map(len, values)) / len(values) if values else 0.0


def _all_numbers(values: Sequence[str]) -> bool:
    try:
        for value in values:
            float(value or 0)
    except ValueError:
        return False
    return True


def _is_label(values: Sequence[str]) -> bool:
    distinct = set(values)
    few = len(distinct) <= max(2, min(_MOST_LABELS, len(values) // 2))
    whole = not _all_numbers(values) or all(v.lstrip("-").isdigit() for v in distinct if v)
    return few and whole and len(distinct) > 1 and len(values) > 2
