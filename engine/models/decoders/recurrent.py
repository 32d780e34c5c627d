"""What recurrent decoders share: everything but the cell and its first state."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self

import torch
from pydantic import model_validator
from torch import Tensor, nn

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.decoders.base import Decoder
from engine.models.decoders.vocabulary import vocabulary_nll

# The parts of the cell's state, (L, N, H) each, and then z, (N, Z).
State = tuple[Tensor, ...]


class RecurrentDecoder(Decoder):
    r"""Writes a sentence word by word with a recurrent network; a subclass names which.

    .. math::
        s_0 = \mathrm{begin}(W z), \quad
        s_t = \mathrm{cell}([e(x_{t-1}); z], s_{t-1}), \quad
        p(x_t) = \mathrm{softmax}(V [h_t; z])

    Each of the three z may be left out, but not all. Dropout acts on the embeddings before z joins
    them and on h before z joins it.

    Attributes:
        network: all layers of it.
    """

    network: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    class Config(BaseConfig):
        """Recurrent decoder."""

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
        dropout_in: float = param(
            0.5, "Dropout on word embeddings (0.5 in He et al. 2019).", ge=0, lt=1
        )
        dropout_out: float = param(
            0.5, "Dropout before the softmax (0.5 in He et al. 2019).", ge=0, lt=1
        )
        initial_state: str = param("zero", "How the code makes the first state.")
        z_every_step: bool = param(
            True, "The code is read beside the word at every step, as in He et al. 2019."
        )
        z_output: bool = param(
            False,
            "The code reaches the softmax past the network, V [h; z], as in Skip-VAE (Dieng et al. "
            "2019), whatever the network's state still knows of it.",
        )
        output_bias: bool = param(
            False, "One number more per word before the softmax (none in He et al. 2019)."
        )

        @model_validator(mode="after")
        def _the_code_enters(self) -> Self:
            if self.initial_state == "zero" and not (self.z_every_step or self.z_output):
                raise ValueError(
                    "the code must reach the decoder somewhere, got all three ways closed: choose another "
                    "initial_state than 'zero', or turn on z_every_step or z_output"
                )
            return self

    def __init__(
        self, config: Config, vocab_size: int, pad_id: int, latent_size: int, latent_tokens: int = 1
    ) -> None:
        super().__init__()
        self.pad_id = pad_id
        self.layers, self.hidden = config.layers, config.hidden
        self.initial_state = config.initial_state
        self.z_every_step, self.z_output = config.z_every_step, config.z_output
        self.embedding = nn.Embedding(vocab_size, config.embedding, padding_idx=pad_id)
        read = config.embedding + latent_size * self.z_every_step
        # In checkpoints its weights bear the network's own name.
        self._name = config.name
        network = self.network(read, config.hidden, config.layers, batch_first=True)
        self.add_module(config.name, network)
        states = config.layers * config.hidden
        bias = config.initial_state != "he2019"
        self.initial = (
            None if config.initial_state == "zero" else nn.Linear(latent_size, states, bias=bias)
        )
        seen = config.hidden + latent_size * self.z_output
        self.output = nn.Linear(seen, vocab_size, bias=config.output_bias)
        self.dropout_in = nn.Dropout(config.dropout_in)
        self.dropout_out = nn.Dropout(config.dropout_out)

    @abstractmethod
    def begin(self, projected: Tensor) -> State:
        """The parts of the cell's first state (L, N, H), from W z (L, N, H)."""

    @abstractmethod
    def cell(self, read: Tensor, states: list[Tensor], weights: Sequence[Tensor]) -> State:
        """One step of one layer: its next state, h (N, H) first."""

    def token_nll(self, x: Tensor, z: Tensor, inputs: Tensor | None = None) -> Tensor:
        """Teacher-forced nats per token; see :meth:`Decoder.token_nll`."""
        inputs = x[:, :-1] if inputs is None else inputs
        targets = x[:, 1:].expand(*z.shape[:-2], -1, -1)
        embedded = self.dropout_in(self.embedding(inputs))
        embedded = embedded.expand(*z.shape[:-1], *embedded.shape[1:]).flatten(0, -3)
        flat = z.reshape(-1, z.shape[-1])
        beside = flat.unsqueeze(1).expand(-1, embedded.shape[1], -1)
        *begin, _ = self.start(flat)
        read = torch.cat([embedded, beside], -1) if self.z_every_step else embedded
        states, _ = self._recurrent(read, tuple(begin) if len(begin) > 1 else begin[0])
        keep = (targets != self.pad_id).flatten()
        seen = self.dropout_out(states.flatten(0, 1)[keep])
        if self.z_output:
            seen = torch.cat([seen, beside.flatten(0, 1)[keep]], -1)
        nll = vocabulary_nll(seen, self.output, targets.flatten()[keep])
        return nll.new_zeros(keep.shape).masked_scatter(keep, nll).view(targets.shape)

    def start(self, z: Tensor) -> State:
        """The first state of each layer, and z itself, which steps may read."""
        if self.initial is None:
            return *self.begin(z.new_zeros(self.layers, len(z), self.hidden)), z
        projected = self.initial(z).view(len(z), self.layers, -1).transpose(0, 1).contiguous()
        return *self.begin(projected), z

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """One token for every row: logits (N, V), float32, and the next state."""
        *states, z = state
        read = (
            self._beside(self.embedding(tokens), z) if self.z_every_step else self.embedding(tokens)
        )
        written = []
        for layer, weights in enumerate(self._recurrent.all_weights):
            # The cell function: for one step a whole network spends most of its time on getting ready.
            written.append(self.cell(read, [part[layer] for part in states], weights))
            read = written[-1][0]
        parts = [torch.stack(part) for part in zip(*written, strict=True)]
        seen = self._beside(read, z) if self.z_output else read
        return self.output(seen).float(), (*parts, z)

    def select(self, state: State, index: Tensor) -> State:
        """The rows ``index`` of the state."""
        *states, z = state
        return *(part[:, index] for part in states), z[index]

    @property
    def _recurrent(self) -> nn.RNNBase:
        return getattr(self, self._name)

    @staticmethod
    def _beside(values: Tensor, z: Tensor) -> Tensor:
        return torch.cat([values, z.to(values.dtype)], -1)
