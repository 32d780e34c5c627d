"""GRU decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from engine.config import param
from engine.models.decoders.recurrent import RecurrentDecoder, State


class GRUDecoder(RecurrentDecoder):
    r"""Writes a sentence word by word with a GRU, which has three quarters of an LSTM's weights.

    .. math::
        h_0 = W z + b, \quad h_t = \mathrm{GRU}([e(x_{t-1}); z], h_{t-1}), \quad
        p(x_t) = \mathrm{softmax}(V h_t)

    References:
        Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation,
        Cho et al., 2014, https://arxiv.org/abs/1406.1078;
        Generating Sentences from a Continuous Space, Bowman et al., 2016, https://arxiv.org/abs/1511.06349
        (z in the first state alone)
    """

    network = nn.GRU

    class Config(RecurrentDecoder.Config):
        """GRU decoder."""

        name: Literal["gru"] = "gru"
        initial_state: Literal["linear", "tanh", "zero"] = param(
            "linear",
            "linear: h = W z + b. tanh: h = tanh(W z + b), which stays in the range of later states. "
            "zero: the first state knows nothing of the code.",
        )

    def begin(self, projected: Tensor) -> State:
        """h alone."""
        return (torch.tanh(projected) if self.initial_state == "tanh" else projected,)

    def cell(self, read: Tensor, states: list[Tensor], weights: Sequence[Tensor]) -> State:
        """h after one step."""
        return (torch.gru_cell(read, states[0], *weights),)
