"""A folder, or a zip of one, that holds pictures: which of them belong to which split and label."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from engine.config import DataError, one_of
from engine.data.folders import SPLIT_WORDS
from engine.data.pictures.files import is_named_picture, opened, shrunk

BATCH = 500
LABEL, FILE = "folder", "file"
_LARGEST_FILE = 1 << 28


@dataclass(frozen=True)
class Entry:
    """A picture's place: its name inside the folder, and what the folders above it say."""

    name: str
    split: str | None = None
    label: str = ""


@dataclass
class Batch:
    """Some pictures of one split, as grey levels (H, W), and their columns."""

    split: str | None
    pictures: list[np.ndarray]
    columns: dict[str, Any]


class PictureFolder:
    """Pictures in a folder or a zip; folders in it are labels, or splits.

    Attributes:
        entries: the pictures, by name.
        columns: what can be the labels: the outermost folder, where there are several.
        label: the one that is; None where all pictures lie side by side.
    """

    def __init__(self, path: Path, label: str | None = None) -> None:
        """``label`` is the column of labels; guessed for None, none for ""."""
        self.path = path
        self.zipped = path.is_file()
        names = zip_names(path) if self.zipped else list(folder_names(path))
        taken, others = (
            [n for n in names if is_named_picture(n)],
            [n for n in names if not is_named_picture(n)],
        )
        self.entries = arranged(taken)
        self._others = others
        self._met: Counter[str] = Counter()
        labels = {entry.label for entry in self.entries}
        self.columns: tuple[str, ...] = (LABEL,) if len(labels) > 1 else ()
        if label and label not in self.columns:
            raise DataError(one_of("column of labels", label, self.columns or ["(no folders)"]))
        self.label = LABEL if self.columns and label != "" else None

    @property
    def total(self) -> int:
        """How many pictures there are."""
        return len(self.entries)

    def sample(self, n: int) -> list[np.ndarray]:
        """At most ``n`` pictures, evenly spaced."""
        chosen = np.unique(np.linspace(0, self.total - 1, min(n, self.total)).astype(int))
        with self._reader() as read:
            return [self._open(read, self.entries[at].name) for at in chosen]

    def batches(self) -> Iterator[Batch]:
        """All pictures, split by split."""
        self._met.clear()
        with self._reader() as read:
            for split in dict.fromkeys(entry.split for entry in self.entries):
                mine = [entry for entry in self.entries if entry.split == split]
                for start in range(0, len(mine), BATCH):
                    part = mine[start : start + BATCH]
                    columns: dict[str, Any] = {FILE: [entry.name for entry in part]}
                    if self.label:
                        columns[LABEL] = [entry.label for entry in part]
                    yield Batch(split, [self._open(read, entry.name) for entry in part], columns)

    def notes(self) -> Iterator[str]:
        """What a person should know, after :meth:`batches`."""
        if self.label:
            yield "labels from the names of folders"
        for what, count in sorted(self._met.items()):
            yield f"{count:,} of {self.total:,} pictures were {what}"
        if self._others:
            shown = ", ".join(self._others[:3]) + (", ..." if len(self._others) > 3 else "")
            yield f"left out, being no pictures ({len(self._others):,}): {shown}"

    def _reader(self) -> _Reader:
        return _Reader(self.path, self.zipped)

    def _open(self, read: Callable[[str], bytes], name: str) -> np.ndarray:
        picture = opened(read(name), name)
        self._met.update(picture.was)
        return np.asarray(shrunk(picture.grey))


class _Reader:
    """Gives the bytes of a member of a folder or zip while it is open."""

    def __init__(self, path: Path, zipped: bool) -> None:
        self._path = path
        self._zip = _opened_zip(path) if zipped else None

    def __enter__(self) -> Callable[[str], bytes]:
        return self._read

    def __exit__(self, *_: object) -> None:
        if self._zip is not None:
            self._zip.close()

    def _read(self, name: str) -> bytes:
        try:
            return self._zip.read(name) if self._zip else (self._path / name).read_bytes()
        # RuntimeError: a password; NotImplementedError: a compression that Python lacks.
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
            raise DataError(
                f"{name} in {self._path.name} cannot be read ({error}); copy it again, or zip the "
                "folder anew without a password"
            ) from error


def folder_names(path: Path) -> Iterator[str]:
    """The files below a folder, sorted, hidden ones left out."""
    for above, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not _hidden(name))
        for name in sorted(files):
            if not _hidden(name):
                yield Path(above, name).relative_to(path).as_posix()


def zip_names(path: Path) -> list[str]:
    """The files in a zip, sorted, hidden ones left out.

    Raises:
        DataError: the zip is damaged, or holds a file too large for a picture.
    """
    with _opened_zip(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
    for info in members:
        if is_named_picture(info.filename) and info.file_size > _LARGEST_FILE:
            raise DataError(
                f"{info.filename} in {path.name} would unpack to {info.file_size:,} bytes, too many for a "
                "picture; remove it"
            )
    names = [info.filename for info in members]
    return sorted(n for n in names if not any(_hidden(part) for part in PurePosixPath(n).parts))


def arranged(names: Sequence[str]) -> list[Entry]:
    """The split and label of every picture from the folders that it lies in.

    Folders that hold all of the pictures say nothing. Where the outermost ones are called as splits are,
    and one of them is train, they are the splits; the next ones are labels.
    """
    parts = {name: PurePosixPath(name).parts[:-1] for name in names}
    while parts and all(above for above in parts.values()):
        if len({above[0] for above in parts.values()}) > 1:
            break
        parts = {name: above[1:] for name, above in parts.items()}
    splits = {
        name: SPLIT_WORDS.get(above[0].lower()) if above else None for name, above in parts.items()
    }
    if None in splits.values() or "train" not in splits.values():
        return [Entry(name, None, above[0] if above else "") for name, above in parts.items()]
    found = [
        Entry(name, splits[name], above[1] if above[1:] else "") for name, above in parts.items()
    ]
    order = {"train": 0, "valid": 1, "test": 2}
    return sorted(found, key=lambda e: order[e.split or "train"])


def _opened_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path.name} is a zip that ends early or is damaged ({error}); copy or make it again"
        ) from error


def _hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX")) or name == "Thumbs.db"
