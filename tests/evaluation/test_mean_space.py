"""The posterior mean space against closed forms: a linear-Gaussian decoder, weights that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.config import ConfigError
from engine.evaluation import grid
from engine.evaluation.grid import Grid, grid_means, is_integrated
from engine.evaluation.mean_space import posterior_means, require_density, sampled_means
from engine.evaluation.means import Means, summary
from engine.metrics import METRICS
from engine.models.latents import LATENTS
from engine.models.vae import VAE
from tests.evaluation.tiny import (
    VOCAB,
    BagEncoder,
    MarkovDecoder,
    lstm_vae,
    random_tokens,
    rows_of,
    tiny_vae,
    uniform_vae,
)

NOISE = 0.5  # above 0.4 a normal density stays below 1, as probabilities of tokens do


class LinearGaussian(MarkovDecoder):
    """p(x_t|z) = N(value of x_t; loadings z, NOISE²): its posterior has a closed form."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.values = torch.linspace(-2.0, 2.0, VOCAB)
        self.loadings = torch.linspace(0.4, 0.9, size)

    def token_nll(self, x: Tensor, z: Tensor, inputs: Tensor | None = None) -> Tensor:
        error = (self.values[x[:, 1:]] - (z @ self.loadings)[..., None]) / NOISE
        nll = 0.5 * error.square() + math.log(NOISE * math.sqrt(2 * math.pi))
        return nll * (x[:, 1:] != 0)

    def posterior_mean(self, x: Tensor) -> np.ndarray:
        """E[z|x] = (I + n a aᵀ/s²)⁻¹ a Σ v / s², under the prior N(0, I)."""
        inside = (x[:, 1:] != 0).double()
        count, total = inside.sum(1), (self.values.double()[x[:, 1:]] * inside).sum(1)
        a = self.loadings.double()
        means = [
            torch.linalg.solve(
                torch.eye(len(a)).double() + n * torch.outer(a, a) / NOISE**2, a * v / NOISE**2
            )
            for n, v in zip(count, total)
        ]
        return torch.stack(means).numpy()


def linear_gaussian(size: int) -> VAE:
    model = tiny_vae(size)
    model.decoder = LinearGaussian(size)
    return model


X = rows_of([1, 4, 2], [1, 6, 5, 6, 2], [1, 5, 5, 4, 4, 6, 2], [1, 6, 6, 6, 6, 6, 6, 2])


def test_the_published_grid_has_400_points():
    points = Grid().points
    assert len(points) == 400
    assert points[[0, 1, -1]].tolist() == pytest.approx([-20.0, -19.9, 19.9])


def test_grid_means_are_those_of_the_closed_form():
    model = linear_gaussian(1)
    found = grid_means(model, X).numpy()
    np.testing.assert_allclose(found, model.decoder.posterior_mean(X), atol=2e-6)


@pytest.mark.parametrize("size", [1, 3])
def test_sampled_means_are_those_of_the_closed_form_within_their_error(size):
    model = linear_gaussian(size)
    found = sampled_means(model, X, 20_000)
    off = (found.mean - model.decoder.posterior_mean(X)) / found.error
    assert np.abs(off).max() < 4
    assert np.sqrt(np.mean(off**2)) > 0.2  # the error is one, and not merely large


def test_sampled_means_of_a_real_decoder_are_the_grids_within_their_error():
    model = lstm_vae(1)
    x = rows_of(*([1, *words, 2] for words in ([4, 5], [5, 5, 6], [6, 4, 4, 5])))
    known, sampled = grid_means(model, x).numpy(), sampled_means(model, x, 20_000)
    assert np.abs((sampled.mean - known) / sampled.error).max() < 4
    assert np.abs(known).max() > 10 * sampled.error.max()  # there is something to find


def test_points_that_are_left_out_of_the_grid_do_not_matter(monkeypatch):
    monkeypatch.setattr(grid, "_SETTLED", 0.0)
    model, x = lstm_vae(1), rows_of([1, 4, 5, 2], [1, 6, 2])
    pruned = grid_means(model, x).numpy()
    monkeypatch.setattr(grid, "_NEGLIGIBLE", 1e9)
    np.testing.assert_allclose(pruned, grid_means(model, x).numpy(), atol=1e-7)


class Asked(LinearGaussian):
    """Counts the codes that it is asked at."""

    asked = 0

    def token_nll(self, x: Tensor, z: Tensor, inputs: Tensor | None = None) -> Tensor:
        self.asked += len(z)
        return super().token_nll(x, z, inputs)


def test_a_smooth_likelihood_is_asked_at_a_part_of_the_points(monkeypatch):
    model = linear_gaussian(1)
    model.decoder = Asked(1)
    smooth, few = grid_means(model, X).numpy(), model.decoder.asked
    monkeypatch.setattr(grid, "_SETTLED", 0.0)
    np.testing.assert_allclose(smooth, grid_means(model, X).numpy(), atol=1e-6)
    assert few < 0.6 * (model.decoder.asked - few)


def test_a_narrow_posterior_is_asked_at_every_point(monkeypatch):
    """A grid as wide as the posterior is may agree with a wider one by chance."""
    model = linear_gaussian(1)
    model.decoder.loadings = torch.tensor([4.0])
    found = grid_means(model, X).numpy()
    monkeypatch.setattr(grid, "_SETTLED", 0.0)
    np.testing.assert_array_equal(found, grid_means(model, X).numpy())


