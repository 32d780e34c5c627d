"""LSTM decoder."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.decoders.base import Decoder
from engine.models.decoders.vocabulary import vocabulary_nll

State = tuple[Tensor, Tensor, Tensor]  # h (L, N, H), c (L, N, H), z (N, Z)


class LSTMDecoder(Decoder):
    r"""Writes a sentence word by word with an LSTM that sees the code at every step.

    .. math::
        c_0 = W z, \quad h_0 = \tanh(c_0), \quad
        h_t, c_t = \mathrm{LSTM}([e(x_{t-1}); z], h_{t-1}, c_{t-1}), \quad
        p(x_t) = \mathrm{softmax}(V h_t)

    Dropout acts on the embeddings before z joins them and on the outputs; V and W have no bias.

    References:
        Lagging Inference Networks and Posterior Collapse in Variational Autoencoders,
        He, Spokoyny, Neubig and Berg-Kirkpatrick, 2019, https://arxiv.org/abs/1901.05534
    """

    class Config(BaseConfig):
        """LSTM decoder with z at every step and in the initial state."""

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
        dropout_in: float = param(
            0.5, "Dropout on word embeddings (0.5 in He et al. 2019).", ge=0, lt=1
        )
        dropout_out: float = param(
            0.5, "Dropout before the softmax (0.5 in He et al. 2019).", ge=0, lt=1
        )

    def __init__(self, config: Config, vocab_size: int, pad_id: int, latent_size: int) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.layers = config.layers
        self.embedding = nn.Embedding(vocab_size, config.embedding, padding_idx=pad_id)
        self.lstm = nn.LSTM(
            config.embedding + latent_size, config.hidden, config.layers, batch_first=True
        )
        self.initial = nn.Linear(latent_size, config.layers * config.hidden, bias=False)
        self.output = nn.Linear(config.hidden, vocab_size, bias=False)
        self.dropout_in = nn.Dropout(config.dropout_in)
        self.dropout_out = nn.Dropout(config.dropout_out)

    def token_nll(self, x: Tensor, z: Tensor, inputs: Tensor | None = None) -> Tensor:
        """Teacher-forced nats per token; see :meth:`Decoder.token_nll`."""
        inputs = x[:, :-1] if inputs is None else inputs
        targets = x[:, 1:].expand(*z.shape[:-2], -1, -1)
        embedded = self.dropout_in(self.embedding(inputs))
        embedded = embedded.expand(*z.shape[:-1], *embedded.shape[1:]).flatten(0, -3)
        flat = z.reshape(-1, z.shape[-1])
        joined = torch.cat([embedded, flat.unsqueeze(1).expand(-1, embedded.shape[1], -1)], -1)
        h, c, _ = self.start(flat)
        states, _ = self.lstm(joined, (h, c))
        keep = (targets != self.pad_id).flatten()
        states = self.dropout_out(states.flatten(0, 1)[keep])
        nll = vocabulary_nll(states, self.output, targets.flatten()[keep])
        return nll.new_zeros(keep.shape).masked_scatter(keep, nll).view(targets.shape)

    def start(self, z: Tensor) -> State:
        """c0 = W z and h0 = tanh(c0) for each layer, and z itself, which every step reads."""
        c = self.initial(z).view(len(z), self.layers, -1).transpose(0, 1).contiguous()
        return torch.tanh(c), c, z

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """One token for every row: logits (N, V), float32, and the next state."""
        h, c, z = state
        read = torch.cat([self.embedding(tokens), z.to(self.embedding.weight.dtype)], -1)
        written = []
        for layer in range(self.layers):
            # The cell function: for one step nn.LSTM spends most of its time on getting ready.
            written.append(
                torch.lstm_cell(read, (h[layer], c[layer]), *self.lstm.all_weights[layer])
            )
            read = written[-1][0]
        h, c = (torch.stack(states) for states in zip(*written, strict=True))
        return self.output(read).float(), (h, c, z)

    def select(self, state: State, index: Tensor) -> State:
        """The rows ``index`` of the state."""
        h, c, z = state
        return h[:, index], c[:, index], z[index]
