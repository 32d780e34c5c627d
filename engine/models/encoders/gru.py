"""GRU encoder."""

from __future__ import annotations

from typing import Literal

from torch import nn

from engine.models.encoders.recurrent import RecurrentEncoder


class GRUEncoder(RecurrentEncoder):
    r"""Reads a sentence with a GRU, which has three quarters of an LSTM's weights; else like the LSTM.

    The reset gate acts on the product with the last state, as in the paper's first version and on GPUs;
    in its last version it acts on the state before the product.

    References:
        Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation,
        Cho et al., 2014, https://arxiv.org/abs/1406.1078
    """

    network = nn.GRU

    class Config(RecurrentEncoder.Config):
        """GRU encoder."""

        name: Literal["gru"] = "gru"
