r"""Grey pictures drawn anew at every reading: each pixel on with probability g/255.

References:
    Importance Weighted Autoencoders, Burda, Grosse and Salakhutdinov, 2016,
    https://arxiv.org/abs/1509.00519
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.data.batches import Batches
from engine.data.pixels import OFF, ON, WHITE, fixed_draw, levels_of
from engine.data.tokens import Tokens


class GreyTokens(Tokens):
    """Pictures with their grey levels; read as rows they are resolved by the fixed draw."""

    def rows(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """The rows at ``indices`` as int64 (B, T), every grey pixel on or off as everywhere else."""
        rows = self.grey_rows(indices)
        rows[:, 1:-1] = OFF + fixed_draw(levels_of(rows[:, 1:-1]))
        return rows

    def grey_rows(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """The rows at ``indices`` with their grey levels, ids 6..259."""
        return super().rows(indices)


class DynamicBatches(Batches):
    """Batches of pictures whose grey pixels are drawn anew at every reading.

    The draws come from torch's global generator, whose state a checkpoint keeps: a run that was stopped
    goes on with the draws that it would have made.
    """

    def __init__(self, tokens: GreyTokens, batch_size: int, seed: int) -> None:
        super().__init__(tokens, batch_size, seed)
        self._greys = tokens

    def rows(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """The rows at ``indices`` as int64 (B, T), their grey pixels on with probability g/255."""
        import torch

        rows = self._greys.grey_rows(indices)
        grey = rows > ON
        chance = (rows[grey] - ON) / WHITE
        rows[grey] = OFF + (torch.rand(len(chance)).numpy() < chance)
        return rows
