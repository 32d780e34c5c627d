"""A stack of transformer layers: settings, layers, gradient checkpoints, keys and values kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.transformers.attention import Attention, KeyValues, Sight


class StackConfig(BaseConfig):
    """Transformer layers."""

    embedding: int = param(
        512, "Width of the word embedding (512 in Vaswani et al. 2017).", ge=1, le=8192, symbol="E"
    )
    hidden: int = param(
        512,
        "Width of a position's state, a multiple of heads (512 in Vaswani et al. 2017).",
        ge=1,
        le=8192,
        symbol="H",
        basic=True,
    )
    layers: int = param(6, "Stacked layers (6 in Vaswani et al. 2017).", ge=1, le=96)
    heads: int = param(8, "Heads of attention (8 in Vaswani et al. 2017).", ge=1, le=128)
    feedforward: int = param(
        2048,
        "Width inside each layer's feed-forward network (2048 in Vaswani et al. 2017).",
        ge=1,
        le=65_536,
    )
    dropout: float = param(
        0.1,
        "Dropout on embeddings and on what each part adds (0.1 in Vaswani et al. 2017).",
        ge=0,
        lt=1,
    )
    norm: Literal["pre", "post"] = param(
        "pre",
        "pre: each part reads normalised states, which trains without warm-up (Xiong et al. 2020). "
        "post: states are normalised after each part, as in Vaswani et al. 2017.",
    )
    window: int = param(
        0,
        "A position sees those less than this far away: time grows with length times window instead of "
        "length squared. 0 sees all.",
        ge=0,
        le=65_536,
        unit="tokens",
    )
    checkpoint_every: int = param(
        0,
        "Keep states between so many layers only and compute those within again on the way back: less "
        "memory, about a third more time. 0 keeps all.",
        ge=0,
        le=96,
        unit="layers",
    )

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.hidden % self.heads:
            raise ValueError(
                f"hidden must be a multiple of heads, got {self.hidden} and {self.heads}: set hidden to "
                f"{-(-self.hidden // self.heads) * self.heads}, or heads to a divisor of {self.hidden}"
            )
        return self


class Layer(nn.Module):
    """Attention and a feed-forward network, each added to what it read."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.before = config.norm == "pre"
        self.attention = Attention(config.hidden, config.heads)
        self.feedforward = nn.Sequential(
            nn.Linear(config.hidden, config.feedforward),
            nn.GELU(),
            nn.Linear(config.feedforward, config.hidden),
        )
        self.attention_norm = nn.LayerNorm(config.hidden)
        self.feedforward_norm = nn.LayerNorm(config.hidden)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Tensor, sight: Sight, before: KeyValues | None = None
    ) -> tuple[Tensor, KeyValues]:
        """The next states (N, T, H), and the keys and values that were seen."""
        read = self.attention_norm(x) if self.before else x
        found, kept = self.attention(read, sight, before)
        x = x + self.dropout(found)
        if not self.before:
            x = self.attention_norm(x)
        read = self.feedforward_norm(x) if self.before else x
        x = x + self.dropout(self.feedforward(read))
        return x if self.before else self.feedforward_norm(x), kept


class Stack(nn.Module):
    r"""Transformer layers over sequences (N, T, H).

    .. math::
        x \leftarrow x + \mathrm{attention}(\mathrm{norm}(x)), \quad
        x \leftarrow x + W_2\,\mathrm{gelu}(W_1\,\mathrm{norm}(x))

    Args:
        config: sizes.
        causal: nobody sees what comes later.

    References:
        Attention Is All You Need, Vaswani et al., 2017, https://arxiv.org/abs/1706.03762;
        On Layer Normalization in the Transformer Architecture, Xiong et al., 2020,
        https://arxiv.org/abs/2002.04745;
        Training Deep Nets with Sublinear Memory Cost, Chen et al., 2016, https://arxiv.org/abs/1604.06174
    """

    def __init__(self, config: StackConfig, causal: bool = False) -> None:
        super().__init__()
        self.causal, self.window = causal, config.window
        self.checkpoint_every = config.checkpoint_every
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.hidden) if config.norm == "pre" else nn.Identity()

    def forward(
        self, x: Tensor, inside: Tensor | None = None, memory: Sequence[KeyValues] | None = None
    ) -> Tensor:
        """The last layer's states (N, T, H).

        Args:
            x: states, (N, T, H).
            inside: which positions are no padding, (N, T); needless where it is causal and padding last.
            memory: keys and values of each layer that every position sees besides.
        """
        kept = memory[0][0].shape[2] if memory else 0
        sight = Sight.of(
            x.shape[1],
            x.device,
            causal=self.causal,
            window=self.window,
            memory=kept,
            inside=inside,
        )
        every = self.checkpoint_every
        if not every or not torch.is_grad_enabled():
            return self.norm(self._through(x, 0, len(self.layers), sight, memory))
        for start in range(0, len(self.layers), every):
            x = checkpoint(  # type: ignore[assignment]
                self._through, x, start, start + every, sight, memory, use_reentrant=False
            )
        return self.norm(x)

    def _through(
        self, x: Tensor, start: int, stop: int, sight: Sight, memory: Sequence[KeyValues] | None
    ) -> Tensor:
        for number, layer in enumerate(self.layers[start:stop], start):
            x, _ = layer(x, sight, memory[number] if memory else None)
        return x

    def remember(self, x: Tensor) -> list[KeyValues]:
        """Keys and values of each layer for a memory x (N, M, H), whose positions all see each other."""
        found = []
        for layer in self.layers:
            x, kept = layer(x, Sight())
            found.append(kept)
        return found

    def step(
        self, x: Tensor, seen: Sequence[KeyValues] | None, memory: int
    ) -> tuple[Tensor, list[KeyValues]]:
        """One more position: its state, and the keys and values that the next one sees.

        Args:
            x: what is at the position, (N, 1, H).
            seen: keys and values of each layer so far, memory first; None where there are none.
            memory: M, how many of them are memory.
        """
        found = []
        for number, layer in enumerate(self.layers):
            x, kept = layer(x, Sight(), seen[number] if seen else None)
            found.append(self._recent(kept, memory))
        return self.norm(x), found

    def _recent(self, kept: KeyValues, memory: int) -> KeyValues:
        """What a window leaves in sight of the next position."""
        own = kept[0].shape[2] - memory
        if not self.window or own < self.window:
            return kept
        first = memory + own - (self.window - 1)
        key, value = (torch.cat([t[:, :, :memory], t[:, :, first:]], 2) for t in kept)
        return key, value
