"""Opens the files of pictures that people bring: any format, colour, depth and size, as grey levels."""

from __future__ import annotations

import io
import warnings
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.config import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".pbm", ".ppm")
)
WHITE = 255
LARGEST = 256
"""A corpus keeps no picture with more pixels a side."""
_HALF = WHITE / 2
_SIXTEEN_BITS = 257  # 65,535 / 255
_GREY = ("1", "L", "LA", "I", "F")
_TINT = 4  # levels that compression may part the colours of a grey picture


class Opened(NamedTuple):
    """A picture in grey, and what was done to it, in words such as "in colour"."""

    grey: Image
    was: frozenset[str]


def is_named_picture(name: str) -> bool:
    """Whether a file is called like a picture."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def opened(content: bytes, name: str) -> Opened:
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
            # A fault in a note about the picture, such as its camera's, is none in the picture.
            warnings.simplefilter("ignore", UserWarning)
            with Image.open(io.BytesIO(content)) as image:
                image.load()
                was = _facts(image)
                turned = ImageOps.exif_transpose(image)
                return Opened(flat(turned, name), was)
    except UnidentifiedImageError as error:
        raise DataError(
            f"{name} is not a picture that can be read; give PNG, JPEG, BMP, GIF, TIFF or WebP, or "
            "remove it"
        ) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError(
            f"{name} is too large a picture to open, with more than {Image.MAX_IMAGE_PIXELS:,} pixels; scale "
            f"it down first, to {LARGEST} pixels a side or a little more: no more are kept"
        ) from error
    # Pillow's readers raise these for files that are cut off or damaged.
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DataError(
            f"{name} is a picture that ends early or is damaged ({error}); copy it again or remove it"
        ) from error


def flat(image: Image, name: str = "the picture") -> Image:
    """Any picture in 256 levels of grey.

    Transparent parts become paper: white, or black where what can be seen is lighter than mid grey.

    Raises:
        DataError: its levels are real numbers.
    """
    from PIL import Image

    if image.mode == "F":
        raise DataError(
            f"{name} holds real numbers, whose black and white are not defined; save it with 8 or 16 "
            "bits a pixel, or give the numbers as an .npz"
        )
    if image.mode == "I" or image.mode.startswith("I;16"):
        levels = np.asarray(image).astype(np.float64) / _SIXTEEN_BITS
        return Image.fromarray(levels.round().clip(0, WHITE).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("L")
    grey, alpha = image.convert("RGBA").convert("LA").split()
    levels, weights = np.asarray(grey, np.float64), np.asarray(alpha, np.float64)
    light = (levels * weights).sum() > _HALF * weights.sum()
    paper = Image.new("L", image.size, 0 if light else WHITE)
    paper.paste(grey, mask=alpha)
    return paper


def shrunk(image: Image) -> Image:
    """The picture with at most 256 pixels a side, its proportions kept."""
    from PIL import Image

    longest = max(image.size)
    if longest <= LARGEST:
        return image
    width, height = (max(1, round(size * LARGEST / longest)) for size in image.size)
    return image.resize((width, height), Image.Resampling.BOX)


def _facts(image: Image) -> frozenset[str]:
    found = {
        "in colour": _coloured(image),
        "with transparent parts, laid on paper": image.has_transparency_data,
        "animated, of which the first frame is kept": getattr(image, "n_frames", 1) > 1,
        "of 16 bits a pixel": image.mode == "I" or image.mode.startswith("I;16"),
        f"larger than {LARGEST} pixels a side": max(image.size) > LARGEST,
    }
    return frozenset(what for what, so in found.items() if so)


def _coloured(image: Image) -> bool:
    if image.mode in _GREY or image.mode.startswith("I;16"):
        return False
    return bool((np.ptp(np.asarray(image.convert("RGB")), axis=2) > _TINT).any())
