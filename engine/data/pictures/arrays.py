"""Pictures in the arrays of an .npz, found by their shapes and names; nothing pickled is ever read."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from engine.config import DataError, one_of
from engine.data.folders import SPLIT_WORDS

PICTURES = ("x", "images", "image", "pictures", "data")
LABELS = ("label", "labels", "y", "target", "targets", "class", "classes")
_ROWS = 500
_MOST_LABELS = 200
_CHANNELS = (1, 3)


@dataclass(frozen=True)
class Array:
    """An array of an .npz, of which only the header has been read.

    Attributes:
        base: its name without the split that it names.
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool
    base: str
    split: str | None

    def rows(self, at_once: int = _ROWS, most: int | None = None) -> Iterator[np.ndarray]:
        """Its rows, some at a time, so that no more than these are in memory."""
        left = self.shape[0] if most is None else min(most, self.shape[0])
        with _member(self.path, self.name) as file:
            _header(file)
            if self.fortran:
                yield _whole(file, self)[:left]
                return
            size = self.dtype.itemsize * math.prod(self.shape[1:])
            while left > 0:
                block = file.read(size * min(at_once, left))
                if not block or len(block) % size:
                    raise EOFError("rows are missing at its end")
                rows = np.frombuffer(block, self.dtype).reshape(-1, *self.shape[1:])
                left -= len(rows)
                yield rows

    def values(self) -> np.ndarray:
        """All of it."""
        return np.concatenate([np.empty((0, *self.shape[1:]), self.dtype), *self.rows()])

    @property
    def pictured(self) -> bool:
        """Whether its shape and type are those of pictures."""
        if self.dtype.kind not in "biuf" or 0 in self.shape[1:]:
            return False
        if len(self.shape) == 2:
            return self.shape[1] >= 4 and math.isqrt(self.shape[1]) ** 2 == self.shape[1]
        if len(self.shape) == 4:
            return self.shape[3] in _CHANNELS or self.shape[1] in _CHANNELS
        return len(self.shape) == 3


@dataclass(frozen=True)
class Layout:
    """Which arrays of an .npz are what.

    Attributes:
        pictures: by split; under None where the file has no splits.
        columns: arrays of one value a picture by their base name, each by split.
        label: which of the columns holds the labels.
        others: names of the arrays that are neither.
    """

    pictures: dict[str | None, Array]
    columns: dict[str, dict[str | None, Array]]
    label: str | None
    others: tuple[str, ...]


def arrays(path: Path) -> list[Array]:
    """The arrays of an .npz, their headers alone read.

    Raises:
        DataError: it is damaged or empty, or holds Python objects.
    """
    with whole(path), zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        found = []
        for name in names:
            with archive.open(name) as file:
                shape, fortran, dtype = _header(file)
            if dtype.hasobject:
                raise DataError(
                    f"array {name.removesuffix('.npy')!r} of {path.name} holds Python objects, which are "
                    "never unpickled; save numbers and strings only (with allow_pickle=False)"
                )
            base, split = _parted(name.removesuffix(".npy"))
            found.append(Array(path, name, shape, dtype, fortran, base, split))
    if not found:
        raise DataError(f"{path.name} holds no array; save pictures of shape (N, H, W) in it")
    return found


