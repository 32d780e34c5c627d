"""Numbers of any range and shape as grey pictures: finds out what black and white are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.config import DataError
from engine.data.pictures.arrays import Array, Layout, layout
from engine.data.pictures.files import LARGEST, WHITE, shrunk
from engine.data.pictures.folders import Batch

_DEEP = 65_535
_FAINT = 64
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Levels:
    """The range of the numbers of pictures, and what a number must be multiplied by for 0..255."""

    low: float
    high: float
    factor: float


class PictureArrays:
    """Pictures in an .npz.

    Attributes:
        columns: the arrays that can be the labels.
        label: the one that is.
    """

    def __init__(self, path: Path, label: str | None = None) -> None:
        """``label`` is the array of labels; guessed for None, none for ""."""
        self.path = path
        self.layout: Layout = layout(path, label)
        self.columns = tuple(self.layout.columns)
        self.label = self.layout.label
        self.levels = measured(list(self.layout.pictures.values()))

    @property
    def total(self) -> int:
        """How many pictures there are."""
        return sum(array.shape[0] for array in self.layout.pictures.values())

    def sample(self, n: int) -> list[np.ndarray]:
        """The first pictures, at most ``n``."""
        first = next(iter(self.layout.pictures.values()))
        return [one for block in first.rows(n, n) for one in self._grey(block)]

    def batches(self) -> Iterator[Batch]:
        """All pictures, split by split."""
        for split, array in self.layout.pictures.items():
            values = {base: at[split].values() for base, at in self.layout.columns.items()}
            start = 0
            for block in array.rows():
                part = slice(start, start + len(block))
                columns = {base: _plain(column[part]) for base, column in values.items()}
                start += len(block)
                yield Batch(split, self._grey(block), columns)

    def notes(self) -> Iterator[str]:
        """What a person should know."""
        array = next(iter(self.layout.pictures.values()))
        label = f", labels from array {self.label!r}" if self.label else ", no labels"
        yield f"pictures from array {array.base!r}{label}"
        if self.levels.high > WHITE:
            yield "levels of 16 bits scaled to 0..255"
        elif self.levels.factor == 1 and self.levels.high < _FAINT:
            yield (
                f"the highest level is {self.levels.high:g} of {WHITE}; multiply the numbers where that is meant "
                "to be white"
            )
        height, width, *colours = _shape(array)
        if colours:
            yield "the pictures were in colour"
        if max(height, width) > LARGEST:
            yield f"the pictures were larger than {LARGEST} pixels a side and are scaled down to that"
        if self.layout.others:
            yield f"arrays left out: {', '.join(self.layout.others)}"

    def _grey(self, block: np.ndarray) -> list[np.ndarray]:
        from PIL import Image

        table = upright(block) * self.levels.factor
        if table.ndim == 4:
            table = table @ _LUMA
        grey = np.rint(table).astype(np.uint8)
        if max(grey.shape[1:]) <= LARGEST:
            return list(grey)
        return [np.asarray(shrunk(Image.fromarray(one))) for one in grey]


def measured(pictures: Sequence[Array]) -> Levels:
    """The range of the numbers of all pictures.

    0..1 (also bool), 0..255, and 0..65,535 of whole numbers are understood.

    Raises:
        DataError: there are none, or they are not numbers from 0 to one of these.
    """
    low, high, whole_numbers = math.inf, -math.inf, True
    for array in pictures:
        row = 0
        for block in array.rows():
            values = block.reshape(len(block), -1)
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                bad = row + int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
                raise DataError(
                    f"picture {bad + 1:,} of array {array.base!r} in {array.path.name} holds numbers that are not "
                    "finite (NaN or infinite); replace them, for example with numpy.nan_to_num, and save again"
                )
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            whole_numbers &= values.dtype.kind in "biu"
            row += len(block)
    if high < low:
        raise DataError(
            f"{pictures[0].path.name} holds no pictures: array {pictures[0].base!r} has the shape "
            f"{pictures[0].shape}; save at least 3 pictures in it"
        )
    if low < 0 or high > (_DEEP if whole_numbers else WHITE):
        raise DataError(
            f"the levels of array {pictures[0].base!r} in {pictures[0].path.name} must lie in 0..1 or 0..255 (whole "
            f"numbers also in 0..65535), got {low:g} to {high:g}; scale them and save again"
        )
    factor = WHITE if high <= 1 else WHITE / _DEEP if high > WHITE else 1.0
    return Levels(low, high, factor)


def upright(block: np.ndarray) -> np.ndarray:
    """Pictures as (N, H, W), or (N, H, W, 3) in colour, whatever of the understood shapes they have."""
    if block.ndim == 2:
        side = math.isqrt(block.shape[1])
        return block.reshape(-1, side, side)
    if block.ndim == 3:
        return block
    last = block if block.shape[3] in (1, 3) else np.moveaxis(block, 1, 3)
    return last[..., 0] if last.shape[3] == 1 else last


def _shape(array: Array) -> tuple[int, ...]:
    """Of one picture: (H, W), or (H, W, 3) in colour."""
    return upright(np.empty((0, *array.shape[1:]))).shape[1:]


def _plain(column: np.ndarray) -> Any:
    """A column as Arrow takes it: numbers as they are, bytes as strings."""
    if column.dtype.kind == "S":
        return [value.decode("utf-8", "replace") for value in column.tolist()]
    return column.tolist() if column.dtype.kind == "U" else np.ascontiguousarray(column)
