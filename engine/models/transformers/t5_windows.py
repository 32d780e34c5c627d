"""Windows for T5's attention to its own words, whose positions are told apart by a learned bias."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def use_windows(stack: Any, window: int) -> None:
    """Lets each position of a T5 decoder see itself and what came less than ``window`` places before.

    What a window does not reach is never multiplied: time and memory grow with T W instead of T T. A
    sentence of at most W tokens is read as without windows.

    References:
        Generating Long Sequences with Sparse Transformers, Child, Gray, Radford and Sutskever, 2019,
        https://arxiv.org/abs/1904.10509 (local attention); transformer-vae, Fraser-Greenlee, 2021,
        https://github.com/Fraser-Greenlee/transformer-vae

    Args:
        stack: the library's ``T5Stack`` of a decoder; it is changed.
        window: W, places.
    """
    for number, block in enumerate(stack.block):
        whole = block.layer[0].SelfAttention
        windowed = _windowed()(stack.config, whole.has_relative_attention_bias, number, True)
        windowed.window = window
        windowed.load_state_dict(whole.state_dict(), assign=True)
        block.layer[0].SelfAttention = windowed


@cache
def _windowed() -> Any:
    """The library's attention, which takes seconds to import, within windows."""
    from transformers.models.t5.modeling_t5 import T5Attention

    class WindowedAttention(T5Attention):  # type: ignore[misc]
        """T5's attention of a sequence to itself, within windows."""

        window: int

        def forward(
            self,
            hidden_states: Tensor,
            mask: Tensor | None = None,
            key_value_states: None = None,
            position_bias: Tensor | None = None,
            cache: Any = None,
            **settings: Any,
        ) -> tuple[Tensor, Tensor | None, None]:
            """States (N, T, H), and the bias, which the layers after the first take from it."""
            length = hidden_states.shape[1]
            if cache is not None:
                mask = self._near(cache.get_seq_length(self.layer_idx), hidden_states.device)
            if cache is not None or length <= self.window:
                given = {"mask": mask, "position_bias": position_bias, "cache": cache}
                return super().forward(hidden_states, **given, **settings)
            if position_bias is None:
                # The blocks are alike: their queries stand W to 2 W - 1 places after the first key.
                rows = self.compute_bias(
                    self.window, 2 * self.window, hidden_states.device, self.window
                )
                seen = window_mask(length, self.window, hidden_states.device)
                position_bias = rows.masked_fill(~seen, torch.finfo(rows.dtype).min)
            split = (self.n_heads, self.key_value_proj_dim)
            query, key, value = (
                part(hidden_states).unflatten(-1, split).transpose(1, 2)
                for part in (self.q, self.k, self.v)
            )
            dropout = self.dropout if self.training else 0.0
            found = in_blocks(query, key, value, position_bias, self.window, dropout)
            return self.o(found.transpose(1, 2).flatten(2)), position_bias, None

        def _near(self, seen: int, device: torch.device) -> Tensor:
            """Which of the kept keys and the new one the new word sees, (1, 1, 1, seen + 1)."""
            return (torch.arange(seen + 1, device=device) > seen - self.window)[None, None, None]

    return WindowedAttention


def window_mask(length: int, window: int, device: torch.device) -> Tensor:
    """Which keys of its own block and the one before each position sees, (blocks, 1, W, 2 W)."""
    blocks = -(-length // window)
    query = torch.arange(window, device=device)[:, None] + window
    key = torch.arange(2 * window, device=device)
    near = (key <= query) & (query - key < window)
    first = torch.arange(blocks, device=device)[:, None, None] * window - window
    return (near & (first + key >= 0))[:, None]


def in_blocks(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor, window: int, dropout: float = 0.0
) -> Tensor:
    """Attention of blocks of W queries to the keys of their own block and of the one before.

    Args:
        query: (N, heads, T, D); ``key`` and ``value`` are like it.
        bias: added to the scores, which are not scaled, (blocks, heads, W, 2 W).
        window: W.
        dropout: share of the attention that is dropped out.

    Returns:
        (N, heads, T, D).
    """
    rows, _, length, _ = query.shape
    blocks = len(bias)
    short = blocks * window - length

    def beside(states: Tensor) -> Tensor:
        near = F.pad(states, (0, 0, window, short)).unfold(2, 2 * window, window)
        return near.transpose(-1, -2).transpose(1, 2).flatten(0, 1)

    own = F.pad(query, (0, 0, 0, short)).unflatten(2, (blocks, window))
    found = F.scaled_dot_product_attention(
        own.transpose(1, 2).flatten(0, 1),
        beside(key),
        beside(value),
        attn_mask=bias.to(query.dtype).repeat(rows, 1, 1, 1),
        dropout_p=dropout,
        scale=1.0,
    )
    return found.unflatten(0, (rows, blocks)).transpose(1, 2).flatten(2, 3)[:, :, :length]
