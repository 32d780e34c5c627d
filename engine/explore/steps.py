"""Codes of the same sentences at several checkpoints, in one frame that does not move with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.config import DataError
from engine.explore.projections import Projection, pca


@dataclass(frozen=True)
class Steps:
    """A map at several moments of training.

    Attributes:
        checkpoints: their names, in the order of their steps.
        steps: updates done by each, shape (S,).
        coordinates: of the same N rows at each, shape (S, N, 2), float32.
        projection: the frame, with the coordinates of the codes that it was fitted on.
    """

    checkpoints: tuple[str, ...]
    steps: NDArray[np.int64]
    coordinates: NDArray[np.float32]
    projection: Projection


def in_one_frame(
    checkpoints: Sequence[str],
    steps: Sequence[int],
    codes: Sequence[NDArray[Any]],
    fitted_on: Literal["last", "all"] = "last",
) -> Steps:
    """Codes at several checkpoints on one map, so that what moves on it has moved in the latent space.

    Args:
        checkpoints: names, in the order of their steps.
        steps: updates done by each.
        codes: of the same rows at each, (N, Z) each.
        fitted_on: whose principal components make the frame: those of the last checkpoint, in which
            what training has led to is widest, or of all together.

    Raises:
        DataError: there is no checkpoint, or their codes differ in rows or units.
    """
    if not codes or len({part.shape for part in codes}) != 1:
        shapes = ", ".join(str(part.shape) for part in codes) or "none"
        raise DataError(
            f"steps need codes of the same rows and units at each checkpoint, got {shapes}; "
            "encode the same rows at each"
        )
    frame = pca(codes[-1] if fitted_on == "last" else np.concatenate(codes), 2)
    places = np.stack([frame.transform(part).coordinates for part in codes])
    missing = 2 - places.shape[2]
    flat: NDArray[np.float32] = np.pad(places, ((0, 0), (0, 0), (0, missing))).astype(np.float32)
    return Steps(tuple(checkpoints), np.asarray(steps, dtype=np.int64), flat, frame)
