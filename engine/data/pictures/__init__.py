"""A picture as text: greyscale, ink high, spelt as a PNG in a data URI.

Wherever a sentence travels, a picture does: it is a string, equal pictures are equal strings, and a browser
shows it as it is. One convention holds for all of them: 0 is paper, 255 is ink.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Sequence

import numpy as np

from engine.config import DataError
from engine.data.pictures.files import WHITE, opened

PREFIX = "data:image/png;base64,"
_ANY = "data:image/"
_SHOWN = 40


def is_picture(text: str) -> bool:
    """Whether a text is a picture's data URI rather than a sentence."""
    return text.startswith(_ANY)


def write(grey: np.ndarray) -> str:
    """The data URI of a picture (H, W) of uint8; black and white takes one bit a pixel.

    Equal arrays give equal strings, so that a picture is found again as a sentence is.
    """
    from PIL import Image

    image = Image.fromarray(grey)
    if ((grey == 0) | (grey == WHITE)).all():
        image = image.convert("1", dither=Image.Dither.NONE)
    file = io.BytesIO()
    image.save(file, "PNG")
    return PREFIX + base64.b64encode(file.getvalue()).decode("ascii")


def read(text: str) -> np.ndarray:
    """The grey levels (H, W), uint8, of a data URI of any picture.

    Raises:
        DataError: it is none.
    """
    head, comma, body = text.partition(",")
    if not (is_picture(text) and comma and head.endswith(";base64")):
        raise DataError(
            f"a picture must be a data URI that begins with {PREFIX!r}, got {_short(text)!r}; text needs "
            "a tokeniser of text: set tokenizer.kind to word, char, bpe or wordpiece"
        )
    try:
        content = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise DataError(
            f"the data URI of a picture must be whole base64, got {_short(text)!r} ({error}); copy it again"
        ) from error
    return np.asarray(opened(content, _short(text)).grey)


def squares(pictures: Sequence[np.ndarray], side: int) -> np.ndarray:
    """Pictures of any size as (N, side, side), uint8.

    Proportions are kept: the longer side is scaled to ``side`` (averaging where it shrinks) and what is
    left over is paper. Pictures of that size stay as they are, bit by bit.
    """
    out = np.zeros((len(pictures), side, side), np.uint8)
    for number, grey in enumerate(pictures):
        out[number] = grey if grey.shape == (side, side) else _square(grey, side)
    return out


def _square(grey: np.ndarray, side: int) -> np.ndarray:
    from PIL import Image

    height, width = grey.shape
    scale = side / max(height, width)
    rows, columns = (max(1, round(size * scale)) for size in (height, width))
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    scaled = np.asarray(Image.fromarray(grey).resize((columns, rows), method))
    out = np.zeros((side, side), np.uint8)
    top, left = (side - rows) // 2, (side - columns) // 2
    out[top : top + rows, left : left + columns] = scaled
    return out


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
