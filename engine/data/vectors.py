"""Reads word vectors that others have trained, for the words of a vocabulary."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.config import DataError
from engine.data import files

logger = logging.getLogger(__name__)


def read_vectors(path: Path, words: Sequence[str], width: int) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of ``words`` in a text file of one word and its numbers per line, as GloVe has it.

    The file may be gzipped, and may begin with a line of two whole numbers, "count width", as word2vec
    and fastText write it. A word is found where its spelling is the same, case included; of several
    lines for one word the first counts. Lines of other words are only counted, their numbers not read.

    Args:
        path: the file.
        words: the vocabulary.
        width: E, the numbers that each vector must have.

    Returns:
        Vectors, float32 (V, E), 0 where there is none, and a mask of those that there are, (V,).

    Raises:
        DataError: there is no such file, it is no text, a line is not a word and its numbers, the vectors
            have another width, or no word of the vocabulary is in it.
    """
    numbers = {word: number for number, word in enumerate(words)}
    rows, known = np.zeros((len(words), width), np.float32), np.zeros(len(words), bool)
    for at, word, rest in _entries(path, width):
        number = numbers.get(word)
        if number is not None and not known[number]:
            rows[number] = _numbers(rest.split(" "), f"line {at:,} of {path.name}")
            known[number] = True
    found = int(known.sum())
    if not found:
        raise DataError(
            f"{path.name} must have vectors for some of the {len(words):,} words of the vocabulary, and "
            "has none; language, case and the tokeniser's kind (word) must be the same"
        )
    logger.info("%s has vectors for %s of %s words", path.name, f"{found:,}", f"{len(words):,}")
    return rows, known


def look_at_vectors(path: Path, width: int) -> None:
    """Read the first hundred lines of a file of vectors, to tell at once what ``read_vectors`` would.

    Raises:
        DataError: they are not a word and ``width`` numbers each.
    """
    for at, _, rest in itertools.islice(_entries(path, width), 100):
        _numbers(rest.split(" "), f"line {at:,} of {path.name}")


def _entries(path: Path, width: int) -> Iterator[tuple[int, str, str]]:
    """Line number, word and numbers, as text, of each line."""
    encoding = files.encoding_of(path, files.head(path))
    # A line ends at "\n" alone: some words are of characters that Python ends lines at as well.
    with files.opened(path, encoding, newline="\n") as file:
        for at, line in enumerate(file.text, 1):
            line = line.rstrip(" \t\r\n").replace("\t", " ")
            where = f"line {at:,} of {path.name}"
            if at == 1:
                if (has := _width(line, where)) != width:
                    raise DataError(_other_width(path.name, has, width))
                if _announces(line):
                    continue
            if line:
                yield at, *_cut(line, width, where)


def _announces(line: str) -> bool:
    """Whether a first line says "count width"."""
    fields = line.split(" ")
    return len(fields) == 2 and all(field.isdecimal() for field in fields)


def _width(line: str, where: str) -> int:
    """The width of the vectors in a file with this first line."""
    fields = line.split(" ")
    return int(fields[1]) if _announces(line) else len(_numbers(fields[1:], where))


def _cut(line: str, width: int, where: str) -> tuple[str, str]:
    """The word and its numbers; published files have a few words with blanks inside ("at home.com")."""
    if line.count(" ") == width:  # almost every line of what may be millions
        word, _, rest = line.partition(" ")
        return word, rest
    word, *fields = line.rsplit(" ", width)
    if len(fields) < width or any(_number(part) is not None for part in word.split(" ")[1:]):
        has = len(line.split(" ")) - 1
        raise DataError(
            f"{where} must be a word and {width} numbers, got {has} after the first blank "
            f"({line[:40]!r} ...); mend or remove the line, or copy the file again"
        )
    return word, " ".join(fields)


def _numbers(fields: list[str], where: str) -> list[float]:
    numbers = []
    for field in fields:
        number = _number(field)
        if number is None or not np.isfinite(number):
            raise DataError(
                f"{where} must be a word and {len(fields)} finite numbers, got {field!r}; "
                "mend or remove the line, or copy the file again"
            )
        numbers.append(number)
    return numbers


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _other_width(name: str, has: int, width: int) -> str:
    return (
        f"{name} has vectors of {has} numbers, and the word embeddings are {width} wide; set "
        f"model.encoder.embedding and model.decoder.embedding to {has}, or use another file"
    )
