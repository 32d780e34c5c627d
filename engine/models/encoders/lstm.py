"""LSTM encoder."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from engine.config import Config as BaseConfig
from engine.config import param


class LSTMEncoder(nn.Module):
    r"""Reads a sentence with an LSTM; its last state, or a pool of all, is the summary h.

    The whole sentence is read, start and end tokens included, through an embedding that is not the
    decoder's. Two directions are read separately and their last states joined.

    References:
        Lagging Inference Networks and Posterior Collapse in Variational Autoencoders,
        He, Spokoyny, Neubig and Berg-Kirkpatrick, 2019, https://arxiv.org/abs/1901.05534;
        Preventing Posterior Collapse in Sequence VAEs with Pooling, Long, Cao and Cheung, 2019,
        https://arxiv.org/abs/1911.03976
    """

    class Config(BaseConfig):
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
        summary: Literal["last", "max", "mean"] = param(
            "last",
            "What becomes of the states: the last one (He et al. 2019), or the maximum or mean of each "
            "unit over the sentence (Long et al. 2019), which finds it easier to remember early words.",
        )

    def __init__(self, config: Config, vocab_size: int, pad_id: int) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.summary = config.summary
        self.embedding = nn.Embedding(vocab_size, config.embedding, padding_idx=pad_id)
        directions = 2 if config.bidirectional else 1
        self.size = config.hidden * directions
        widths = [config.embedding, *[self.size] * (config.layers - 1)]
        self.stack = nn.ModuleList(
            nn.ModuleList(
                nn.LSTM(width, config.hidden, batch_first=True) for _ in range(directions)
            )
            for width in widths
        )

    def forward(self, x: Tensor) -> Tensor:
        """The summary h (B, H) of sentences x (B, T), right-padded."""
        lengths = (x != self.pad_id).sum(1)
        outputs = self.embedding(x)
        last: list[Tensor] = []
        for layer in self._layers():
            read = [
                _flip(outputs, lengths) if backward else outputs for backward in range(len(layer))
            ]
            states = [lstm(inputs)[0] for lstm, inputs in zip(layer, read, strict=True)]
            last = [state[torch.arange(len(x), device=x.device), lengths - 1] for state in states]
            states[1:] = [_flip(state, lengths) for state in states[1:]]
            outputs = torch.cat(states, -1)
        return torch.cat(last, -1) if self.summary == "last" else self._pool(outputs, lengths)

    def _pool(self, states: Tensor, lengths: Tensor) -> Tensor:
        inside = (torch.arange(states.shape[1], device=states.device) < lengths[:, None])[
            :, :, None
        ]
        if self.summary == "max":
            return states.masked_fill(~inside, -torch.inf).amax(1)
        return states.masked_fill(~inside, 0).sum(1) / lengths[:, None]

    def _layers(self) -> list[list[nn.LSTM]]:
        return [list(layer) for layer in self.stack]  # type: ignore[call-overload]


def _flip(sequence: Tensor, lengths: Tensor) -> Tensor:
    """Each row (T, H) of (B, T, H) back to front within its own length; padding stays at the end.

    The direction that starts at the end must start at the sentence's own: with the rows turned round,
    one plain LSTM reads them all, which is much faster than packed sequences are.
    """
    at = torch.arange(sequence.shape[1], device=sequence.device)
    index = torch.where(at < lengths[:, None], lengths[:, None] - 1 - at, at)
    return sequence.gather(1, index[:, :, None].expand_as(sequence))
