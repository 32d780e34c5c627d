"""Sentences that a command reads from a file, or encodes from a split."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import DataError

if TYPE_CHECKING:
    from engine.hosting import Hosted
    from engine.maps.codes import Codes

BATCH = 256


def read_sentences(path: Path) -> list[str]:
    """The lines of a text file (also .gz), or of stdin for ``-``; blank lines are left out.

    The file of a picture is one line: its data URI.

    Raises:
        DataError: there is no such file, no line in it, or a line that is not UTF-8.
    """
    return [line for line in read_lines(path) if line]


def read_lines(path: Path) -> list[str]:
    """The same with blank lines in their places, so that what is written line by line stays beside them."""
    from engine.data.pictures.files import SUFFIXES
    from engine.data.pictures.importing import from_file

    if path.suffix.lower() in SUFFIXES:
        return [from_file(_raw(path), path.name)]
    lines = [line.strip() for line in io.StringIO(_decoded(_raw(path), path), newline=None)]
    if not any(lines):
        raise DataError(f"{path} must have at least one line of text, it has none")
    return lines


def _raw(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except FileNotFoundError as error:
        raise DataError(
            f"there is no file {path}; give a text file with a sentence a line"
        ) from error
    except (gzip.BadGzipFile, EOFError, IsADirectoryError, PermissionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _decoded(raw: bytes, path: Path) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(
            f"line {line} of {path} must be UTF-8, but {error.reason}; save the file as UTF-8"
        ) from error


def batches_of(sentences: Sequence[str], size: int = BATCH) -> Iterator[Sequence[str]]:
    """The sentences, ``size`` at a time."""
    return (sentences[start : start + size] for start in range(0, len(sentences), size))


def encoded_rows(
    hosted: Hosted, split: str, n: int | None, seed: int, device: str, progress: Any
) -> Codes:
    """Codes of sentences of a split, kept from the last time if they were encoded then."""
    from engine.hosting import ModelHost
    from engine.maps import codes

    asked = codes.Request(hosted.run, hosted.checkpoint, split, n, seed, reconstruction=False)
    return codes.obtain(asked, ModelHost(device), progress)
