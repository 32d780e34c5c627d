"""Worked numbers of the Gaussian families, of the logistic-normal, and of codes without a density."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from engine.config import ConfigError
from engine.experiment import load_config
from engine.models.latents.deterministic import Deterministic
from engine.models.latents.gaussian import Gaussian
from engine.models.latents.gaussian_unitvar import GaussianUnitVar
from engine.models.latents.logistic_gaussian import LogisticGaussian
from engine.models.latents.normal import VarianceDropout, committed_range

H = 12


def made(cls: Any, scale: float = 0.4, **settings: Any) -> Any:
    torch.manual_seed(0)
    latent = cls(cls.Config(**settings), H)
    for parameter in latent.parameters():
        torch.nn.init.normal_(parameter, std=scale)
    return latent


def summaries(n: int, seed: int = 1) -> Tensor:
    return torch.randn(n, H, generator=torch.Generator().manual_seed(seed))


# -- Gaussian ---------------------------------------------------------------------------------------


def test_gaussian_kl_is_half_a_nat_at_mean_one_and_variance_one():
    latent = made(Gaussian, size=2)
    with torch.no_grad():
        latent.parameters_of.weight.zero_()
        latent.parameters_of.weight[:2, 0] = 1.0
    h = torch.zeros(1, H)
    h[0, 0] = 1.0
    torch.testing.assert_close(latent(h).kl, torch.tensor([[0.5, 0.5]]))


def test_a_plain_gaussian_is_saved_as_it_always_was():
    assert list(made(Gaussian, size=2).state_dict()) == ["parameters_of.weight"]


@pytest.mark.parametrize("cls", [Gaussian, GaussianUnitVar])
def test_a_plain_gaussian_draws_mean_plus_deviation_times_noise(cls):
    latent, h = made(cls, size=3), summaries(5)
    torch.manual_seed(3)
    z = latent(h).z
    torch.manual_seed(3)
    noise = torch.randn(5, 3)
    deviation = latent(h).posterior.stddev
    torch.testing.assert_close(z, latent.code(h) + deviation * noise)


# -- batch-normalised mean --------------------------------------------------------------------------


@pytest.mark.parametrize(("gamma", "bound"), [(0.5, 4.0), (0.6, 5.76), (0.7, 7.84)])
@pytest.mark.parametrize("cls", [Gaussian, GaussianUnitVar])
def test_a_batch_normalised_mean_costs_at_least_half_z_gamma_squared(cls, gamma, bound):
    """32 units, and a summary that differs between sentences, or hardly does."""
    for spread in (1.0, 1e-3):
        latent = made(cls, size=32, mean="batch_norm", gamma=gamma, scale=0.01)
        with torch.no_grad():
            latent.normalised.offset.zero_()
        kl = latent(spread * summaries(64)).kl.sum(-1).mean().item()
        assert kl >= bound * 0.997
    mean = latent.code(summaries(64))
    torch.testing.assert_close(mean.var(0, unbiased=False), torch.full((32,), gamma**2))
    torch.testing.assert_close(mean.mean(0), torch.zeros(32), rtol=0, atol=1e-5)


@pytest.mark.parametrize("gamma", [0.5, 0.9])
def test_batch_normalised_logits_cost_at_least_as_much_as_a_gaussian_of_as_many_units(gamma):
    """33 proportions have 32 free logits; a summary that hardly differs does not let the code vanish."""
    for spread in (1.0, 1e-3):
        latent = made(LogisticGaussian, size=33, mean="batch_norm", gamma=gamma, scale=0.01)
        with torch.no_grad():
            latent.normalised.offset.zero_()
        kl = latent(spread * summaries(64)).kl.sum(-1).mean().item()
        assert kl >= 16 * gamma**2 * 0.997
    mean = latent.code(summaries(64))
    logits = mean[:, :-1].log() - mean[:, -1:].log()
    torch.testing.assert_close(logits.var(0, unbiased=False), torch.full((32,), gamma**2))


def test_under_a_dirichlet_what_tells_batch_normalised_logits_apart_is_charged():
    """Posterior as wide as the prior (alpha 1): half the squared length of the centred logits is left."""
    latent = LogisticGaussian(
        LogisticGaussian.Config(size=5, prior="dirichlet", mean="batch_norm", gamma=0.9), H
    )
    with torch.no_grad():
        latent.parameters_of.weight[5:] = 0
    h = summaries(64)
    kl = latent(h).kl.sum(-1)
    logits = latent.code(h).log()  # centring takes out what softmax took out
    centred = logits - logits.mean(-1, keepdim=True)
    torch.testing.assert_close(kl, 0.5 * centred.square().sum(-1), rtol=1e-4, atol=1e-4)
    # Logits that all move together say nothing, whatever their scale.
    with torch.no_grad():
        latent.parameters_of.weight[:5] = latent.parameters_of.weight[0].clone()
    assert latent(h).kl.abs().max() < 1e-4


def test_the_learned_offset_begins_at_zero_and_moves_the_mean():
    latent = Gaussian(Gaussian.Config(size=3, mean="batch_norm"), H)
    assert (latent.normalised.offset == 0).all()
    with torch.no_grad():
        latent.normalised.offset.fill_(2.0)
    torch.testing.assert_close(latent.code(summaries(64)).mean(0), torch.full((3,), 2.0))


def test_evaluation_normalises_with_running_statistics():
    """After many batches they are those of the population, and a sentence alone gets the same code."""
    latent = made(Gaussian, size=4, mean="batch_norm", gamma=0.6)
    for seed in range(400):
        latent(3 + summaries(32, seed))
    latent.eval()
    h = 3 + summaries(4000, 999)
    code = latent.code(h) - latent.normalised.offset
    assert (code.mean(0).abs() < 0.1).all()
    assert ((code.std(0) - 0.6).abs() < 0.06).all()
    torch.testing.assert_close(latent.code(h[:1]), latent.code(h)[:1], rtol=1e-4, atol=1e-5)


def test_running_statistics_are_the_even_mean_of_the_first_batches():
    latent = made(Gaussian, size=4, mean="batch_norm")
    batches = [summaries(8, seed) for seed in range(5)]
    for h in batches:
        latent(h)
    raw = [latent.parameters_of(h)[:, :4] for h in batches]
    norm = latent.normalised
    torch.testing.assert_close(norm.running_mean, torch.stack([m.mean(0) for m in raw]).mean(0))
    torch.testing.assert_close(norm.running_variance, torch.stack([m.var(0) for m in raw]).mean(0))


def test_a_single_sentence_in_training_uses_running_statistics_and_leaves_them():
    latent = made(Gaussian, size=4, mean="batch_norm")
    latent(summaries(32))
    h, before = summaries(1, 5), latent.normalised.running_mean.clone()
    code = latent.code(h)
    latent(h)
    assert torch.equal(latent.normalised.running_mean, before)
    latent.eval()
    assert torch.equal(latent.code(h), code)


def test_asking_for_a_code_in_training_leaves_the_statistics_alone():
    latent = made(Gaussian, size=4, mean="batch_norm")
    latent.code(summaries(32))
    assert latent.normalised.batches == 0 and (latent.normalised.running_mean == 0).all()


# -- variance ---------------------------------------------------------------------------------------


def test_variance_dropout_has_a_floor_where_the_entropy_is_zero():
    assert VarianceDropout.floor == pytest.approx(0.0585, abs=5e-5)
    entropy = Normal(0.0, math.sqrt(VarianceDropout.floor)).entropy()
    assert entropy == pytest.approx(0, abs=1e-6)


def test_a_share_of_the_variances_is_dropped_to_the_floor_in_training_and_none_afterwards():
    latent, h = made(Gaussian, size=8, variance_dropout=0.3), summaries(2000)
    floor = VarianceDropout.floor
    free = latent.parameters_of(h).chunk(2, -1)[1].exp()
    variance = latent(h).posterior.variance
    dropped = (variance - floor).abs() < 1e-5
    assert dropped.float().mean() == pytest.approx(0.3, abs=0.01)
    kept = (floor + free / 0.7)[~dropped]
    torch.testing.assert_close(variance[~dropped], kept, rtol=1e-4, atol=1e-5)
    latent.eval()
    torch.testing.assert_close(latent(h).posterior.variance, floor + free, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("delta", "low", "high"),
    [
        (0.05, 0.785, 1.231),
        (0.10, 0.702, 1.331),
        (0.15, 0.641, 1.409),
        (0.25, 0.549, 1.535),
        (0.50, 0.398, 1.774),
    ],
)
def test_the_range_of_a_committed_rate(delta, low, high):
    assert committed_range(delta) == pytest.approx((low, high), abs=6e-4)
    for scale in committed_range(delta):
        kl = kl_divergence(Normal(0.0, scale), Normal(0.0, 1.0))
        assert kl.item() == pytest.approx(delta, abs=1e-6)


@pytest.mark.parametrize("delta", [1e-4, 0.1, 0.5, 10.0])
@pytest.mark.parametrize("scale", [0.0, 0.4, 30.0])
def test_a_committed_rate_is_paid_by_every_unit_of_every_sentence(delta, scale):
    latent = made(Gaussian, size=6, delta=delta, scale=scale)
    drawn = latent(summaries(500))
    assert (drawn.kl >= delta * (1 - 1e-6)).all() and torch.isfinite(drawn.kl).all()
    assert (drawn.posterior.mean > 0).all()
    if scale == 0.0:  # one posterior for all sentences: the rate is there, information is not
        assert drawn.kl.sum(-1).std() < 1e-5


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"delta": 0.1, "mean": "batch_norm"}, "set delta to 0 or mean to free"),
        ({"delta": 0.1, "variance_dropout": 0.1}, "set one of delta and variance_dropout to 0"),
        ({"mean": "batch_norm", "gamma": 1.0}, "less than 1"),
    ],
)
def test_what_contradicts_itself_is_refused_with_the_cure(settings, words):
    with pytest.raises(ValidationError, match=words):
        Gaussian.Config(**settings)
    with pytest.raises(ConfigError, match=words):
        load_config({"model": {"latent": {"name": "gaussian", **settings}}})


# -- fixed variance ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variance", "at_zero"), [(1.0, 0.0), (0.05, 0.5 * (0.05 - math.log(0.05) - 1))]
)
def test_the_kl_of_a_fixed_variance_is_half_the_squared_mean_and_a_constant(variance, at_zero):
    latent, h = made(GaussianUnitVar, size=3, variance=variance), summaries(5)
    expected = 0.5 * latent.code(h).square() + at_zero
    torch.testing.assert_close(latent(h).kl, expected)
    torch.testing.assert_close(latent(h).posterior.variance, torch.full((5, 3), variance))


def test_a_normalised_mean_and_what_is_left_of_the_variance_match_the_prior():
    latent = made(GaussianUnitVar, size=4, mean="batch_norm", gamma=0.6, variance=0.64)
    with torch.no_grad():
        latent.normalised.offset.zero_()
    z = latent(summaries(256), samples=400).z.flatten(0, 1)
    assert ((z.var(0) - 1).abs() < 0.02).all() and (z.mean(0).abs() < 0.02).all()


# -- logistic-normal --------------------------------------------------------------------------------


def test_the_prior_variance_of_prodlda():
    """0.98 for 50 topics at alpha 1: of each of the centred logits of the Dirichlet's approximation."""
    latent = made(LogisticGaussian, size=50, prior="dirichlet", alpha=1.0)
    logs = latent.sample_prior(40_000).log()
    centred = logs - logs.mean(-1, keepdim=True)
    assert centred.var(0).mean().item() == pytest.approx(0.98, abs=0.005)
    assert centred.mean().abs() < 1e-5 and (centred.mean(0).abs() < 0.025).all()
    # All proportions are alike: the one whose logit is held at 0 as well.
    assert ((centred.var(0) - 0.98).abs() < 0.05).all()


