"""Transformer decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import torch
from pydantic import model_validator
from torch import Tensor, nn

from engine.config import param
from engine.models.decoders.base import Decoder
from engine.models.decoders.vocabulary import Scores, vocabulary_nll
from engine.models.transformers.attention import KeyValues
from engine.models.transformers.stack import Stack, StackConfig
from engine.models.transformers.words import Words, WordTable


@dataclass(frozen=True)
class State:
    """What steps need of what came before.

    Attributes:
        z: codes, (N, Z).
        seen: keys and values of each layer, memory first; None before anything can be seen.
        memory: M, how many of them are memory.
        place: of the next word.
    """

    z: Tensor
    seen: list[KeyValues] | None
    memory: int
    place: int = 0


class TransformerDecoder(Decoder):
    r"""Writes a sentence word by word with a transformer that attends to the code as a memory.

    .. math::
        m_1 \ldots m_M = W z, \quad
        p(x_t) = \mathrm{softmax}(V\,\mathrm{transformer}(e(x_{<t}) + U z;\ m_1 \ldots m_M))

    Each position sees the memory, itself and what came before, or of that a window. Keys and values of
    what was written are kept, so that a step costs one position.

    Where we differ from Optimus: nothing is pre-trained, and z has no part in normalisation.

    References:
        Attention Is All You Need, Vaswani et al., 2017, https://arxiv.org/abs/1706.03762;
        Optimus: Organizing Sentences via Pre-trained Modeling of a Latent Space, Li et al., 2020,
        https://arxiv.org/abs/2004.04092 (z as memory and in the embedding);
        Using the Output Embedding to Improve Language Models, Press and Wolf, 2017,
        https://arxiv.org/abs/1608.05859 (tied embeddings)
    """

    class Config(StackConfig):
        """Transformer decoder with the code as a memory."""

        name: Literal["transformer"] = "transformer"
        z_memory: Literal["layers", "prefix", "none"] = param(
            "layers",
            "layers: the code makes keys and values of its own for every layer (memory in Optimus). "
            "prefix: it makes positions before the sentence, which go through the layers themselves. "
            "none: there is nothing to attend to.",
        )
        memory_tokens: int = param(
            1,
            "Positions that each latent token makes in the memory (1 in Optimus).",
            ge=1,
            le=256,
            symbol="M",
        )
        z_every_step: bool = param(
            True, "The code is added to the word at every position (embedding in Optimus)."
        )
        z_output: bool = param(
            False,
            "The code reaches the softmax past the network, V [h; z], as in Skip-VAE (Dieng et al. "
            "2019).",
        )
        tie_embedding: bool = param(
            False,
            "Words are scored by their own embeddings (Press and Wolf 2017): fewer weights, of use "
            "where there are few sentences.",
        )
        output_bias: bool = param(False, "One number more per word before the softmax.")

        @model_validator(mode="after")
        def _the_code_enters(self) -> Self:
            if self.z_memory == "none" and not (self.z_every_step or self.z_output):
                raise ValueError(
                    "the code must reach the decoder somewhere, got all three ways closed: choose another "
                    "z_memory than 'none', or turn on z_every_step or z_output"
                )
            return self

    def __init__(
        self, config: Config, vocab_size: int, pad_id: int, latent_size: int, latent_tokens: int = 1
    ) -> None:
        super().__init__()
        self.pad_id, self.vocab_size = pad_id, vocab_size
        self.z_memory, self.z_output = config.z_memory, config.z_output
        self.latent_tokens = latent_tokens
        self.memory_length = (
            0 if config.z_memory == "none" else latent_tokens * config.memory_tokens
        )
        self.embedding = WordTable(vocab_size, config.embedding, padding_idx=pad_id)
        self.words = Words(config.embedding, config.hidden, config.dropout)
        self.stack = Stack(config, causal=True)
        self.heads = config.heads
        made = {"layers": 2 * config.layers, "prefix": 1, "none": 0}[config.z_memory]
        width = config.memory_tokens * config.hidden * made
        self.memory = nn.Linear(latent_size // latent_tokens, width) if made else None
        self.beside = nn.Linear(latent_size, config.hidden) if config.z_every_step else None
        seen = config.hidden + latent_size * config.z_output
        self.output = Scores(seen, self.embedding, config.tie_embedding, config.output_bias)

    def token_nll(self, x: Tensor, z: Tensor, inputs: Tensor | None = None) -> Tensor:
        """Teacher-forced nats per token; see :meth:`Decoder.token_nll`."""
        inputs = x[:, :-1] if inputs is None else inputs
        targets = x[:, 1:].expand(*z.shape[:-2], -1, -1)
        flat = z.reshape(-1, z.shape[-1])
        rows = self.embedding(inputs)
        rows = rows.expand(*z.shape[:-1], *rows.shape[1:]).flatten(0, -3)
        states = self.stack(self._words(rows, flat), memory=self._memories(flat))
        keep = (targets != self.pad_id).flatten()
        seen = states.flatten(0, 1)[keep]
        if self.z_output:
            beside = flat.unsqueeze(1).expand(-1, states.shape[1], -1).flatten(0, 1)
            seen = torch.cat([seen, beside[keep].to(seen.dtype)], -1)
        nll = vocabulary_nll(seen, self._scores, targets.flatten()[keep], self.vocab_size)
        return nll.new_zeros(keep.shape).masked_scatter(keep, nll).view(targets.shape)

    def start(self, z: Tensor) -> State:
        """The memory, and no word yet."""
        return State(z, self._memories(z), self.memory_length)

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """One token for every row: logits (N, V), float32, and the next state."""
        x = self._words(self.embedding(tokens)[:, None], state.z, state.place)
        states, seen = self.stack.step(x, state.seen, state.memory)
        last = states[:, 0]
        if self.z_output:
            last = torch.cat([last, state.z.to(last.dtype)], -1)
        return self._scores(last).float(), State(state.z, seen, state.memory, state.place + 1)

    def select(self, state: State, index: Tensor) -> State:
        """The rows ``index`` of the state."""
        seen = state.seen and [(key[index], value[index]) for key, value in state.seen]
        return State(state.z[index], seen, state.memory, state.place)

    def _words(self, rows: Tensor, z: Tensor, first: int = 0) -> Tensor:
        return self.words(rows, first, None if self.beside is None else self.beside(z)[:, None])

    def _scores(self, states: Tensor) -> Tensor:
        return self.output(states, self.embedding.weight)

    def _memories(self, z: Tensor) -> list[KeyValues] | None:
        """Keys and values of each layer that the codes z (N, Z) make."""
        if self.memory is None:
            return None
        made = self.memory(z.unflatten(-1, (self.latent_tokens, -1)))
        if self.z_memory == "prefix":
            return self.stack.remember(made.reshape(len(z), self.memory_length, -1))
        layers = 2 * len(self.stack.layers)
        split = made.view(len(z), self.memory_length, layers, self.heads, -1)
        keys = split.permute(2, 0, 3, 1, 4).unbind(0)
        return list(zip(keys[::2], keys[1::2], strict=True))
