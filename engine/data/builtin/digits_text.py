r"""Handwritten digits written out as text, a character a pixel: pictures that a model of sentences can learn.

Each row is its number, a direction, and one character for each pixel, the character of ASCII code
:math:`33 + \lfloor 64\, b \rfloor` for brightness b in [0, 1], so that "!" is black and "a" white::

    00 down ! ! 5 U 9 ! ! ! 01 down ! ! Q a 1 ! ! ! ...

The same digit with its rows from the last to the first says "up". That is how transformer-vae writes MNIST.

Where we differ: the digits are scikit-learn's, 8 by 8 pixels in 17 grey levels, which are there without a
download; a sentence is one line here, so rows follow each other instead of standing below each other; and
both directions of a digit are in the same split, so that no held-out digit was seen upside down.

References:
    transformer-vae and its data set mnist-text-default, Fraser-Greenlee, 2021,
    https://github.com/Fraser-Greenlee/transformer-vae; Optical Recognition of Handwritten Digits,
    Alpaydin and Kaynak, 1998, https://doi.org/10.24432/C50P49
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.data.corpus import SPLITS, Progress

SIDE, LEVELS = 8, 16
"""Pixels of a row and rows of a digit; brightness goes from 0 to LEVELS."""
SEED = 42
_FIRST, _SHADES = 33, 64
_SHARES = (0.8, 0.1, 0.1)


def make(progress: Progress | None = None) -> dict[str, Any]:
    """1,797 handwritten digits as text, each downwards and upwards; label = digit."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    splits = np.random.default_rng(SEED).choice(SPLITS, size=len(digits.images), p=_SHARES)
    columns: dict[str, list[str]] = {"text": [], "label": [], "direction": [], "split": []}
    for number, (pixels, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        for direction in ("down", "up"):
            columns["text"].append(written(pixels / LEVELS, direction))
            columns["label"].append(str(digit))
            columns["direction"].append(direction)
            columns["split"].append(str(splits[number]))
        if progress and number % 100 == 0:
            progress(number, len(digits.images), "writing digits")
    return columns


def written(brightness: np.ndarray, direction: str = "down") -> str:
    """The text of a picture, brightness in [0, 1], shape (rows, columns)."""
    rows = [
        " ".join([f"{y:02d} {direction}", *(chr(_FIRST + int(b * _SHADES)) for b in row)])
        for y, row in enumerate(brightness)
    ]
    return " ".join(rows if direction == "down" else reversed(rows))


def picture(text: str, side: int = SIDE) -> np.ndarray | None:
    """The brightness that a text describes, shape (side, side), or None where it is not a whole picture.

    Args:
        text: ``side`` rows of a number, a direction and ``side`` characters, in order, all one way.
        side: pixels of a row, and rows.
    """
    words = text.split()
    if len(words) != side * (side + 2):
        return None
    rows = [words[start : start + side + 2] for start in range(0, len(words), side + 2)]
    direction = rows[0][1]
    if direction not in ("down", "up"):
        return None
    if direction == "up":
        rows.reverse()
    if any(row[:2] != [f"{y:02d}", direction] for y, row in enumerate(rows)):
        return None
    marks = [[ord(mark) - _FIRST if len(mark) == 1 else -1 for mark in row[2:]] for row in rows]
    found = np.array(marks) / _SHADES
    return found if ((found >= 0) & (found <= 1)).all() else None


def sketch(text: str, side: int = SIDE) -> np.ndarray | None:
    """The brightness that a text describes as far as it does, shape (side, side); None where it has no row.

    A row goes where its number says; pixels that it lacks are black, and what it has too much is passed over,
    as transformer-vae reads what a model has written.
    """
    words = text.split()
    starts = [at for at, word in enumerate(words) if word in ("down", "up") and at]
    found, rows = np.zeros((side, side)), 0
    ends = [*(at - 1 for at in starts[1:]), len(words)]
    for start, end in zip(starts, ends, strict=False):
        number = words[start - 1]
        if not number.isdecimal() or int(number) >= side:
            continue
        rows += 1
        for x, mark in enumerate(words[start + 1 : end][:side]):
            level = (ord(mark) - _FIRST) / _SHADES if len(mark) == 1 else 0.0
            found[int(number), x] = level if 0 <= level <= 1 else 0.0
    return found if rows else None


def draws_a_digit(text: str) -> bool:
    """Whether a text is a whole picture of 8 by 8 pixels that is not all black."""
    found = picture(text)
    return found is not None and bool(found.any())
