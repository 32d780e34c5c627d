"""Handwritten digits of 8 by 8 pixels, from scikit-learn: pictures without a download.

References:
    Optical Recognition of Handwritten Digits, Alpaydin and Kaynak, 1998,
    https://doi.org/10.24432/C50P49
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.data import pictures
from engine.data.corpus import Progress

_LEVELS = 16
"""Pixels count ink in a block of 4 by 4 points: 0..16."""


def make(progress: Progress | None = None) -> dict[str, Any]:
    """1,797 pictures of 8 by 8 pixels in 17 levels of grey, spread over 0..255; label = digit."""
    from sklearn.datasets import load_digits

    if progress:
        progress(0, None, "reading digits")
    found = load_digits()
    levels = np.rint(found.images * (pictures.WHITE / _LEVELS)).astype(np.uint8)
    return {
        "text": [pictures.write(one) for one in levels],
        "label": [str(digit) for digit in found.target.tolist()],
    }