def layout(path: Path, label: str | None = None) -> Layout:
    """Which arrays of an .npz are pictures, labels and other columns.

    Args:
        path: the file.
        label: the name of the labels' array, without a split; guessed for None, none for "".

    Raises:
        DataError: no array is of pictures, or there is not one label per picture.
    """
    found = arrays(path)
    if not any(array.split == "train" and array.pictured for array in found):
        whole_names = {array.name: array.name.removesuffix(".npy") for array in found}
        found = [_unsplit(array, whole_names[array.name]) for array in found]
    pictures = _pictures(path, found)
    columns = _columns(path, found, pictures)
    if label:
        if label not in columns:
            raise DataError(one_of("array of labels", label, columns or ["(there is none)"]))
        chosen: str | None = label
    else:
        chosen = _label(columns) if label is None else None
    used = {a.name for a in pictures.values()} | {
        a.name for c in columns.values() for a in c.values()
    }
    others = tuple(array.name.removesuffix(".npy") for array in found if array.name not in used)
    return Layout(pictures, columns, chosen, others)


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Turns the ways in which a damaged .npz shows into one sentence."""
    try:
        yield
    # ValueError: a header that is none; RuntimeError: a password.
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, ValueError, RuntimeError) as error:
        raise DataError(
            f"{path.name} ends early or is damaged ({error}); copy or save it again with numpy.savez"
        ) from error


def _pictures(path: Path, found: Sequence[Array]) -> dict[str | None, Array]:
    by_base: dict[str, dict[str | None, Array]] = {}
    for array in found:
        if array.pictured and (array.split is not None or not _has_splits(found)):
            by_base.setdefault(array.base, {})[array.split] = array
    ranked = sorted(by_base, key=lambda base: _rank(base, by_base[base]), reverse=True)
    if not ranked:
        shown = ", ".join(f"{a.name.removesuffix('.npy')} {a.shape} {a.dtype}" for a in found[:6])
        raise DataError(
            f"{path.name} holds no pictures: an array of numbers must have the shape (N, H, W), (N, H, W, 3) or "
            f"(N, side * side), got {shown}{', ...' if len(found) > 6 else ''}"
        )
    return by_base[ranked[0]]


def _rank(base: str, splits: dict[str | None, Array]) -> tuple[bool, bool, int]:
    """Real pictures before flat rows, known names before others, many numbers before few."""
    deep = all(len(array.shape) > 2 for array in splits.values())
    size = sum(math.prod(array.shape) for array in splits.values())
    return deep, base.lower() in PICTURES, size


def _columns(
    path: Path, found: Sequence[Array], pictures: dict[str | None, Array]
) -> dict[str, dict[str | None, Array]]:
    """Arrays of one value a picture that every split has."""
    columns: dict[str, dict[str | None, Array]] = {}
    for array in found:
        if len(array.shape) != 1 or array.split not in pictures or array.dtype.kind not in "biufSU":
            continue
        rows = pictures[array.split].shape[0]
        if array.shape[0] == rows:
            columns.setdefault(array.base, {})[array.split] = array
        elif array.base.lower() in LABELS:
            raise DataError(
                f"{path.name} must have one label per picture, got {array.shape[0]:,} in "
                f"{array.name.removesuffix('.npy')!r} for {rows:,} pictures; save them again in step"
            )
    return {base: splits for base, splits in columns.items() if splits.keys() == pictures.keys()}


def _label(columns: dict[str, dict[str | None, Array]]) -> str | None:
    """The array called like labels, or else the one with the fewest different values."""
    known = [base for base in columns if base.lower() in LABELS]
    if known:
        return min(known, key=lambda base: LABELS.index(base.lower()))
    kinds = {}
    for base, splits in columns.items():
        values = np.concatenate([array.values() for array in splits.values()])
        different = len(np.unique(values))
        whole_numbers = values.dtype.kind != "f" or bool((values == values.round()).all())
        if whole_numbers and 2 <= different <= min(_MOST_LABELS, len(values) // 2):
            kinds[base] = different
    return min(kinds, key=lambda base: kinds[base]) if kinds else None


def _parted(name: str) -> tuple[str, str | None]:
    """A name without its split, and the split: "x_train" is ("x", "train")."""
    words = re.split(r"([._-]+)", name)
    at = next((i for i, word in enumerate(words) if word.lower() in SPLIT_WORDS), None)
    if at is None:
        return name, None
    rest = "".join(words[:at] + words[at + 1 :]).strip("._-")
    return rest or "x", SPLIT_WORDS[words[at].lower()]


def _unsplit(array: Array, name: str) -> Array:
    return Array(array.path, array.name, array.shape, array.dtype, array.fortran, name, None)


def _has_splits(found: Sequence[Array]) -> bool:
    return any(array.split for array in found)


@contextmanager
def _member(path: Path, name: str) -> Iterator[IO[bytes]]:
    with whole(path), zipfile.ZipFile(path) as archive, archive.open(name) as file:
        yield file


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(file)
    raise ValueError(f"an array of format {version[0]}.{version[1]}")


def _whole(file: IO[bytes], array: Array) -> np.ndarray:
    size = array.dtype.itemsize * math.prod(array.shape)
    body = file.read(size)
    if len(body) < size:
        raise EOFError("rows are missing at its end")
    return np.frombuffer(body, array.dtype).reshape(array.shape, order="F")
