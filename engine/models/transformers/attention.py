"""Attention: who sees whom, over all positions, within windows, and past kept keys and values."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Keys and values of one layer, (N, heads, T, H / heads) each.
KeyValues = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Sight:
    """Which positions each position sees; made once for all layers.

    Attributes:
        causal: nobody sees what comes later.
        window: W, where each position sees those less than W away; None where it sees all.
        memory: M, how many keys stand before the sequence and are seen by all its positions.
        mask: True where a query sees a key: (..., T, M + T), or with windows (B * blocks, 1, W, span) or
            (blocks, 1, W, span); None where no mask is needed.
    """

    causal: bool = False
    window: int | None = None
    memory: int = 0
    mask: Tensor | None = None

    @classmethod
    def of(
        cls,
        length: int,
        device: torch.device,
        *,
        causal: bool = False,
        window: int = 0,
        memory: int = 0,
        inside: Tensor | None = None,
    ) -> Sight:
        """The sight within sequences of ``length`` positions.

        Args:
            length: T.
            device: where masks are needed.
            causal: nobody sees what comes later.
            window: W; 0 for no limit. At least T is no limit either.
            memory: M.
            inside: which positions are no padding, (B, T); padding is seen by no other position.
        """
        if 0 < window < length:
            near = _window_mask(length, window, causal, inside, device)
            return cls(causal, window, memory, F.pad(near, (memory, 0), value=True))
        mask: Tensor | None = None
        if causal and (memory or inside is not None):
            ones = torch.ones(length, memory + length, dtype=torch.bool, device=device)
            mask = ones.tril(memory)
        if inside is not None:
            there = F.pad(inside, (memory, 0), value=True)[:, None, None]
            mask = there if mask is None else there & mask
        return cls(causal, None, memory, mask)


def _window_mask(
    length: int, window: int, causal: bool, inside: Tensor | None, device: torch.device
) -> Tensor:
    """(blocks, 1, W, span), or with padding (B * blocks, 1, W, span), for blocks of W queries."""
    blocks = -(-length // window)
    span = window * (2 if causal else 3)
    query = torch.arange(blocks * window, device=device).view(blocks, window, 1)
    first = torch.arange(blocks, device=device) * window - window
    key = (first[:, None] + torch.arange(span, device=device))[:, None]
    ahead = query - key
    near = (ahead < window) & (ahead >= (0 if causal else 1 - window))
    seen = near & (key >= 0) & (key < length)
    if inside is not None:
        after = blocks * window - length + (0 if causal else window)
        there = F.pad(inside, (window, after)).unfold(1, span, window)
        seen = (seen & there[:, :, None]).flatten(0, 1)
        ahead = ahead.expand(len(inside), -1, -1, -1).flatten(0, 1)
    # Nobody sees nothing: a softmax over no key is no number.
    return (seen | (ahead == 0))[:, None]


def attend(query: Tensor, key: Tensor, value: Tensor, sight: Sight) -> Tensor:
    r"""softmax(Q K' / sqrt(D)) V over what ``sight`` lets each position see.

    Args:
        query: (N, heads, T, D).
        key: (N, heads, M + T, D), memory first.
        value: like ``key``.
        sight: who sees whom.

    Returns:
        (N, heads, T, D).
    """
    if sight.window is not None:
        return _in_windows(query, key, value, sight)
    if sight.mask is not None:
        return F.scaled_dot_product_attention(query, key, value, attn_mask=sight.mask)
    return F.scaled_dot_product_attention(query, key, value, is_causal=sight.causal)


def _in_windows(query: Tensor, key: Tensor, value: Tensor, sight: Sight) -> Tensor:
    """Blocks of W queries against the blocks beside them: time and scores grow with T W, not with T T."""
    assert sight.window is not None and sight.mask is not None
    window, length, rows = sight.window, query.shape[2], len(query)
    blocks = -(-length // window)
    short = blocks * window - length
    span = window * (2 if sight.causal else 3)
    after = short + (0 if sight.causal else window)

    def beside(states: Tensor) -> Tensor:
        memory, own = states[:, :, : sight.memory], states[:, :, sight.memory :]
        near = F.pad(own, (0, 0, window, after)).unfold(2, span, window).transpose(-1, -2)
        kept = memory.unsqueeze(2).expand(-1, -1, blocks, -1, -1)
        return torch.cat([kept, near], 3).transpose(1, 2).flatten(0, 1)

    own = F.pad(query, (0, 0, 0, short)).unflatten(2, (blocks, window))
    mask = sight.mask
    if len(mask) == blocks:
        mask = mask.repeat(rows, 1, 1, 1)
    found = F.scaled_dot_product_attention(
        own.transpose(1, 2).flatten(0, 1), beside(key), beside(value), attn_mask=mask
    )
    return found.unflatten(0, (rows, blocks)).transpose(1, 2).flatten(2, 3)[:, :, :length]


class Attention(nn.Module):
    r"""Multi-head attention of a sequence to itself, and to keys and values that stand before it.

    Weights of attention are not dropped out, so that no kernel has to write them down.

    References:
        Attention Is All You Need, Vaswani et al., 2017, https://arxiv.org/abs/1706.03762
    """

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.read = nn.Linear(hidden, 3 * hidden)
        self.write = nn.Linear(hidden, hidden)

    def forward(
        self, x: Tensor, sight: Sight, before: KeyValues | None = None
    ) -> tuple[Tensor, KeyValues]:
        """What x (N, T, H) finds, (N, T, H), and all keys and values, those before it first."""
        query, key, value = self.read(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        if before is not None:
            key = torch.cat([before[0].to(key.dtype), key], 2)
            value = torch.cat([before[1].to(value.dtype), value], 2)
        found = attend(query, key, value, sight)
        return self.write(found.transpose(1, 2).flatten(2)), (key, value)