def full(mean: Tensor, logvar: Tensor) -> MultivariateNormal:
    """The free logits of K logits, with all their covariances."""
    less_the_last = torch.cat([torch.eye(4), -torch.ones(4, 1)], 1)
    covariance = less_the_last @ torch.diag_embed(logvar.exp()) @ less_the_last.T
    return MultivariateNormal(mean @ less_the_last.T, covariance)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 5.0])
def test_the_kl_to_the_dirichlet_prior_is_that_of_full_gaussians(alpha):
    latent, h = made(LogisticGaussian, size=5, prior="dirichlet", alpha=alpha), summaries(6)
    posterior = full(*latent.parameters_of(h).chunk(2, -1))
    prior = MultivariateNormal(torch.zeros(4), (torch.eye(4) + 1) / alpha)
    torch.testing.assert_close(latent(h).kl, kl_divergence(posterior, prior).unsqueeze(-1))
    u = torch.randn(7, 6, 4)
    torch.testing.assert_close(latent(h).posterior.base_dist.log_prob(u), posterior.log_prob(u))
    torch.testing.assert_close(latent.prior.base_dist.log_prob(u), prior.log_prob(u))


def test_a_posterior_that_says_nothing_equals_the_dirichlet_prior():
    latent = made(LogisticGaussian, size=5, prior="dirichlet", alpha=1.0, scale=0.0)
    torch.testing.assert_close(latent(summaries(2)).kl, torch.zeros(2, 1), rtol=0, atol=1e-6)


