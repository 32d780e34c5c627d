"""Codes with a planted structure: clouds that are far apart."""

from __future__ import annotations

import numpy as np


def blobs(
    sizes: tuple[int, ...] = (120, 80, 40), units: int = 6, apart: float = 12.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Codes (N, units), float32, and the number of each one's cloud; shuffled."""
    rng = np.random.default_rng(seed)
    corners = np.linalg.qr(rng.normal(size=(units, units)))[0][: len(sizes)] * apart
    clouds = np.repeat(np.arange(len(sizes)), sizes)
    rng.shuffle(clouds)
    codes = corners[clouds] + rng.normal(size=(len(clouds), units))
    return codes.astype(np.float32), clouds
