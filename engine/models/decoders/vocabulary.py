"""The softmax over the vocabulary: most of a text VAE's arithmetic."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Logits of one chunk in a pass without gradient: small enough to stay in the cache on a CPU (with a
# thousand words twice as fast as 2,000,000), large enough to keep a GPU busy. Fewer rows than
# LEAST_ROWS would read V too often.
CPU_CHUNK = 200_000
GPU_CHUNK = 256_000_000
LEAST_ROWS = 100


def vocabulary_nll(states: Tensor, output: nn.Linear, targets: Tensor) -> Tensor:
    r"""-log softmax(V h)_target in nats, one per row, float32.

    Without gradient the rows go through in chunks, so that 500 importance samples of a long sentence
    never stand in memory as logits.

    Args:
        states: h, (M, H).
        output: V, with or without a bias.
        targets: token ids, (M,).
    """
    if torch.is_grad_enabled() and states.requires_grad:
        return F.cross_entropy(output(states).float(), targets, reduction="none")
    budget = CPU_CHUNK if states.device.type == "cpu" else GPU_CHUNK
    rows = max(LEAST_ROWS, budget // output.out_features)
    parts = [
        F.cross_entropy(output(h).float(), y, reduction="none")
        for h, y in zip(states.split(rows), targets.split(rows), strict=True)
    ]
    return torch.cat(parts)
