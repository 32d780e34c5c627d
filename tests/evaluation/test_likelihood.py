from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.config import ConfigError
from engine.evaluation import likelihood
from engine.evaluation.likelihood import LogWeights, elbo, iw_nll, iw_rows
from engine.evaluation.mode import evaluation_mode
from tests.evaluation.tiny import (
    Without,
    exact_nll,
    lstm_vae,
    random_tokens,
    rows_of,
    sentences,
    tiny_vae,
    uniform_vae,
)
from tests.precision import needs_bfloat16

MODELS = {
    "markov-1": lambda: tiny_vae(1),
    "markov-2": lambda: tiny_vae(2, seed=3),
    "lstm-1": lambda: lstm_vae(1),
    "lstm-2": lambda: lstm_vae(2, seed=2),
}


def error_of_log_mean(ess: np.ndarray, samples: int) -> np.ndarray:
    """Standard error of log(mean weight), by the delta method: sd(w) / (mean(w) sqrt(K))."""
    return np.sqrt(np.maximum(samples / ess - 1, 0) / samples)


@pytest.mark.parametrize("name", MODELS)
def test_importance_weighting_finds_the_exact_likelihood(name: str) -> None:
    model, x = MODELS[name](), rows_of(*sentences())
    points = 801 if model.latent.size == 1 else 161
    truth, found = exact_nll(model, x, points=points), iw_nll(model, x, 4000, chunk=6000)
    error = error_of_log_mean(found.ess, 4000)
    assert (np.abs(found.nll - truth) < 4 * error + 1e-4).all()
    assert error.max() < 0.1
    assert np.ptp(truth) > 0.5  # the sentences differ, so a mixed-up order would show


@pytest.mark.parametrize("name", MODELS)
def test_the_elbo_bounds_the_exact_likelihood_and_importance_weighting_tightens_it(
    name: str,
) -> None:
    model, x = MODELS[name](), rows_of(*sentences())
    truth = exact_nll(model, x, points=801 if model.latent.size == 1 else 161)
    many = x.repeat_interleave(800, 0)
    with evaluation_mode(model, 0):
        bound = -elbo(model, many).elbo.view(-1, 800).double().mean(1).numpy()
    assert (bound > truth - 0.01).all()
    assert (bound - truth).max() > 0.02  # a bound that is not trivially tight
    few = iw_nll(model, many, 5, chunk=10**5).nll
    assert truth.mean() - 0.01 < few.mean() < bound.mean()


def test_one_sample_is_the_elbo_on_average() -> None:
    model, x = tiny_vae(2), rows_of(*sentences()).repeat_interleave(20_000, 0)
    single = iw_nll(model, x, 1, seed=1).nll.reshape(-1, 20_000)
    with evaluation_mode(model, 0):
        bound = -elbo(model, x).elbo.view(-1, 20_000).double().numpy()
    error = np.hypot(single.std(1), bound.std(1)) / np.sqrt(20_000)
    assert (np.abs(single.mean(1) - bound.mean(1)) < 4 * error).all()


def test_every_sample_counts_where_the_posterior_is_exact() -> None:
    found = iw_nll(uniform_vae(), rows_of([1, 4, 2], [1, 4, 5, 6, 2]), 50)
    assert found.ess == pytest.approx([50, 50])
    assert found.nll == pytest.approx([2 * math.log(7), 4 * math.log(7)], rel=1e-5)


@pytest.mark.parametrize("chunk", [1, 3, 20, 33, 10_000])
def test_the_number_depends_neither_on_the_chunk_nor_on_its_dividing_the_samples(
    chunk: int,
) -> None:
    model, x = lstm_vae(2), rows_of(*sentences())[:5]
    expected = iw_nll(model, x, 37, chunk=10**9)
    found = iw_nll(model, x, 37, chunk)
    assert found.nll == pytest.approx(expected.nll, rel=1e-5)
    assert found.ess == pytest.approx(expected.ess, rel=1e-3)


