"""A picture as text: greyscale, ink high, spelt as a PNG in a data URI.

Wherever a sentence travels, a picture does: it is a string, equal pictures are equal strings, and a browser
shows it as it is. One convention holds for all of them: 0 is paper, 255 is ink.
"""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.config import DataError

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

PREFIX = "data:image/png;base64,"
WHITE = 255
_ANY = "data:image/"
_SHOWN = 40
_HALF = 127.5
_SIXTEEN_BITS = 257  # 65,535 / 255


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
    return np.asarray(open_grey(content, _short(text)))


def open_grey(content: bytes, name: str) -> Image:
    """The file of a picture as greyscale.

    Of an animation the first frame; turned as its camera says; colour by luma (ITU-R 601); 16 bits a
    pixel scaled to 8; transparent parts as :func:`flat` has them.

    Raises:
        DataError: it is no picture, is cut off, or is too large to open; the message begins with ``name``.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as image:
                _check_levels(image, name)
                image.load()
                return flat(ImageOps.exif_transpose(image))
    except UnidentifiedImageError as error:
        raise DataError(
            f"{name} is not a picture that can be read; give PNG, JPEG, BMP, GIF, TIFF or WebP, or "
            "remove it"
        ) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError(
            f"{name} is too large a picture to open ({error}); scale it down first"
        ) from error
    # Pillow's readers raise these for files that are cut off or damaged.
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DataError(
            f"{name} is a picture that ends early or is damaged ({error}); copy it again or remove it"
        ) from error


def flat(image: Image) -> Image:
    """Any picture in 256 levels of grey.

    Transparent parts become paper: white, or black where what can be seen is lighter than mid grey.
    """
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _eight_bits(np.asarray(image).astype(np.float64) / _SIXTEEN_BITS)
    if not image.has_transparency_data:
        return image.convert("L")
    from PIL import Image

    grey, alpha = (np.asarray(band, np.float64) for band in image.convert("LA").split())
    seen = alpha.sum()
    light = seen > 0 and (grey * alpha).sum() / seen > _HALF
    paper = Image.new("L", image.size, 0 if light else WHITE)
    bands = image.convert("LA").split()
    paper.paste(bands[0], mask=bands[1])
    return paper


def transparent(content: bytes) -> bool:
    """Whether the file of a picture has parts that can be seen through."""
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        return bool(image.has_transparency_data)


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


def _eight_bits(levels: np.ndarray) -> Image:
    from PIL import Image

    return Image.fromarray(levels.round().clip(0, WHITE).astype(np.uint8))


def _check_levels(image: ImageFile, name: str) -> None:
    if image.mode == "F":
        raise DataError(
            f"{name} holds real numbers, whose black and white are not defined; save it with 8 or 16 "
            "bits a pixel, or give the numbers as an .npz"
        )


def _short(text: Any) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
