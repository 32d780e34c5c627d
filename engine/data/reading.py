"""Streams the rows of a file of any format, and names the line of whatever is wrong with it."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import DataError, one_of
from engine.data.class_names import class_names, named
from engine.data.files import LONGEST_LINE, Opened, gzipped, lines, opened, whole_gzip
from engine.data.guessing import Guess, quoting

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 10_000


@dataclass
class Rows:
    """Some rows of a file.

    Attributes:
        columns: by name; strings, or Arrow arrays where the format has types.
        lines: the line of each row in the file, counted from 1 (Parquet: the row).
        position: bytes of the file read so far.
    """

    columns: dict[str, Any]
    lines: Sequence[int]
    position: int


def read(guess: Guess, errors: str = "strict") -> Iterator[Rows]:
    """All rows of a file, ten thousand or so at a time.

    Args:
        guess: how to read it.
        errors: "strict" refuses bytes that are not text, "replace" marks them with U+FFFD.

    Raises:
        DataError: the file is damaged; the message names the line.
    """
    if guess.format == "parquet":
        return _parquet(guess)
    readers: dict[str, Callable[..., Iterator[Rows]]] = {
        "txt": _txt,
        "csv": _table,
        "tsv": _table,
        "jsonl": _jsonl,
    }
    return _text(guess, errors, readers[guess.format])


def parquet_columns(path: Path) -> tuple[str, ...]:
    """The columns of a Parquet file that hold one value per row."""
    import pyarrow as pa

    with _parquet_file(path) as file:
        nested = pa.types.is_nested
        return tuple(f.name for f in file.schema_arrow if not nested(f.type))


def _text(guess: Guess, errors: str, reader: Callable[..., Iterator[Rows]]) -> Iterator[Rows]:
    newline = "" if reader is _table else None
    with opened(guess.path, guess.encoding, errors=errors, newline=newline) as file:
        yield from reader(guess, file)


def _txt(guess: Guess, file: Opened) -> Iterator[Rows]:
    number = 1
    for block in lines(file.text, guess.path.name):
        if number == 1 and block:
            block[0] = block[0].removeprefix("\ufeff")
        yield Rows({"text": block}, range(number, number + len(block)), file.position)
        number += len(block)


def _table(guess: Guess, file: Opened) -> Iterator[Rows]:
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(
        file.text, delimiter=guess.delimiter or ",", quoting=quoting(guess.quoted), strict=True
    )
    rows = _numbered(reader, guess)
    if guess.header:
        next(rows, None)
    while part := list(islice(rows, ROWS)):
        values = zip(*(row for _, row in part))
        yield Rows(dict(zip(guess.columns, values)), [n for n, _ in part], file.position)


def _numbered(reader: Any, guess: Guess) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each starts; a quoted cell may span lines."""
    width = len(guess.columns)
    while True:
        start = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"{guess.path.name} cannot be read from line {start:,} on ({error}); look for a "
                'double quote that is not closed (a quote inside a cell is written "")'
            ) from error
        if row and len(row) != width:
            raise DataError(_ragged(guess, start, row, width))
        if row:
            yield start, row


def _ragged(guess: Guess, line: int, row: list[str], width: int) -> str:
    shown = (guess.delimiter or ",").join(row)
    cure = (
        "put cells that contain the delimiter between double quotes"
        if len(row) > width
        else "fill in the missing cells"
    )
    columns = "column" if len(row) == 1 else "columns"
    return (
        f"line {line:,} of {guess.path.name} has {len(row)} {columns} where the first line has "
        f"{width}: {shown[:60]!r}; {cure}, or choose another delimiter than "
        f"{guess.delimiter!r}; a file of plain sentences should end in .txt"
    )


def _jsonl(guess: Guess, file: Opened) -> Iterator[Rows]:
    number = 1
    for block in lines(file.text, guess.path.name):
        if number == 1 and block:
            block[0] = block[0].removeprefix("\ufeff")
        items = [
            (n, _object(guess, n, line)) for n, line in enumerate(block, number) if line.strip()
        ]
        for start in range(0, len(items), ROWS):
            part = items[start : start + ROWS]
            columns = {
                name: [_string(item.get(name)) for _, item in part] for name in guess.columns
            }
            yield Rows(columns, [n for n, _ in part], file.position)
        number += len(block)


def _object(guess: Guess, number: int, line: str) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"line {number:,} of {guess.path.name} is not JSON ({error}): {line[:60]!r}; each line "
            'must be one object such as {"text": "..."}'
        ) from error
    if isinstance(item, str):
        return {"text": item}
    if not isinstance(item, dict):
        raise DataError(
            f"line {number:,} of {guess.path.name} must be a JSON object such as "
            f'{{"text": "..."}}, got {line[:60]!r}'
        )
    return item


def _string(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parquet(guess: Guess) -> Iterator[Rows]:
    with _parquet_file(guess.path) as file:
        total, done = max(1, file.metadata.num_rows), 0
        names = class_names(file.schema_arrow)
        batches = file.iter_batches(batch_size=ROWS, columns=list(guess.columns))
        for batch in _whole(batches, guess.path):
            columns = {name: _plain(batch.column(name)) for name in batch.schema.names}
            columns |= {name: named(columns[name], names[name]) for name in names.keys() & columns}
            numbers = range(done + 1, done + batch.num_rows + 1)
            done += batch.num_rows
            yield Rows(columns, numbers, guess.path.stat().st_size * done // total)


def _plain(column: pa.Array) -> pa.Array:
    import pyarrow as pa

    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


@contextmanager
def _parquet_file(path: Path) -> Iterator[Any]:
    """A Parquet file; one that is gzipped as a whole is unpacked to a temporary file first."""
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as folder:
        if gzipped(path):
            target = Path(folder) / "unpacked.parquet"
            with whole_gzip(path), gzip.open(path) as packed, open(target, "wb") as out:
                shutil.copyfileobj(packed, out, 1 << 22)
        else:
            target = path
        with _parquet_faults(path):
            file = pq.ParquetFile(target)
        with file:
            yield file


def _whole(batches: Iterator[Any], path: Path) -> Iterator[Any]:
    while True:
        with _parquet_faults(path):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


@contextmanager
def _parquet_faults(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{path.name} is not a whole Parquet file ({str(error).splitlines()[0]}); it was "
            "probably cut off: copy, download or export it again"
        ) from error


def column_named(name: str, guess: Guess) -> str:
    """The column of this name.

    Raises:
        DataError: there is none; the message names those that exist.
    """
    if name not in guess.columns:
        raise DataError(f"{guess.path.name}: {one_of('column', name, guess.columns)}")
    return name
