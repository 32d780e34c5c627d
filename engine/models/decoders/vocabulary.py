"""The softmax over the vocabulary: most of a text VAE's arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# The token that ends a sentence.
END = 2

# The logit of a word that cannot be: no probability, and still a number to calculate with.
NEVER = -1e9

# Logits of one chunk in a pass without gradient: small enough to stay in the cache on a CPU (with a
# thousand words twice as fast as 2,000,000), large enough to keep a GPU busy. Fewer rows than
# LEAST_ROWS would read V too often.
CPU_CHUNK = 200_000
GPU_CHUNK = 256_000_000
LEAST_ROWS = 100


class Scores(nn.Module):
    r"""Logits of all words for states h: V h, or with tied embeddings E W h.

    Args:
        hidden: H, width of the states.
        table: E, the word embeddings; not owned.
        tied: words are scored by their embeddings; W is there where the widths differ.
        bias: one number more per word.
    """

    def __init__(self, hidden: int, table: nn.Embedding, tied: bool, bias: bool) -> None:
        super().__init__()
        words, width = table.num_embeddings, table.embedding_dim
        self.tied = tied
        narrowing = nn.Identity() if hidden == width else nn.Linear(hidden, width, bias=False)
        self.project = narrowing if tied else nn.Linear(hidden, words, bias=bias)
        self.bias = nn.Parameter(torch.zeros(words)) if tied and bias else None

    def forward(self, states: Tensor, table: Tensor) -> Tensor:
        """Logits (..., V) of states (..., H); ``table`` (V, E) holds the embeddings."""
        projected = self.project(states)
        return F.linear(projected, table, self.bias) if self.tied else projected


def vocabulary_nll(
    states: Tensor, output: Callable[[Tensor], Tensor], targets: Tensor, words: int | None = None
) -> Tensor:
    r"""-log softmax(V h)_target in nats, one per row, float32.

    Without gradient the rows go through in chunks, so that 500 importance samples of a long sentence
    never stand in memory as logits.

    Args:
        states: h, (M, H).
        output: from states (m, H) to logits (m, V).
        targets: token ids, (M,).
        words: V; of a linear ``output`` it is known.
    """
    if torch.is_grad_enabled() and states.requires_grad:
        return F.cross_entropy(output(states).float(), targets, reduction="none")
    budget = CPU_CHUNK if states.device.type == "cpu" else GPU_CHUNK
    rows = max(LEAST_ROWS, budget // (words or output.out_features))  # type: ignore[attr-defined]
    parts = [
        F.cross_entropy(output(h).float(), y, reduction="none")
        for h, y in zip(states.split(rows), targets.split(rows), strict=True)
    ]
    return torch.cat(parts)