def test_a_chunk_moves_no_number():
    model = lstm_vae(2)
    for means in (sampled_means(model, X, 100, chunk=7), sampled_means(model, X, 100, chunk=1)):
        np.testing.assert_allclose(means.mean, sampled_means(model, X, 100).mean, atol=1e-6)
    np.testing.assert_allclose(
        grid_means(lstm_vae(1), X, chunk=9), grid_means(lstm_vae(1), X), atol=1e-6
    )


def test_every_sample_counts_where_posterior_prior_and_model_agree():
    found = sampled_means(uniform_vae(), X, 300)
    assert found.ess == pytest.approx([300.0] * len(X))


def test_the_effective_sample_size_is_the_known_one_where_the_decoder_is_deaf():
    """w = p/(q/2 + p/2), so that ESS/K -> 1/∫ p²/(q/2 + p/2), here by quadrature."""
    model = uniform_vae()
    latent = model.latent
    latent.size, latent.zero = 1, torch.zeros(1)
    latent.parameters_of = torch.nn.Linear(BagEncoder.size, 2)
    with torch.no_grad():
        latent.parameters_of.weight.zero_()
        latent.parameters_of.bias.copy_(torch.tensor([1.5, 2 * math.log(0.5)]))
    model.decoder = MarkovDecoder(1)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.zero_()
    z = np.linspace(-12, 12, 100_001)
    p = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    q = np.exp(-0.5 * ((z - 1.5) / 0.5) ** 2) / (0.5 * math.sqrt(2 * math.pi))
    share = 1 / np.trapezoid(p**2 / (0.5 * q + 0.5 * p), z)
    found = sampled_means(model, X[:1].repeat(8, 1), 50_000)
    assert found.ess / 50_000 == pytest.approx([share] * 8, rel=0.02)
    assert np.abs(found.mean / found.error).max() < 4  # the model's posterior is the prior


def test_both_means_come_in_the_order_that_was_asked_for():
    model, tokens = lstm_vae(2), random_tokens(30)
    rows = np.array([7, 3, 21, 0])
    found = posterior_means(model, tokens, rows, samples=4000)
    with torch.inference_mode():
        x = torch.from_numpy(tokens.rows(rows))
        np.testing.assert_allclose(found.inference, model.eval().code(x).numpy(), atol=1e-6)
    single = posterior_means(model, tokens, rows[2:3], samples=4000)
    assert np.abs((found.model[2] - single.model[0]) / single.error[0]).max() < 5
    assert found.kl.shape == found.ess.shape == (4,) and found.samples == 4000
    assert len(found) == 4 and 0 <= found.mutual_information <= math.log(4)


def test_a_scalar_gaussian_code_is_integrated_and_others_are_sampled():
    assert is_integrated(tiny_vae(1)) and not is_integrated(tiny_vae(2))
    found = posterior_means(tiny_vae(1), random_tokens(5), np.arange(5))
    assert found.samples == 0 and np.isnan(found.ess).all() and found.model.shape == (5, 1)


@pytest.mark.parametrize("name", [name for name in LATENTS if name != "deterministic"])
def test_every_family_with_a_posterior_has_both_means(name):
    config = LATENTS[name].Config(size=4)
    model = tiny_vae(4)
    model.latent = LATENTS.build(config, BagEncoder.size)
    model.decoder = MarkovDecoder(model.latent.size)
    found = posterior_means(model, random_tokens(6), np.arange(6), samples=3000)
    assert np.isfinite(found.model).all() and np.isfinite(found.inference).all()
    assert (found.ess > 1).all() and (found.ess <= 3000 * (1 + 1e-6)).all()
    again = posterior_means(model, random_tokens(6), np.arange(6), samples=3000, seed=1)
    off = (found.model - again.model) / np.hypot(found.error, again.error).clip(1e-6)
    assert np.sqrt(np.mean(off**2)) < 2


def test_a_family_without_a_posterior_is_refused():
    model = tiny_vae()
    model.latent = LATENTS.build(LATENTS["deterministic"].Config(size=1), BagEncoder.size)
    with pytest.raises(ConfigError, match="needs a latent family with a posterior"):
        require_density(model)


def test_looking_leaves_model_and_chance_as_they_were():
    model, tokens = lstm_vae(2).train(), random_tokens(10)
    before, chance = [p.clone() for p in model.parameters()], torch.get_rng_state()
    posterior_means(model, tokens, np.arange(10), samples=20)
    assert model.training and torch.equal(torch.get_rng_state(), chance)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters()))


def means(model: np.ndarray, inference: np.ndarray) -> Means:
    n = len(model)
    return Means(model, inference, np.zeros_like(model), np.full(n, np.nan), 0, np.ones(n), 0.5)


def test_the_summary_tells_collapse_lag_and_agreement_apart():
    spread = np.random.default_rng(0).normal(size=(200, 1)).astype(np.float32)
    lagging = summary(means(spread, np.zeros_like(spread)))
    assert lagging["model_mean_spread"] == pytest.approx(spread.std(), rel=1e-5)
    assert lagging["inference_mean_spread"] == 0 and "mean_correlation" not in lagging
    assert lagging["mean_gap"] == pytest.approx(np.abs(spread).mean(), rel=1e-5)
    kept_up = summary(means(spread, spread))
    assert kept_up["mean_correlation"] == pytest.approx(1) and kept_up["mean_gap"] == 0
    assert summary(means(0 * spread, 0 * spread))["model_mean_spread"] == 0
    assert set(lagging) | set(kept_up) <= set(METRICS)
