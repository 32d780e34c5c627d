"""Readers of tables without a header: inflected words of SIGMORPHON, the topics of AG News."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from engine.config import DataError
from engine.data.downloads.lines import blocks
from engine.data.files import LONGEST_LINE, opened
from engine.data.reading import ROWS, Rows

TOPICS = {"1": "World", "2": "Sports", "3": "Business", "4": "Sci/Tech"}


def inflected(path: Path, split: str) -> Iterator[Rows]:
    """Lemma, features and inflected form a line; the form is the text, its part of speech the label.

    References:
        The SIGMORPHON 2016 Shared Task: Morphological Reinflection, Cotterell et al., 2016,
        https://aclanthology.org/W16-2002/

    Raises:
        DataError: a line that has not three columns.
    """
    for first, block, position in blocks(path):
        numbers = [number for number, line in enumerate(block, first) if line.strip()]
        rows = [block[number - first].split("\t") for number in numbers]
        for number, row in zip(numbers, rows):
            if len(row) != 3:
                raise DataError(
                    f"line {number:,} of {path.name} must have three columns (lemma, features, "
                    f"form), got {len(row)}; is it a file of task 1?"
                )
        columns = {
            "text": [row[2] for row in rows],
            "label": [_part_of_speech(row[1]) for row in rows],
            "lemma": [row[0] for row in rows],
            "features": [row[1] for row in rows],
        }
        yield Rows(columns, numbers, position)


def _part_of_speech(features: str) -> str:
    pairs = dict(feature.partition("=")[::2] for feature in features.split(","))
    return pairs.get("pos", "")


def topics(path: Path, split: str) -> Iterator[Rows]:
    """Class, title and description a row; the text is both joined, the label the topic's name.

    A backslash stands where the article had a new line; it becomes a blank.

    References:
        Character-level Convolutional Networks for Text Classification, Zhang, Zhao and LeCun, 2015,
        https://arxiv.org/abs/1509.01626

    Raises:
        DataError: a row that has not three columns or another class.
    """
    csv.field_size_limit(LONGEST_LINE)
    with opened(path, "utf-8", errors="replace", newline="") as file:
        rows = _checked(csv.reader(file.text), path)
        while part := list(islice(rows, ROWS)):
            columns = {
                "text": [f"{_unfolded(row[1])} {_unfolded(row[2])}" for _, row in part],
                "label": [TOPICS[row[0]] for _, row in part],
            }
            yield Rows(columns, [number for number, _ in part], file.position)


def _checked(rows: Iterator[list[str]], path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows, 1):
        if len(row) != 3 or row[0] not in TOPICS:
            raise DataError(
                f"row {number:,} of {path.name} must hold a class from 1 to 4, a title and a "
                f"description, got {','.join(row)[:60]!r}; is it the published file?"
            )
        yield number, row


def _unfolded(cell: str) -> str:
    return cell.replace("\\n", " ").replace("\\", " ")
