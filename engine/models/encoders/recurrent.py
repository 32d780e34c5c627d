"""What recurrent encoders share: everything but the cell."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.encoders.base import Encoder, pooled


class RecurrentEncoder(Encoder):
    """Reads a sentence with a recurrent network; a subclass names which.

    Attributes:
        network: one layer and direction of it.
    """

    network: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    class Config(BaseConfig):
        """Recurrent encoder."""

        name: str = "recurrent"
        embedding: int = param(
            512, "Width of the word embedding (512 in He et al. 2019).", ge=1, le=8192, symbol="E"
        )
        hidden: int = param(
            1024,
            "Width of the recurrent state (1024 in He et al. 2019).",
            ge=1,
            le=8192,
            symbol="H",
            basic=True,
        )
        layers: int = param(1, "Stacked layers (1 in He et al. 2019).", ge=1, le=8)
        bidirectional: bool = param(False, "Read the sentence in both directions.")
        summary: Literal["last", "max", "mean"] = param(
            "last",
            "What becomes of the states: the last one (He et al. 2019), or the maximum or mean of each "
            "unit over the sentence (Long et al. 2019), which finds it easier to remember early words.",
        )
        dropout: float = param(
            0.0,
            "Dropout on the word embeddings that are read (none in He et al. 2019).",
            ge=0,
            lt=1,
        )

    def __init__(
        self, config: Config, vocab_size: int, pad_id: int, own_embedding: bool = True
    ) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.summary = config.summary
        self.embedding = (
            nn.Embedding(vocab_size, config.embedding, padding_idx=pad_id)
            if own_embedding
            else None
        )
        directions = 2 if config.bidirectional else 1
        self.size = config.hidden * directions
        widths = [config.embedding, *[self.size] * (config.layers - 1)]
        self.stack = nn.ModuleList(
            nn.ModuleList(
                self.network(width, config.hidden, batch_first=True) for _ in range(directions)
            )
            for width in widths
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, table: Tensor | None = None) -> Tensor:
        """The summary h (B, H) of sentences x (B, T); see :meth:`Encoder.forward`."""
        lengths = (x != self.pad_id).sum(1)
        outputs = self.dropout(self._embedded(x, table))
        last: list[Tensor] = []
        for layer in self._layers():
            read = [
                _flip(outputs, lengths) if backward else outputs for backward in range(len(layer))
            ]
            states = [network(inputs)[0] for network, inputs in zip(layer, read, strict=True)]
            last = [state[torch.arange(len(x), device=x.device), lengths - 1] for state in states]
            states[1:] = [_flip(state, lengths) for state in states[1:]]
            outputs = torch.cat(states, -1)
        if self.summary == "last":
            return torch.cat(last, -1)
        return pooled(outputs, x != self.pad_id, self.summary)

    def _embedded(self, x: Tensor, table: Tensor | None) -> Tensor:
        if self.embedding is None:
            assert table is not None, "an encoder without an embedding must be handed a table"
            return F.embedding(x, table, padding_idx=self.pad_id)
        return self.embedding(x)

    def _layers(self) -> list[list[nn.RNNBase]]:
        return [list(layer) for layer in self.stack]  # type: ignore[call-overload]


def _flip(sequence: Tensor, lengths: Tensor) -> Tensor:
    """Each row (T, H) of (B, T, H) back to front within its own length; padding stays at the end.

    The direction that starts at the end must start at the sentence's own: with the rows turned round,
    one plain network reads them all, which is much faster than packed sequences are.
    """
    at = torch.arange(sequence.shape[1], device=sequence.device)
    index = torch.where(at < lengths[:, None], lengths[:, None] - 1 - at, at)
    return sequence.gather(1, index[:, :, None].expand_as(sequence))
