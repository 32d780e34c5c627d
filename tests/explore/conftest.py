from __future__ import annotations

import pytest
import torch

from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.models.vae import VAE
from tests.evaluation.tiny import lstm_vae

TEXTS = [
    "The cat sat on the mat.",
    "A dog ran to the park!",
    "The dog sat, and the cat ran.",
    "Nobody was in the park.",
    "Is the mat on the dog?",
]


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """A word tokeniser of raw text."""
    return Tokenizer.train(TokenizerConfig(), TEXTS * 3)


@pytest.fixture(scope="session")
def trained(tokenizer: Tokenizer) -> VAE:
    """A small LSTM VAE that has learnt five sentences by heart."""
    model = lstm_vae(4, vocab=tokenizer.vocab_size, hidden=32)
    ids = tokenizer.encode(TEXTS)
    longest = max(map(len, ids))
    x = torch.tensor([row + [0] * (longest - len(row)) for row in ids])
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    model.eval()
    for _ in range(150):
        latent = model.encode(x)
        loss = model.decoder.token_nll(x, latent.z).sum(-1).mean() + 0.05 * latent.kl.sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model


@pytest.fixture
def deaf(tokenizer: Tokenizer) -> VAE:
    """A model whose decoder ignores the code."""
    model = lstm_vae(4, vocab=tokenizer.vocab_size)
    with torch.no_grad():
        model.decoder.initial.weight.zero_()
        model.decoder.lstm.weight_ih_l0[:, -4:] = 0
    return model