def test_draws_that_do_not_fit_in_memory_come_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = tiny_vae(1), rows_of(*sentences())
    monkeypatch.setattr(likelihood, "_DRAWN_FLOATS", 7 * len(x))
    found = iw_nll(model, x, 3000)
    error = error_of_log_mean(found.ess, 3000)
    assert (np.abs(found.nll - exact_nll(model, x)) < 4 * error + 1e-4).all()


def test_the_seed_decides_the_number_and_nothing_else_does() -> None:
    model, x = tiny_vae(1), rows_of(*sentences())
    torch.manual_seed(1)
    first = iw_nll(model, x, 20, seed=5)
    torch.manual_seed(2)
    assert (iw_nll(model, x, 20, seed=5).nll == first.nll).all()
    assert (iw_nll(model, x, 20, seed=6).nll != first.nll).all()


def test_a_sentence_is_encoded_once() -> None:
    model = tiny_vae(1)
    iw_nll(model, rows_of(*sentences()), 100, chunk=7)
    assert model.encoder.calls == 1


def test_padding_changes_nothing() -> None:
    model = lstm_vae(2).eval()
    alone, beside = rows_of([1, 4, 5, 2]), rows_of([1, 4, 5, 2], [1, 4, 5, 6, 6, 6, 2])
    z = torch.randn(3, 2, 2)
    with torch.inference_mode():
        short = model.decoder.token_nll(alone, z[:, :1]).sum(-1)[:, 0]
        padded = model.decoder.token_nll(beside, z).sum(-1)[:, 0]
        bound = elbo(model, beside)
    assert short.tolist() == pytest.approx(padded.tolist(), rel=1e-5)
    assert bound.kl.shape == (2, 2)
    assert (bound.kl >= 0).all()


def test_rows_of_a_split_come_back_in_the_order_they_were_asked_for() -> None:
    tokens, model = random_tokens(50), uniform_vae()
    rows = np.array([7, 3, 49, 0, 12, 3])
    said: list[int] = []
    found = iw_rows(model, tokens, rows, 10, progress=lambda done, total, what: said.append(done))
    assert found.nll == pytest.approx((tokens.lengths[rows] - 1) * math.log(7), rel=1e-5)
    assert said == [6]


def test_a_family_without_a_density_is_refused_with_the_cure() -> None:
    model = tiny_vae(1)
    del model.latent
    model.latent = Without(tiny_vae(1).latent)  # type: ignore[assignment]
    with pytest.raises(ConfigError, match="set iw_samples to 0"):
        iw_nll(model, rows_of([1, 4, 2]), 10)


def test_no_sample_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 1 sample, got 0"):
        iw_nll(tiny_vae(1), rows_of([1, 4, 2]), 0)


@needs_bfloat16
def test_bfloat16_products_move_the_number_only_a_little() -> None:
    model, x = lstm_vae(2), rows_of(*sentences())
    full = iw_nll(model, x, 200).nll
    low = iw_nll(model, x, 200, precision="bfloat16").nll
    assert low == pytest.approx(full, abs=0.15)
    assert low.mean() == pytest.approx(full.mean(), abs=0.03)
    assert not np.array_equal(low, full)


def test_running_weights_agree_with_all_weights_at_once_whatever_their_size() -> None:
    rng = np.random.default_rng(0)
    logs = rng.normal(0, 3, (37, 4)) + np.array([-1e4, 0, 300, -700])
    logs[20:] += 50
    running = LogWeights(4)
    for part in np.array_split(logs, [1, 5, 22]):
        running.add(part)
    weights = np.exp(logs - logs.max(0))
    assert running.log_mean() == pytest.approx(np.log(weights.mean(0)) + logs.max(0), rel=1e-12)
    assert running.ess() == pytest.approx(weights.sum(0) ** 2 / (weights**2).sum(0))
    assert running.count == 37


def test_weights_that_are_all_zero_give_minus_infinity_and_no_warning() -> None:
    running = LogWeights(2)
    running.add(np.array([[-np.inf, -np.inf]]))
    running.add(np.array([[-np.inf, 1.0]]))
    assert running.log_mean() == pytest.approx([-np.inf, 1 - math.log(2)])
    assert running.ess() == pytest.approx([0, 1])
