"""Rows of ids as pictures, and the normalisation that picture parts share."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from engine.config import ConfigError

# Ids of pixels; those before are padding, start, end and unknown, as in sentences.
OFF, ON = 4, 5
# The largest side: its pixels are as many as the longest sentence has tokens.
MOST_SIDE = 64


def pixels_of(ids: Tensor, side: int) -> Tensor:
    """Pictures (B, 1, side, side) of 0 and 1, float32, from the ids of their pixels (B, side²).

    What is not on is off: a hidden pixel (word dropout) is black.

    Raises:
        ConfigError: a row has another number of pixels.
    """
    if ids.shape[1] != side * side:
        raise ConfigError(
            f"a picture of side {side} has {side * side} pixels, row by row, between start and end, got "
            f"{ids.shape[1]}: set data.max_tokens to at least {side * side}, and the sides of tokenizer, "
            f"encoder and decoder to the same number"
        )
    return (ids == ON).float().view(-1, 1, side, side)


class Norm(nn.BatchNorm2d):
    """Batch normalisation of planes, also of a single number, which has no spread of its own.

    In evaluation running statistics stand in for those of the batch; for a single number (a batch of
    one picture, one number to a plane) they do in training too.

    References:
        Batch Normalization, Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167
    """

    running_mean: Tensor
    running_var: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Normalised planes (B, C, rows, columns)."""
        if x.numel() > x.shape[1]:
            return super().forward(x)
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )

    def affine_in_evaluation(self) -> tuple[Tensor, Tensor]:
        """Scale and offset, (C,) each, that this is in evaluation."""
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        return scale, self.bias - self.running_mean * scale
