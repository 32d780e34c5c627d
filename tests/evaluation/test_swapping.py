from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.config import DataError
from engine.data.tokens import Tokens
from engine.evaluation.aggregate import aggregate
from engine.evaluation.swapping import Swap, swap_codes
from engine.metrics import METRICS
from engine.models.latents import LATENTS
from engine.models.vae import VAE
from tests.evaluation.planted import one_word_sentences, planted
from tests.evaluation.test_families import vae
from tests.evaluation.tiny import lstm_vae, random_tokens


def swapped(model: VAE, tokens: Tokens, limit: int | None = None, seed: int = 42) -> Swap:
    return swap_codes(model, tokens, aggregate(model, tokens, None), limit, seed=seed)


def test_a_decoder_that_does_not_look_at_the_code_pays_nothing() -> None:
    found = swapped(planted(heard=False), one_word_sentences())
    assert found.cost == 0 and found.se == 0
    assert found.own == pytest.approx(math.log(64), abs=1e-4)


def test_a_decoder_that_inverts_the_posterior_pays_at_least_the_information() -> None:
    """64 words that nobody mixes up: the code holds ln 64 nats."""
    found = swapped(planted(), one_word_sentences())
    assert found.own.mean() < 0.1
    assert found.cost > math.log(64)


def test_more_noise_in_the_code_makes_another_s_less_costly() -> None:
    tokens = one_word_sentences()
    costs = [swapped(planted(spread=spread), tokens).cost for spread in (0.3, 1.0, 3.0)]
    assert costs[0] > costs[1] > costs[2] > 0


def test_every_sentence_has_the_code_of_another_once() -> None:
    tokens = one_word_sentences(101)
    found = swapped(planted(), tokens)
    assert sorted(found.partners) == sorted(found.rows) == list(range(101))
    assert (found.partners != found.rows).all()


def test_scores_are_those_of_the_decoder_and_paired_by_row() -> None:
    model, tokens = lstm_vae(3), random_tokens(50)
    rows = aggregate(model, tokens, None)
    found = swap_codes(model, tokens, rows, None, batch=7)
    place = {row: at for at, row in enumerate(rows.rows.tolist())}
    model.eval()
    for row, partner, own, other in zip(found.rows, found.partners, found.own, found.swapped):
        x = torch.from_numpy(tokens.rows([row]))
        z = rows.z[[place[int(row)], place[int(partner)]]].unsqueeze(1)
        expected = model.decoder.token_nll(x, z.clone()).sum(-1).flatten().tolist()
        assert [own, other] == pytest.approx(expected, abs=1e-4)
    costs = found.swapped - found.own
    assert found.cost == pytest.approx(costs.mean())
    assert found.se == pytest.approx(costs.std(ddof=1) / math.sqrt(50))


def test_the_standard_error_covers_what_another_sample_of_sentences_gives() -> None:
    model = lstm_vae(3)
    found = [swapped(model, random_tokens(100, seed), seed=seed) for seed in range(20)]
    spread = np.std([one.cost for one in found], ddof=1)
    claimed = np.mean([one.se for one in found])
    assert spread < 1.5 * claimed  # a spread over 20 is known to a sixth of it
    assert claimed < 4 * spread  # and the claim is no empty one


def test_the_seed_decides_and_the_batch_does_not() -> None:
    model, tokens = lstm_vae(3), random_tokens()
    torch.manual_seed(1)
    first = swapped(model, tokens, 40)
    torch.manual_seed(2)
    again = swap_codes(model, tokens, aggregate(model, tokens, None), 40, batch=3)
    assert (first.rows == again.rows).all() and (first.partners == again.partners).all()
    assert first.swapped == pytest.approx(again.swapped, abs=1e-4)
    assert (swapped(model, tokens, 40, seed=1).rows != first.rows).any()


@pytest.mark.parametrize("name", LATENTS)
def test_every_family_is_tested_also_one_without_a_density(name: str) -> None:
    scalars = swapped(vae(name), random_tokens(30)).scalars()
    assert set(scalars) <= set(METRICS) and scalars["z_shuffle_n"] == 30
    assert all(math.isfinite(value) for value in scalars.values())
    assert scalars["z_shuffle"] != 0


def test_one_sentence_has_nobody_to_exchange_with() -> None:
    with pytest.raises(DataError, match="between at least two sentences, got 1"):
        swapped(planted(), one_word_sentences(1))
