"""Funnel encoder: a transformer that pools, and gives several latent tokens."""

from __future__ import annotations

from typing import Any, Literal, Self

import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.encoders.base import Encoder
from engine.models.transformers.words import WordTable, rows_of


class FunnelEncoder(Encoder):
    r"""Reads a sentence with a transformer whose blocks halve it; the first K positions left are its summary.

    Between blocks neighbours are averaged (the start token stays by itself), so that with b blocks each of
    the K latent tokens but the first stands for :math:`2^{b-1}` positions. A latent family with K tokens
    makes each from its own position; any other family reads all K at once.

    References:
        Funnel-Transformer: Filtering out Sequential Redundancy for Efficient Language Processing, Dai,
        Lai, Yang and Le, 2020, https://arxiv.org/abs/2006.03236;
        transformer-vae, Fraser-Greenlee, 2021, https://github.com/Fraser-Greenlee/transformer-vae
    """

    class Config(BaseConfig):
        """Transformer that pools; several latent tokens."""

        name: Literal["funnel"] = "funnel"
        tokens: int = param(
            5,
            "Positions that become the summary, one for each latent token (5 in transformer-vae).",
            ge=1,
            le=256,
            symbol="K",
            basic=True,
        )
        embedding: int = param(
            768, "Width of the word embedding (768 in transformer-vae).", ge=1, le=8192, symbol="E"
        )
        hidden: int = param(
            768,
            "Width of a position's state, an even multiple of heads (768 in Funnel's intermediate size).",
            ge=2,
            le=8192,
            symbol="H",
            basic=True,
        )
        blocks: int = param(
            3, "Blocks; each but the first begins with pooling (3 in Funnel).", ge=1, le=8
        )
        layers: int = param(
            6, "Layers of each block (6 in Funnel's intermediate size).", ge=1, le=24
        )
        heads: int = param(12, "Heads of attention (12 in Funnel).", ge=1, le=128)
        feedforward: int = param(
            3072,
            "Width inside the feed-forward networks (3072 in Funnel's intermediate size).",
            ge=1,
            le=65_536,
        )
        dropout: float = param(0.1, "Dropout on states and attention (0.1 in Funnel).", ge=0, lt=1)
        checkpoint: bool = param(
            False,
            "Compute all states again on the way back instead of keeping them: less memory, about a third "
            "more time (gradient_checkpoint_encoder in transformer-vae).",
        )

        @model_validator(mode="after")
        def _heads_share_the_width(self) -> Self:
            if self.hidden % self.heads or self.hidden % 2:
                raise ValueError(
                    f"hidden must be an even multiple of heads, got {self.hidden} and {self.heads}: set "
                    f"hidden to {2 * self.heads * -(-self.hidden // (2 * self.heads))}"
                )
            return self

    def __init__(
        self, config: Config, vocab_size: int, pad_id: int, own_embedding: bool = True
    ) -> None:
        super().__init__()
        self.pad_id, self.tokens = pad_id, config.tokens
        self.size = config.tokens * config.hidden
        self.stride = 2 ** (config.blocks - 1)
        self.checkpoint = config.checkpoint
        self.embedding = (
            WordTable(vocab_size, config.embedding, padding_idx=pad_id) if own_embedding else None
        )
        self.norm = nn.LayerNorm(config.embedding)
        self.widen = (
            nn.Identity()
            if config.embedding == config.hidden
            else nn.Linear(config.embedding, config.hidden)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.funnel = _funnel(config)

    def forward(self, x: Tensor, table: Tensor | None = None) -> Tensor:
        """The summary h (B, K H) of sentences x (B, T), position after position; see :meth:`Encoder.forward`."""
        # A multiple of the stride, and enough for K: what is pooled does not depend on other rows.
        places = max(-(-x.shape[1] // self.stride), self.tokens) * self.stride
        x = F.pad(x, (0, places - x.shape[1]), value=self.pad_id)
        rows = self.dropout(self.widen(self.norm(rows_of(x, self.embedding, table, self.pad_id))))
        inside = (x != self.pad_id).to(rows.dtype)
        if self.checkpoint and torch.is_grad_enabled():
            states = checkpoint(self._through, rows, inside, use_reentrant=False)
        else:
            states = self._through(rows, inside)
        return states[:, : self.tokens].flatten(1)  # type: ignore[index]

    def _through(self, rows: Tensor, inside: Tensor) -> Tensor:
        kinds = torch.zeros(rows.shape[:2], dtype=torch.long, device=rows.device)
        return self.funnel(rows, attention_mask=inside, token_type_ids=kinds).last_hidden_state


def _funnel(config: FunnelEncoder.Config) -> Any:
    """The library's layers, freshly initialised as it does."""
    from transformers import FunnelBaseModel, FunnelConfig

    settings = FunnelConfig(
        vocab_size=1,
        block_sizes=[config.layers] * config.blocks,
        d_model=config.hidden,
        n_head=config.heads,
        d_head=config.hidden // config.heads,
        d_inner=config.feedforward,
        hidden_dropout=config.dropout,
        attention_dropout=config.dropout,
    )
    return FunnelBaseModel(settings).encoder
