"""Parallel decoder: all words at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.config import ConfigError, param
from engine.models.decoders.base import Decoder
from engine.models.decoders.vocabulary import END, NEVER, vocabulary_nll
from engine.models.transformers.stack import Stack, StackConfig
from engine.models.transformers.words import WordTable, sinusoids


@dataclass(frozen=True)
class State:
    """What every position will say, (N, L, E), and which one is next."""

    states: Tensor
    place: int = 0


class ParallelDecoder(Decoder):
    r"""Writes all words at once from the code: no word knows which others were chosen.

    .. math::
        h_1 \ldots h_L = \mathrm{transformer}(W z + \mathrm{position}_t), \quad
        p(x_t = w | z) = \mathrm{softmax}_w(\cos(U h_t, e(w)) / \tau)

    for each of L places independently, so that whatever a sentence says must be in its code and the
    posterior cannot collapse while the loss falls. Every position sees all others. A sentence ends at its
    first end token, and after L words in any case: probabilities of sentences sum to 1. Greedy decoding
    takes the likeliest word of each place.

    Where we differ from TMNT: nothing is predicted after the end of a sentence (there, padding is), and
    the start token is not predicted.

    References:
        TMNT, MITRE, 2019, https://github.com/mitre/tmnt (its sequence VAE);
        Von Mises-Fisher Loss for Training Sequence to Sequence Models with Continuous Outputs, Kumar and
        Tsvetkov, 2019, https://arxiv.org/abs/1812.04616 (words as directions)
    """

    reads_words = False

    class Config(StackConfig):
        """All words at once, without knowing of each other."""

        name: Literal["parallel"] = "parallel"
        length: int = param(
            40,
            "Words that it writes at most, start and end not counted (sent_size in TMNT, which counts "
            "them); at least data.max_tokens.",
            ge=1,
            le=4096,
            unit="tokens",
            symbol="L",
            basic=True,
        )
        temperature: float = param(
            0.01,
            "Divides the cosine of state and word: the smaller, the surer (0.01 in TMNT).",
            gt=0,
            le=10,
            symbol="τ",
        )

    def __init__(
        self, config: Config, vocab_size: int, pad_id: int, latent_size: int, latent_tokens: int = 1
    ) -> None:
        super().__init__()
        self.pad_id, self.vocab_size = pad_id, vocab_size
        self.length, self.temperature = config.length, config.temperature
        self.embedding = WordTable(vocab_size, config.embedding, padding_idx=pad_id)
        self.widen = nn.Linear(latent_size, config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.stack = Stack(config)
        self.narrow = nn.Linear(config.hidden, config.embedding)

    def token_nll(self, x: Tensor, z: Tensor, inputs: Tensor | None = None) -> Tensor:
        """Nats per token; see :meth:`Decoder.token_nll`. ``inputs`` are not read.

        Raises:
            ConfigError: a sentence is longer than the decoder writes.
        """
        targets = x[:, 1:].expand(*z.shape[:-2], -1, -1)
        if targets.shape[-1] > self.length + 1:
            raise ConfigError(
                f"a decoder that writes all words at once has so many places, {self.length}, got a "
                f"sentence of {targets.shape[-1] - 1} tokens: raise model.decoder.length or lower "
                f"data.max_tokens"
            )
        states = self._states(z.reshape(-1, z.shape[-1]))
        # The end after the last place is certain: it costs nothing.
        predicted = targets[..., : self.length]
        keep = (predicted != self.pad_id).flatten()
        seen = states[:, : predicted.shape[-1]].flatten(0, 1)[keep]
        nll = vocabulary_nll(seen, self._scores, predicted.flatten()[keep], self.vocab_size)
        found = nll.new_zeros(keep.shape).masked_scatter(keep, nll).view(predicted.shape)
        return F.pad(found, (0, targets.shape[-1] - predicted.shape[-1]))

    def start(self, z: Tensor) -> State:
        """What every place will say: there is nothing else to wait for."""
        return State(self._states(z))

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (N, V) of the next place, whatever ``tokens`` are; past the last one, of the end."""
        if state.place < self.length:
            logits = self._scores(state.states[:, state.place]).float()
        else:
            logits = state.states.new_full(
                (len(tokens), self.vocab_size), NEVER, dtype=torch.float32
            )
            logits[:, END] = 0
        return logits, State(state.states, state.place + 1)

    def select(self, state: State, index: Tensor) -> State:
        """The rows ``index`` of the state."""
        return State(state.states[index], state.place)

    def _states(self, z: Tensor) -> Tensor:
        """What each place says, (N, L, E), for codes (N, Z)."""
        everywhere = self.widen(z)[:, None]
        places = sinusoids(self.length, everywhere.shape[-1], z.device)
        return self.narrow(self.stack(self.dropout(everywhere + places)))

    def _scores(self, states: Tensor) -> Tensor:
        table = self.embedding.weight
        padding = (torch.arange(len(table), device=table.device) == self.pad_id)[:, None]
        # A row of zeros has no direction, and no gradient that is a number.
        rows = F.normalize(table.masked_fill(padding, 1.0), dim=-1)
        cosine = F.linear(F.normalize(states, dim=-1), rows)
        return (cosine.float() / self.temperature).masked_fill(padding[:, 0], NEVER)
