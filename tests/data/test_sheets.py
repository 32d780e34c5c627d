"""A sheet holds every picture in its place, and a difference says which pixels came and went."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engine.config import DataError
from engine.data.pictures import PREFIX, read, write
from engine.data.pictures.sheets import GAP, LOST, NEW, PAPER, differing, enlarged, sheet


def levels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"))


def test_each_picture_lies_enlarged_in_its_cell() -> None:
    found = [np.full((28, 28), level, np.uint8) for level in (0, 255, 90)]
    out = levels(sheet([write(one) for one in found], columns=2))
    assert out.shape == (2 * 57 + GAP, 2 * 57 + GAP)
    assert out[30, 30] == 0 and out[30, 90] == 255 and out[90, 30] == 90
    assert out[90, 90] == PAPER  # no fourth
    assert (out[0] == PAPER).all()


def test_pictures_of_other_sizes_share_one_sheet() -> None:
    texts = [write(np.full((4, 4), 255, np.uint8)), write(np.full((8, 8), 255, np.uint8))]
    assert levels(sheet(texts)).shape == (57 + GAP, 2 * 57 + GAP)


def test_a_sheet_needs_a_picture() -> None:
    with pytest.raises(DataError, match="at least one"):
        sheet([])
    with pytest.raises(DataError, match="data URI"):
        sheet(["a sentence"])


def test_a_difference_has_a_colour_for_what_came_and_what_went() -> None:
    before, after = np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8)
    before[0, 0] = before[0, 1] = after[0, 0] = after[1, 0] = 255
    text = differing(write(before), write(after))
    assert text.startswith(PREFIX)
    import base64

    image = Image.open(io.BytesIO(base64.b64decode(text.removeprefix(PREFIX))))
    found = np.asarray(image)
    assert found[0, 0].tolist() == [255] * 3 and found[1, 1].tolist() == [0] * 3
    assert tuple(found[0, 1]) == LOST and tuple(found[1, 0]) == NEW
    assert read(text).shape == (2, 2)


def test_a_difference_of_two_sizes_is_refused() -> None:
    texts = [write(np.zeros((side, side), np.uint8)) for side in (2, 3)]
    with pytest.raises(DataError, match="one size"):
        differing(*texts)


def test_a_small_picture_is_enlarged_by_whole_pixels() -> None:
    grey = np.array([[0, 255], [90, 0]], np.uint8)
    assert np.array_equal(read(enlarged(write(grey), 7)), grey.repeat(3, 0).repeat(3, 1))
    large = write(np.zeros((9, 9), np.uint8))
    assert enlarged(large, 8) == large
