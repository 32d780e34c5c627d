"""What an encoder promises."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Encoder(nn.Module, ABC):
    """Sums a sentence up, for the latent family to make a posterior of.

    One whose Config has ``embedding``, a width, can share the decoder's table: it takes
    ``own_embedding=False`` when it is made.

    Attributes:
        size: H, the width of the summary.
        tokens: K, into how many parts of equal width a summary falls, one for each latent token.
        embedding: its own table of words, or None: it reads through the table it is handed.
    """

    size: int
    tokens: int = 1
    embedding: nn.Embedding | None

    @abstractmethod
    def forward(self, x: Tensor, table: Tensor | None = None) -> Tensor:
        """The summary h (B, H) of sentences x (B, T), right-padded.

        Args:
            x: sentences, START first.
            table: word embeddings (V, E) to read through, where the encoder has none of its own.
        """


def pooled(states: Tensor, inside: Tensor, summary: str) -> Tensor:
    """One state (B, H) of states (B, T, H): the first, or each unit's maximum or mean over the sentence.

    Args:
        states: of every position.
        inside: which positions are no padding, (B, T).
        summary: ``first``, ``max`` or ``mean``.
    """
    if summary == "first":
        return states[:, 0]
    if summary == "max":
        return states.masked_fill(~inside[:, :, None], -torch.inf).amax(1)
    return states.masked_fill(~inside[:, :, None], 0).sum(1) / inside.sum(1, keepdim=True)
