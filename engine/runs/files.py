"""Files that are whole or absent: atomic writes, whole lines, folders that are swapped in.

A reader (a page, another terminal) may look at any instant, and a writer may be killed at any
instant. So a file is written under a temporary name beside its target, flushed to the disk and
renamed; a line is appended in one write and a reader ignores a last line without newline; a folder
is prepared beside its target and swapped in, in an order from which `recover` can always finish.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.config import DataError


def write_atomic(path: Path, data: str | bytes) -> None:
    """Replace the file at ``path`` by ``data``; a reader sees the old one or the new one."""
    with drafted(path) as draft:
        draft.write_bytes(data.encode() if isinstance(data, str) else data)


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """A hidden place for a file that is written piece by piece; it becomes ``path`` when it is whole."""
    draft = _draft(path)
    try:
        yield draft
        _sync_file(draft)
        os.replace(draft, path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def forget_drafts(folder: Path, pid: int) -> None:
    """Remove what a process that was killed has left half-written in ``folder``."""
    for draft in folder.glob(f".*.{pid}-*.tmp"):
        draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")


def write_json(path: Path, value: Any) -> None:
    """Replace the file at ``path`` by ``value`` as indented JSON."""
    write_atomic(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """The JSON value in a file; DataError where it is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(
            f"{path} must be a JSON file, but {error}; restore it from a copy or delete it"
        ) from error


def sync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def append_record(path: Path, record: dict[str, Any]) -> None:
    """Append ``record`` as one line of JSON, in one write; numbers that are not finite become null."""
    line = json.dumps(finite(record), ensure_ascii=False)
    with open(path, "ab") as file:
        file.write(line.encode() + b"\n")


def finite(value: Any) -> Any:
    """A value as JSON can have it: numbers that are not finite become None, at any depth."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def whole_lines(path: Path) -> list[bytes]:
    """The lines of a file, without a last one that lacks its newline; none if there is no file."""
    if not path.exists():
        return []
    raw = path.read_bytes()
    return raw[: raw.rfind(b"\n") + 1].splitlines()


def read_records(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a file of JSON lines; DataError names a line that is not JSON."""
    records = []
    for number, line in enumerate(whole_lines(path), start=1):
        try:
            records.append(json.loads(line))
        except ValueError as error:
            raise DataError(
                f"line {number} of {path} must be JSON, but {error}; delete that line"
            ) from error
    return records


def keep_first(path: Path, lines: int) -> None:
    """Cut a file after so many whole lines, so that a resumed run repeats nothing."""
    if path.exists():
        write_atomic(path, b"".join(line + b"\n" for line in whole_lines(path)[:lines]))


def tail(path: Path, lines: int, window: int = 1 << 16) -> str:
    """The last ``lines`` lines of a text file, read from its last ``window`` bytes only."""
    if not path.exists():
        return ""
    with open(path, "rb") as file:
        start = max(0, file.seek(0, os.SEEK_END) - window)
        file.seek(start)
        read = file.read().decode("utf-8", errors="replace").splitlines()
    return "\n".join(read[1 if start else 0 :][-lines:])


def whole_folder(target: Path) -> Path:
    """Where the content of ``target`` is now, even if `replace_folder` was interrupted half-way."""
    places = (target, _beside(target, "new"), _beside(target, "old"))
    return next((place for place in places if place.exists()), target)


def replace_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Replace the folder ``target`` by what ``fill`` writes into an empty one.

    A folder cannot be renamed over another that has files, so there is an instant without ``target``;
    whoever dies in it leaves ``.<name>.new`` complete, and `recover` puts it in place.
    """
    recover(target)
    draft, new, old = (_beside(target, ending) for ending in ("tmp", "new", "old"))
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    fill(draft)
    for file in draft.rglob("*"):
        _sync_file(file)
    sync_folder(draft)
    draft.rename(new)
    if target.exists():
        target.rename(old)
    new.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def recover(target: Path) -> None:
    """Finish a `replace_folder` whose process died half-way; nothing to do otherwise."""
    new, old = _beside(target, "new"), _beside(target, "old")
    if new.exists():
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
        new.rename(target)
    elif old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(f".{target.name}.{ending}")


def _sync_file(path: Path) -> None:
    if path.is_file():
        with open(path, "rb") as file:
            os.fsync(file.fileno())


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file that is never changed in place; a copy where links are not possible."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at ``path`` alone; waits for whoever holds it, freed even by a crash."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
