"""Models small enough to enumerate, and rows of tokens for them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.data.tokens import Tokens
from engine.models.decoders import Decoder
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import VAE, ModelConfig, build_model

WORDS = (4, 5, 6)
VOCAB = 7


class BagEncoder(nn.Module):
    """The mean of word vectors; counts how often it is asked."""

    size = 4

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, self.size, padding_idx=0)
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.embedding(x).sum(1) / (x != 0).sum(1, keepdim=True)


class MarkovDecoder(Decoder):
    """p(next | last, z) = softmax(A[last] + B[last] z): everything about it can be counted."""

    def __init__(self, size: int, vocab: int = VOCAB) -> None:
        super().__init__()
        self.table = nn.Embedding(vocab, vocab)
        self.weights = nn.Embedding(vocab, vocab * size)
        self.vocab, self.size = vocab, size

    def logits(self, last: Tensor, z: Tensor) -> Tensor:
        weights = self.weights(last).unflatten(-1, (self.vocab, self.size))
        return self.table(last) + (weights @ z.unsqueeze(-1)).squeeze(-1)

    def token_nll(self, x: Tensor, z: Tensor, inputs: Tensor | None = None) -> Tensor:
        last, target = x[:, :-1], x[:, 1:]
        spread = z.unsqueeze(-2).expand(*z.shape[:-1], last.shape[-1], -1)
        logp = self.logits(last.expand(*spread.shape[:-1]), spread).log_softmax(-1)
        target = target.expand(*spread.shape[:-1])
        return -logp.gather(-1, target.unsqueeze(-1)).squeeze(-1) * (target != 0)

    def start(self, z: Tensor) -> Tensor:
        return z

    def step(self, tokens: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return self.logits(tokens, state), state

    def select(self, state: Tensor, index: Tensor) -> Tensor:
        return state[index]


def tiny_vae(size: int = 1, seed: int = 0) -> VAE:
    """A VAE of three words with a Markov decoder; random, the code matters."""
    torch.manual_seed(seed)
    latent = Gaussian(Gaussian.Config(size=size), BagEncoder.size)
    return VAE(BagEncoder(), latent, MarkovDecoder(size), VOCAB)


def lstm_vae(size: int = 1, seed: int = 0, vocab: int = VOCAB, hidden: int = 8) -> VAE:
    """The real LSTM VAE, small, its weights large enough for the code to matter."""
    torch.manual_seed(seed)
    config = ModelConfig(
        encoder=LSTMEncoder.Config(embedding=6, hidden=hidden),
        latent=Gaussian.Config(size=size),
        decoder=LSTMDecoder.Config(embedding=6, hidden=hidden, dropout_in=0.5, dropout_out=0.5),
        initialisation="pytorch",
    )
    model = build_model(config, vocab)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.7)
    return model


def uniform_vae() -> VAE:
    """Every token is equally likely and the posterior is the prior: all numbers are known."""
    model = tiny_vae(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    return model


def sentences(most: int = 2) -> list[list[int]]:
    """All sentences of 1 to ``most`` of the three words, START ... END."""
    return [
        [1, *words, 2]
        for length in range(1, most + 1)
        for words in itertools.product(WORDS, repeat=length)
    ]


def rows_of(*rows: Sequence[int]) -> Tensor:
    """Ids padded to one tensor."""
    tokens = Tokens.of(rows)
    return torch.from_numpy(tokens.rows(range(len(tokens))))


def random_tokens(n: int = 60, seed: int = 0, longest: int = 6, vocab: int = VOCAB) -> Tokens:
    """Random sentences of 1 to ``longest`` words."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest + 1, n)
    return Tokens.of([[1, *rng.integers(4, vocab, length).tolist(), 2] for length in lengths])


def random_pictures(n: int = 48, seed: int = 0, side: int = 3) -> Tokens:
    """Random pictures, half of their pixels on."""
    pixels = np.random.default_rng(seed).integers(4, 6, (n, side * side))
    return Tokens.of([[1, *picture, 2] for picture in pixels.tolist()])


def exact_nll(model: VAE, x: Tensor, reach: float = 8.0, points: int = 801) -> np.ndarray:
    """-log p(x) by quadrature over a grid of codes (1 or 2 units), float64."""
    axis = torch.linspace(-reach, reach, points)
    size = model.latent.size
    grid = torch.cartesian_prod(*[axis] * size).view(-1, size)
    model.eval()
    with torch.inference_mode():
        logp = torch.cat(
            [
                -model.decoder.token_nll(x, z.unsqueeze(1).expand(-1, len(x), -1)).sum(-1).double()
                for z in grid.split(4096)
            ]
        )
        prior = model.latent.prior.log_prob(grid).double()
    cell = size * math.log(2 * reach / (points - 1))
    return -(torch.logsumexp(logp + prior[:, None], 0) + cell).numpy()


class Without:
    """A latent family without a density, around another one."""

    counts_units = True

    def __init__(self, family: Any) -> None:
        self.family, self.size, self.prior = family, family.size, family.prior

    def __call__(self, h: Tensor, samples: int | None = None) -> Any:
        latent = self.family(h, samples)
        latent.posterior = None
        return latent