def test_the_laplace_approximation_is_the_curvature_of_the_dirichlet_at_its_mode():
    """Minus the Hessian of the log density of the free logits is the prior's precision."""
    latent = made(LogisticGaussian, size=4, prior="dirichlet", alpha=2.5)

    def log_density(u: Tensor) -> Tensor:
        # In the logits the Jacobian adds one to every exponent alpha - 1.
        return 2.5 * torch.cat([u, torch.zeros(1)]).log_softmax(-1).sum()

    curvature = -torch.autograd.functional.hessian(log_density, torch.zeros(3))
    prior = latent.prior.base_dist
    precision = -torch.autograd.functional.hessian(prior.log_prob, torch.zeros(3))
    torch.testing.assert_close(curvature, precision, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("prior", ["normal", "dirichlet"])
def test_the_density_of_three_proportions_sums_to_one(prior):
    """Against the uniform distribution of the simplex, whose density over two of them is 2."""
    latent, h = made(LogisticGaussian, size=3, prior=prior), summaries(4)
    torch.manual_seed(0)
    uniform = torch.distributions.Dirichlet(torch.ones(3)).sample((400_000,)).clamp(min=1e-12)
    density = latent(h).posterior.log_prob(uniform[:, None]).exp() / 2
    error = density.std(0) / math.sqrt(len(density))
    assert ((density.mean(0) - 1).abs() < 4 * error).all() and (error < 0.05).all()


def test_proportions_and_logits_determine_each_other():
    latent = made(LogisticGaussian, size=6)
    u = 3 * torch.randn(100, 5)
    y = latent.proportions(u)
    torch.testing.assert_close(y.sum(-1), torch.ones(100))
    torch.testing.assert_close(latent.proportions.inv(y), u, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("prior", ["normal", "dirichlet"])
def test_logits_far_out_stay_finite(prior):
    latent, h = made(LogisticGaussian, size=6, prior=prior, scale=4.0), summaries(50)
    drawn = latent(h)
    assert torch.isfinite(drawn.z).all() and (drawn.z > 0).all()
    assert torch.isfinite(latent.prior.log_prob(drawn.z)).all()
    assert torch.isfinite(drawn.posterior.log_prob(drawn.z)).all()


def test_the_code_is_the_simplex_point_of_the_mean_and_draws_around_it_have_its_spread():
    latent, h = made(LogisticGaussian, size=4), summaries(3)
    mean, logvar = latent.parameters_of(h).chunk(2, -1)
    padded = torch.cat([mean, torch.zeros(3, 1)], -1)
    torch.testing.assert_close(latent.code(h), padded.softmax(-1))
    logits = latent.proportions.inv(latent.around(h, 20_000, 0.5))
    torch.testing.assert_close(logits.std(0), 0.5 * (0.5 * logvar).exp(), rtol=0.03, atol=0)


# -- no density -------------------------------------------------------------------------------------


def test_a_deterministic_code_is_a_point_of_the_cube_without_density_and_kl():
    latent, h = made(Deterministic, size=3, tokens=5), summaries(4)
    drawn = latent(h, samples=2)
    assert latent.size == 15 and latent.tokens == 5
    assert drawn.posterior is None and (drawn.kl == 0).all()
    assert (drawn.z == latent.code(h)).all() and (drawn.z.abs() < 1).all()
    expected = torch.tanh(h @ latent.codes_of.weight.T + latent.codes_of.bias)
    torch.testing.assert_close(latent.code(h), expected)


def test_there_is_nothing_around_a_point():
    with pytest.raises(ConfigError, match="has none"):
        made(Deterministic, size=3).around(summaries(1), 3, 1.0)
