"""Words and places as transformers read them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class WordTable(nn.Embedding):
    """Word embeddings whose rows begin with length about 1, so that they also serve as an output."""

    def reset_parameters(self) -> None:
        """Rows from N(0, 1 / E); padding is 0."""
        nn.init.normal_(self.weight, std=self.embedding_dim**-0.5)
        if self.padding_idx is not None:
            with torch.no_grad():
                self.weight[self.padding_idx].fill_(0)


class Words(nn.Module):
    r"""Words at their places: W norm(e(x)) + positions, then dropout.

    Rows are normalised, so that tables of any scale (fresh, shared, word vectors) stand in the same
    proportion to positions. W is there where the widths differ.
    """

    def __init__(self, embedding: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(embedding)
        self.widen = nn.Identity() if embedding == hidden else nn.Linear(embedding, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, rows: Tensor, first: int = 0, beside: Tensor | None = None) -> Tensor:
        """States (N, T, H) of embedded words.

        Args:
            rows: their embeddings, (N, T, E).
            first: the place of the first one.
            beside: added at every place, (N, 1, H).
        """
        states = self.widen(self.norm(rows))
        states = states + sinusoids(rows.shape[1], states.shape[2], rows.device, first)
        return self.dropout(states if beside is None else states + beside)


def sinusoids(length: int, width: int, device: torch.device, first: int = 0) -> Tensor:
    r"""Sinusoidal positions (T, H): sin and cos of t / 10000^(2 i / H).

    References:
        Attention Is All You Need, Vaswani et al., 2017, https://arxiv.org/abs/1706.03762
    """
    half = -(-width // 2)
    rates = torch.exp(torch.arange(half, device=device) * (-2 * math.log(10_000.0) / width))
    angles = torch.arange(first, first + length, device=device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], 1)[:, :width]


def rows_of(x: Tensor, own: nn.Embedding | None, table: Tensor | None, pad_id: int) -> Tensor:
    """Word embeddings (N, T, E): of an encoder's own table, or of the one that it is handed."""
    if own is not None:
        return own(x)
    assert table is not None, "an encoder without an embedding must be handed a table"
    return F.embedding(x, table, padding_idx=pad_id)
