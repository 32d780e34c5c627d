"""Pictures side by side on one sheet, and what two of them differ in."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence

import numpy as np

from engine.config import DataError
from engine.data import pictures

GAP, PAPER = 1, 128
NEW, LOST = (86, 180, 233), (213, 94, 0)
LEAST_SIDE = 56
"""Pixels that a picture has on the sheet at least; smaller ones are enlarged, each pixel a square."""


def sheet(texts: Sequence[str], columns: int | None = None) -> bytes:
    """Pictures row by row on grey, as the content of a PNG.

    Args:
        texts: data URIs, of any sizes; each has a cell as large as the largest.
        columns: pictures in a row; about as many as there are rows where absent.

    Raises:
        DataError: there is no picture, or one is none.
    """
    if not texts:
        raise DataError("a sheet needs at least one picture, got none")
    columns = columns or math.ceil(math.sqrt(len(texts)))
    found = [pictures.read(text) for text in texts]
    side = max(max(grey.shape) for grey in found)
    squares = pictures.squares(found, side)
    factor = max(1, math.ceil(LEAST_SIDE / side))
    cells = squares.repeat(factor, 1).repeat(factor, 2)
    step = side * factor + GAP
    rows = math.ceil(len(cells) / columns)
    out = np.full((rows * step + GAP, columns * step + GAP), PAPER, np.uint8)
    for at, cell in enumerate(cells):
        top, left = GAP + at // columns * step, GAP + at % columns * step
        out[top : top + step - GAP, left : left + step - GAP] = cell
    return _png(out)


def enlarged(text: str, side: int) -> str:
    """The picture with every pixel a square of pixels, until its longer side has ``side`` of them or nearly.

    For places that would blur a picture of few pixels.
    """
    grey = pictures.read(text)
    factor = side // max(grey.shape)
    return pictures.write(grey.repeat(factor, 0).repeat(factor, 1)) if factor > 1 else text


def differing(before: str, after: str) -> str:
    """A picture of what two pictures of one size differ in, as a data URI.

    White and black where both agree, blue where only ``after`` has ink, vermilion where only ``before`` has.

    Raises:
        DataError: one is no picture, or they differ in size.
    """
    old, new = (pictures.read(text) > pictures.WHITE // 2 for text in (before, after))
    if old.shape != new.shape:
        raise DataError(
            f"pictures are compared pixel by pixel and must be of one size, got {old.shape} and {new.shape}"
        )
    out = np.zeros((*old.shape, 3), np.uint8)
    out[old & new], out[new & ~old], out[old & ~new] = pictures.WHITE, NEW, LOST
    return pictures.PREFIX + base64.b64encode(_png(out)).decode("ascii")


def _png(grey: np.ndarray) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()
