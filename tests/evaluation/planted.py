"""Models whose posterior is known: every word has a code of its own, and a plant decides who uses it.

A sentence is one word of ``WORDS``. Its posterior is N(mean of the word, spread²) in the live units and the
prior in the dead ones; the decoder is the exact inverse, p(w|z) = q(w|z), or does not look.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.data.tokens import Tokens
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import VAE
from tests.evaluation.tiny import MarkovDecoder

WORDS = range(4, 68)
VOCAB = 68
UNITS = 8


class OneWord(nn.Module):
    """h = the word's row of a table, and a 1 for what does not depend on it."""

    size = UNITS + 1

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", table)

    def forward(self, x: Tensor) -> Tensor:
        means = self.table[x[:, 1]]
        return torch.cat([means, torch.ones_like(means[:, :1])], 1)


def planted(
    live: int = UNITS,
    spread: float = 0.3,
    radius: float = 0.95,
    heard: bool = True,
    offset: float = 0.0,
) -> VAE:
    """A model with a known posterior.

    Args:
        live: units whose mean depends on the word; the others are the prior.
        spread: posterior standard deviation of live units.
        radius: standard deviation of their means over words.
        heard: whether the decoder looks at the code.
        offset: added to the mean of every unit of every word.
    """
    torch.manual_seed(0)
    table = torch.zeros(VOCAB, UNITS)
    means = torch.randn(len(WORDS), UNITS)
    means = (means - means.mean(0)) / means.std(0)
    table[4:, :live] = radius * means[:, :live]
    latent = Gaussian(Gaussian.Config(size=UNITS), OneWord.size)
    with torch.no_grad():
        weight = torch.zeros(2 * UNITS, OneWord.size)
        weight[:UNITS, :UNITS] = torch.eye(UNITS)
        weight[:UNITS, -1] = offset
        weight[UNITS : UNITS + live, -1] = 2 * torch.log(torch.tensor(spread))
        latent.parameters_of.weight.copy_(weight)
    sharp = 0.5 * spread**-2 if heard else 0.0
    return VAE(OneWord(table), latent, _inverse(table + offset, sharp), VOCAB).eval()


def _inverse(means: Tensor, sharp: float) -> MarkovDecoder:
    """First the word, p(w|z) falling with the squared distance of its mean; then the end."""
    decoder = MarkovDecoder(UNITS, VOCAB)
    with torch.no_grad():
        for table in (decoder.table, decoder.weights):
            table.weight.zero_()
        weights = decoder.weights.weight.view(VOCAB, VOCAB, UNITS)
        weights[1, 4:] = 2 * sharp * means[4:]
        decoder.table.weight[1, 4:] = -sharp * means[4:].square().sum(1)
        decoder.table.weight[1, :4] = -1e4
        decoder.table.weight[4:, 2] = 50.0
    return decoder


def one_word_sentences(n: int = 400) -> Tokens:
    """n sentences of one word each, all words as often."""
    return Tokens.of([[1, WORDS[at % len(WORDS)], 2] for at in range(n)])
