"""LSTM decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from engine.config import param
from engine.models.decoders.recurrent import RecurrentDecoder, State


class LSTMDecoder(RecurrentDecoder):
    r"""Writes a sentence word by word with an LSTM that sees the code at every step.

    .. math::
        c_0 = W z, \quad h_0 = \tanh(c_0), \quad
        h_t, c_t = \mathrm{LSTM}([e(x_{t-1}); z], h_{t-1}, c_{t-1}), \quad
        p(x_t) = \mathrm{softmax}(V h_t)

    Dropout acts on the embeddings before z joins them and on the outputs; V and W have no bias. That is
    He et al.'s decoder, and the default; where z enters, and whether V has a bias, are settings.

    References:
        Lagging Inference Networks and Posterior Collapse in Variational Autoencoders,
        He, Spokoyny, Neubig and Berg-Kirkpatrick, 2019, https://arxiv.org/abs/1901.05534;
        Avoiding Latent Variable Collapse with Generative Skip Models, Dieng, Kim, Rush and Blei, 2019,
        https://arxiv.org/abs/1807.04863 (z in the output)
    """

    network = nn.LSTM

    class Config(RecurrentDecoder.Config):
        """LSTM decoder."""

        name: Literal["lstm"] = "lstm"
        initial_state: Literal["he2019", "shared", "zero"] = param(
            "he2019",
            "he2019: c = W z and h = tanh(c), as He et al. 2019 have it. shared: h = c = tanh(W z + b). "
            "zero: the first state knows nothing of the code.",
        )

    def begin(self, projected: Tensor) -> State:
        """h and c."""
        h = torch.tanh(projected)
        return (h, h) if self.initial_state == "shared" else (h, projected)

    def cell(self, read: Tensor, states: list[Tensor], weights: Sequence[Tensor]) -> State:
        """h and c after one step."""
        return torch.lstm_cell(read, states, *weights)
