"""LSTM encoder."""

from __future__ import annotations

from typing import Literal

from torch import nn

from engine.models.encoders.recurrent import RecurrentEncoder


class LSTMEncoder(RecurrentEncoder):
    r"""Reads a sentence with an LSTM; its last state, or a pool of all, is the summary h.

    The whole sentence is read, start and end tokens included, through an embedding that is not the
    decoder's unless the model shares it. Two directions are read separately and their last states joined.

    References:
        Lagging Inference Networks and Posterior Collapse in Variational Autoencoders,
        He, Spokoyny, Neubig and Berg-Kirkpatrick, 2019, https://arxiv.org/abs/1901.05534;
        Preventing Posterior Collapse in Sequence VAEs with Pooling, Long, Cao and Cheung, 2019,
        https://arxiv.org/abs/1911.03976
    """

    network = nn.LSTM

    class Config(RecurrentEncoder.Config):
        """LSTM encoder."""

        name: Literal["lstm"] = "lstm"
