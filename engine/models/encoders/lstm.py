"""LSTM encoder."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from engine.config import Config, param


class LSTMEncoder(nn.Module):
    r"""Reads a sentence with an LSTM; its last state is the summary h.

    The whole sentence is read, start and end tokens included, through an embedding that is not the
    decoder's. Two directions are read separately and their last states joined.

    References:
        Lagging Inference Networks and Posterior Collapse in Variational Autoencoders,
        He, Spokoyny, Neubig and Berg-Kirkpatrick, 2019, https://arxiv.org/abs/1901.05534
    """

    class Config(Config):
        """LSTM encoder."""

        name: Literal["lstm"] = "lstm"
        embedding: int = param(
            512, "Width of the word embedding (512 in He et al. 2019).", ge=1, le=8192, symbol="E"
        )
        hidden: int = param(
            1024,
            "Width of the LSTM state (1024 in He et al. 2019).",
            ge=1,
            le=8192,
            symbol="H",
            basic=True,
        )
        layers: int = param(1, "Stacked LSTM layers (1 in He et al. 2019).", ge=1, le=8)
        bidirectional: bool = param(False, "Read the sentence in both directions.")

    def __init__(self, config: Config, vocab_size: int, pad_id: int) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.embedding = nn.Embedding(vocab_size, config.embedding, padding_idx=pad_id)
        self.lstm = nn.LSTM(
            config.embedding,
            config.hidden,
            config.layers,
            batch_first=True,
            bidirectional=config.bidirectional,
        )
        self.size = config.hidden * (2 if config.bidirectional else 1)

    def forward(self, x: Tensor) -> Tensor:
        """The summary h (B, H) of sentences x (B, T), right-padded."""
        lengths = (x != self.pad_id).sum(1)
        inputs = self.embedding(x)
        if self.lstm.bidirectional:
            packed = pack_padded_sequence(
                inputs, lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            _, (h, _) = self.lstm(packed)
            return torch.cat([h[-2], h[-1]], dim=-1)
        # One direction never sees the padding before a sentence's own end: no packing needed.
        outputs, _ = self.lstm(inputs)
        return outputs[torch.arange(len(x), device=x.device), lengths - 1]
