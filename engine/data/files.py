"""Opens what people bring: plain or gzipped, in a known encoding, with the line of every fault."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from engine.config import DataError

HEAD = 1 << 16
LONGEST_LINE = 1 << 26
_BLOCK = 1 << 20
_SHOWN = 5
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MAGIC = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"(\xb5/\xfd": "a zstd archive",
}


@dataclass
class Opened:
    """A file that is being read as text; ``position`` tells how far, in bytes of the file."""

    text: TextIO
    raw: BinaryIO

    @property
    def position(self) -> int:
        """Bytes of the file on disk that have been read (compressed ones, where it is gzipped)."""
        return self.raw.tell()


def gzipped(path: Path) -> bool:
    """Whether a file is compressed with gzip, whatever its name."""
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def is_zip(path: Path) -> bool:
    """Whether a file is a zip, by its beginning, which one that was cut off has too."""
    with open(path, "rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


@contextlib.contextmanager
def whole_gzip(path: Path) -> Iterator[None]:
    """Turns the ways in which a damaged gzip shows into one sentence."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path.name} ends before its compressed data does, or is damaged ({error}); copy or "
            "download it again, then check it with 'gzip -t'"
        ) from error


@contextlib.contextmanager
def opened(
    path: Path, encoding: str, *, errors: str = "strict", newline: str | None = None
) -> Iterator[Opened]:
    """Open a plain or gzipped text file.

    Raises:
        DataError: while it is read: bytes that are not ``encoding`` (with their lines), a gzip that
            is cut off.
    """
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(open(path, "rb"))
        body: BinaryIO = raw
        if gzipped(path):
            body = stack.enter_context(gzip.GzipFile(fileobj=raw))  # type: ignore[assignment]
        text = io.TextIOWrapper(body, encoding=encoding, errors=errors, newline=newline)
        try:
            with whole_gzip(path):
                yield Opened(text, raw)
        except UnicodeDecodeError as error:
            raise DataError(_wrong_encoding(path, encoding)) from error


def head(path: Path) -> bytes:
    """The first 64 KiB of a file, decompressed.

    Raises:
        DataError: there is no such file, it cannot be read, or it is empty.
    """
    if not path.exists():
        raise DataError(f"there is no file {path}; check the path")
    if not path.is_file():
        raise DataError(f"{path} is not a file")
    try:
        with whole_gzip(path), (gzip.open if gzipped(path) else open)(path, "rb") as file:
            start = file.read(HEAD)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    if not start.strip():
        raise DataError(f"{path.name} is empty; it must hold one text per line, or a table")
    return start


def encoding_of(path: Path, start: bytes) -> str:
    """The encoding that the first bytes announce, or UTF-8.

    Raises:
        DataError: the bytes are not text.
    """
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding
    kind = next((what for magic, what in _MAGIC.items() if start.startswith(magic)), None)
    if kind or b"\0" in start:
        raise DataError(
            f"{path.name} is {kind or 'a binary file'}, not text; export it as txt, CSV, TSV, "
            "JSON Lines or Parquet (each may be gzipped)"
        )
    return "utf-8"


def check_encoding(name: str) -> str:
    """The name of an encoding that Python knows."""
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise DataError(
            f"unknown encoding {name!r}; common ones are utf-8, utf-16, cp1252, latin-1, gb18030"
        ) from error


def lines(stream: TextIO, name: str) -> Iterator[list[str]]:
    """The lines of a stream without their ends, about a megabyte at a time."""
    rest, number = "", 0
    while block := stream.read(_BLOCK):
        *whole, rest = (rest + block).split("\n")
        if len(rest) > LONGEST_LINE:
            raise DataError(
                f"line {number + len(whole) + 1:,} of {name} is longer than {LONGEST_LINE:,} "
                "characters; a text corpus has one text per line"
            )
        number += len(whole)
        yield whole
    if rest:
        yield [rest]


def _wrong_encoding(path: Path, encoding: str) -> str:
    found = list(islice(_bad_lines(path, encoding), _SHOWN + 1))
    shown = ", ".join(f"line {number:,} ({why})" for number, why in found[:_SHOWN])
    more = " and more" if len(found) > _SHOWN else ""
    return (
        f"{path.name} must be {encoding.upper()}, but these lines are not: {shown or 'unknown'}"
        f"{more}. Save the file as UTF-8, or say which encoding it has (often cp1252 or latin-1), "
        "or let bad bytes be replaced"
    )


def _bad_lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    with (gzip.open if gzipped(path) else open)(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                yield number, f"byte 0x{line[error.start]:02x} at position {error.start + 1}"
