from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.config import DataError
from engine.evaluation.accuracy import teacher_forced_accuracy
from engine.metrics import METRICS
from engine.models.decoders.gru import GRUDecoder
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.decoders.parallel import ParallelDecoder
from engine.models.decoders.t5 import T5Decoder
from engine.models.decoders.transformer import TransformerDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import VAE, ModelConfig, build_model
from tests.evaluation.planted import one_word_sentences, planted
from tests.evaluation.tiny import VOCAB, random_tokens

SMALL = {"embedding": 8, "hidden": 8}
HEADS = {"heads": 2, "layers": 1, "feedforward": 16}


def vae(decoder: Any) -> VAE:
    torch.manual_seed(3)
    encoder = LSTMEncoder.Config(embedding=6, hidden=7)
    config = ModelConfig(
        encoder=encoder, latent=Gaussian.Config(size=4), decoder=decoder, initialisation="pytorch"
    )
    model = build_model(config, VOCAB)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3)
    return model.eval()


def by_trying_every_word(model: VAE, x: torch.Tensor) -> torch.Tensor:
    """Which tokens are right, (B, T-1): the word at a place whose sentence costs least there."""
    z = model.code(x)
    costs = []
    for word in range(VOCAB):
        tried = []
        for place in range(1, x.shape[1]):
            other = x.clone()
            other[:, place] = word
            tried.append(model.decoder.token_nll(other, z)[:, place - 1])
        costs.append(torch.stack(tried, 1))
    found = torch.stack(costs)
    found[0] = torch.inf  # nothing is said of padding
    return found.argmin(0) == x[:, 1:]


@pytest.mark.parametrize(
    "decoder",
    [
        LSTMDecoder.Config(**SMALL),
        GRUDecoder.Config(**SMALL),
        TransformerDecoder.Config(**SMALL, **HEADS),
        ParallelDecoder.Config(**SMALL, **HEADS, length=8),
        T5Decoder.Config(embedding=8, heads=2, layers=1, feedforward=16, head_width=4),
    ],
    ids=lambda config: config.name,
)
def test_it_is_what_trying_every_word_at_every_place_finds(decoder: Any) -> None:
    model, tokens = vae(decoder), random_tokens(40)
    x = torch.from_numpy(tokens.rows(np.arange(40)))
    with torch.no_grad():
        right, there = by_trying_every_word(model, x), x[:, 1:] != 0
    found = teacher_forced_accuracy(model, tokens, np.arange(40), batch=7)
    assert found["token_accuracy"] == pytest.approx(int((right & there).sum()) / int(there.sum()))
    assert found["sequence_accuracy"] == pytest.approx(int((right | ~there).all(1).sum()) / 40)
    assert found["accuracy_rows"] == 40 and set(found) <= set(METRICS)
    assert 0 < found["token_accuracy"] < 1


def test_a_decoder_that_inverts_the_posterior_is_right_and_a_deaf_one_knows_the_end_alone() -> None:
    tokens = one_word_sentences(128)
    found = teacher_forced_accuracy(planted(spread=0.1), tokens, np.arange(128))
    assert found["token_accuracy"] == found["sequence_accuracy"] == 1
    deaf = teacher_forced_accuracy(planted(heard=False), tokens, np.arange(128))
    # Of 64 equally probable words one is first: 1 in 64 words is right, and every end.
    assert deaf["sequence_accuracy"] == pytest.approx(1 / 64)
    assert deaf["token_accuracy"] == pytest.approx((1 / 64 + 1) / 2)


def test_no_row_is_refused() -> None:
    with pytest.raises(DataError, match="at least one"):
        teacher_forced_accuracy(planted(), one_word_sentences(), np.array([], dtype=np.int64))
