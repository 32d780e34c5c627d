"""Whether a downloaded file is the one that was published, or at least the one that came the first time."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.config import DataError
from engine.data.downloads.entry import Remote


def digest(path: Path, algorithm: str = "sha256") -> str:
    """The checksum of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def known_good(path: Path, remote: Remote) -> bool:
    """Whether the file that is kept is what it was when it came; one that is not is removed."""
    stated = remote.checksum.partition(":")[2]
    wanted = stated or _remembered(path)
    algorithm = remote.checksum.partition(":")[0] if stated else "sha256"
    if wanted and digest(path, algorithm) == wanted:
        return True
    path.unlink()
    return False


def keep(part: Path, target: Path, remote: Remote, by_hand: str) -> None:
    """Give a whole file its name if it is right; its SHA-256 is remembered beside it.

    Raises:
        DataError: it is another one than its publisher states, or than came the first time.
    """
    algorithm, _, stated = remote.checksum.partition(":")
    got = digest(part)
    if stated:
        other = got if algorithm == "sha256" else digest(part, algorithm)
        if other != stated:
            raise DataError(
                f"{remote.name} is not the published file: its {algorithm} must be {stated}, got {other}; "
                f"it was damaged on the way or replaced, and has been removed. Try again, or {by_hand}"
            )
    elif (before := _remembered(target)) and before != got:
        raise DataError(
            f"{remote.name} is another file than the one that came from {remote.address} the first "
            f"time: its sha256 was {before}, now it is {got}. If its publisher has changed it and "
            f"you trust it, delete {_memory(target)} and try again"
        )
    _memory(target).write_text(f"{got}  {target.name}\n", encoding="utf-8")
    part.replace(target)


def told(path: Path, remote: Remote) -> str:
    """What a person should know about the checksum of a file that is here."""
    if remote.checksum:
        return f"{remote.name}: {remote.checksum.replace(':', ' ')}, as stated"
    return (
        f"{remote.name}: no checksum is published; its sha256 is remembered since the first "
        f"download, {_remembered(path)}"
    )


def _memory(target: Path) -> Path:
    """A file that ``sha256sum -c`` reads."""
    return target.with_name(f"{target.name}.sha256")


def _remembered(target: Path) -> str:
    path = _memory(target)
    return path.read_text(encoding="utf-8").partition(" ")[0] if path.exists() else ""
