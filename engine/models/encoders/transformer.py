"""Transformer encoder."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from engine.config import param
from engine.models.encoders.base import Encoder, pooled
from engine.models.transformers.stack import Stack, StackConfig
from engine.models.transformers.words import Words, WordTable, rows_of


class TransformerEncoder(Encoder):
    r"""Reads a sentence with a transformer; the state of its start token, or a pool of all, is h.

    Every position sees every other but padding, or those within a window.

    References:
        Attention Is All You Need, Vaswani et al., 2017, https://arxiv.org/abs/1706.03762;
        BERT: Pre-training of Deep Bidirectional Transformers, Devlin et al., 2019,
        https://arxiv.org/abs/1810.04805 (the first token's state)
    """

    class Config(StackConfig):
        """Transformer encoder."""

        name: Literal["transformer"] = "transformer"
        summary: Literal["first", "max", "mean"] = param(
            "first",
            "What becomes of the states: that of the start token (as in BERT), or the maximum or mean of "
            "each unit over the sentence.",
        )

    def __init__(
        self, config: Config, vocab_size: int, pad_id: int, own_embedding: bool = True
    ) -> None:
        super().__init__()
        self.pad_id, self.summary = pad_id, config.summary
        self.size = config.hidden
        self.embedding = (
            WordTable(vocab_size, config.embedding, padding_idx=pad_id) if own_embedding else None
        )
        self.words = Words(config.embedding, config.hidden, config.dropout)
        self.stack = Stack(config)

    def forward(self, x: Tensor, table: Tensor | None = None) -> Tensor:
        """The summary h (B, H) of sentences x (B, T); see :meth:`Encoder.forward`."""
        inside = x != self.pad_id
        rows = rows_of(x, self.embedding, table, self.pad_id)
        return pooled(self.stack(self.words(rows), inside), inside, self.summary)
