"""Readers of plain lines: one text a line, or a label, a tab and a text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.config import DataError
from engine.data.files import lines, opened
from engine.data.reading import Rows


def blocks(path: Path) -> Iterator[tuple[int, list[str], int]]:
    """The number of a first line, it and those behind it, and the bytes of the file read so far.

    Bytes that are not UTF-8 become U+FFFD, which the card of the corpus names by line: nobody can
    mend a published file.
    """
    with opened(path, "utf-8", errors="replace") as file:
        number = 1
        for block in lines(file.text, path.name):
            yield number, block, file.position
            number += len(block)


def texts(path: Path, split: str) -> Iterator[Rows]:
    """One text a line."""
    for first, block, position in blocks(path):
        yield Rows({"text": block}, range(first, first + len(block)), position)


def labelled(path: Path, split: str) -> Iterator[Rows]:
    """A label, a tab and a text a line.

    Raises:
        DataError: a line without a tab.
    """
    for first, block, position in blocks(path):
        numbers = [number for number, line in enumerate(block, first) if line.strip()]
        cells = [block[number - first].partition("\t") for number in numbers]
        if (bad := next((n for n, cell in zip(numbers, cells) if not cell[1]), None)) is not None:
            raise DataError(
                f"line {bad:,} of {path.name} must hold a label, a tab and a text, got "
                f"{block[bad - first][:60]!r}; is it the published file?"
            )
        columns = {"text": [cell[2] for cell in cells], "label": [cell[0] for cell in cells]}
        yield Rows(columns, numbers, position)
