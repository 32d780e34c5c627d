"""Takes the files that are wanted out of a zip or tar, by name; nothing else is ever written."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from engine.config import DataError
from engine.data.corpus import Progress
from engine.data.files import is_zip

_CHUNK = 1 << 20
_SHOWN = 8


@dataclass(frozen=True)
class _Member:
    path: PurePosixPath
    size: int
    ticket: Any


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or a tar, the latter also compressed; judged by content, not by name."""
    try:
        return is_zip(path) or tarfile.is_tarfile(path)
    except (EOFError, zlib.error):
        return True  # a damaged one; opening it says so


def extract(
    path: Path, wanted: Collection[str], into: Path, progress: Progress | None = None
) -> dict[str, Path]:
    """Copy the members with these file names, wherever in the archive they lie, into a folder.

    Returns:
        name -> where it is now; what the archive lacks is absent.

    Raises:
        DataError: the archive is damaged, holds a path that leads out of it, or there is no room.
    """
    with _faults(path), _opened(path) as (members, open_):
        _check_paths(path, members)
        chosen = _chosen(members, wanted)
        _check_room(path, into, sum(member.size for member in chosen.values()))
        for name, member in chosen.items():
            with open_(member.ticket) as source, open(into / name, "wb") as target:
                _copy(source, target, member.size, f"kB unpacked of {name}", progress)
    return {name: into / name for name in chosen}


def names(path: Path) -> str:
    """Some names of an archive's files, for a message."""
    with _faults(path), _opened(path) as (members, _):
        found = [str(member.path) for member in members]
    return ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "") or "nothing"


@contextmanager
def _opened(path: Path) -> Iterator[tuple[list[_Member], Any]]:
    if is_zip(path):
        with zipfile.ZipFile(path) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
            members = [_Member(PurePosixPath(i.filename), i.file_size, i) for i in files]
            yield members, archive.open
        return
    with tarfile.open(path) as archive:
        inside = [info for info in archive if info.isfile()]
        members = [_Member(PurePosixPath(info.name), info.size, info) for info in inside]
        yield members, archive.extractfile


def _chosen(members: list[_Member], wanted: Collection[str]) -> dict[str, _Member]:
    """One member per name: the one that lies least deep."""
    chosen: dict[str, _Member] = {}
    for member in sorted(members, key=lambda member: len(member.path.parts)):
        if member.path.name in wanted:
            chosen.setdefault(member.path.name, member)
    return chosen


def _copy(
    source: IO[bytes], target: IO[bytes], size: int, what: str, progress: Progress | None
) -> None:
    done = 0
    while block := source.read(_CHUNK):
        target.write(block)
        done += len(block)
        if progress:
            progress(done // 1000, size // 1000, what)


def _check_paths(path: Path, members: list[_Member]) -> None:
    for member in members:
        if member.path.is_absolute() or ".." in member.path.parts:
            raise DataError(
                f"{path.name} holds the path {str(member.path)!r}, which leads out of the archive; no "
                "publisher packs such a file: do not trust it, and get it from another place"
            )


def _check_room(path: Path, into: Path, size: int) -> None:
    if size > (free := shutil.disk_usage(into).free):
        raise DataError(
            f"unpacking {path.name} needs {size / 1e6:,.0f} MB, but only {free / 1e6:,.0f} MB are "
            f"free in {into.parent}; make room, or set ZSCAPE_HOME to a larger disk"
        )


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        zlib.error,
        NotImplementedError,
    ) as error:
        raise DataError(
            f"{path.name} is damaged or cut off ({error}); delete it and download it again"
        ) from error
