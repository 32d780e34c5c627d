"""Properties that every latent family has; a new one is tested the day it is registered."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import kl_divergence

from engine.models.latents import LATENTS

H, B = 12, 6
FAMILIES = list(LATENTS)


def family(name: str, size: int = 3, seed: int = 0):
    torch.manual_seed(seed)
    latent = LATENTS.build(LATENTS[name].Config(size=size), H)
    for parameter in latent.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return latent, torch.randn(B, H)


@pytest.mark.parametrize("name", FAMILIES)
def test_shapes_with_and_without_a_number_of_samples(name):
    latent, h = family(name)
    one, many = latent(h), latent(h, samples=5)
    assert one.z.shape == (B, 3) and many.z.shape == (5, B, 3)
    assert one.kl.shape == many.kl.shape == (B, 3)
    assert latent.code(h).shape == (B, 3)
    assert latent.sample_prior(7).shape == (7, 3)


@pytest.mark.parametrize("name", FAMILIES)
def test_kl_is_not_negative_and_equals_its_monte_carlo_estimate(name):
    latent, h = family(name)
    drawn = latent(h, samples=20_000)
    ratio = drawn.posterior.log_prob(drawn.z) - latent.prior.log_prob(drawn.z)
    error = ratio.std(0) / math.sqrt(len(ratio))
    exact = drawn.kl.sum(-1)
    assert (drawn.kl >= 0).all()
    assert ((ratio.mean(0) - exact).abs() < 4 * error).all()
    torch.testing.assert_close(exact, kl_divergence(drawn.posterior, latent.prior))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_density_integrates_to_one(name):
    latent, h = family(name, size=1)
    posterior = latent(h).posterior
    grid = torch.linspace(-40, 40, 80_001)
    for distribution in (posterior, latent.prior):
        log_prob = distribution.log_prob(
            grid[:, None, None] if distribution is posterior else grid[:, None]
        )
        torch.testing.assert_close(
            torch.trapezoid(log_prob.exp(), grid, dim=0),
            torch.ones_like(log_prob[0]),
            rtol=1e-3,
            atol=1e-3,
        )


@pytest.mark.parametrize("name", FAMILIES)
def test_the_gradient_reaches_every_parameter_through_z_and_through_kl(name):
    for part in ("z", "kl"):
        latent, h = family(name)
        getattr(latent(h), part).square().sum().backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in latent.parameters())


def test_gaussian_kl_is_half_a_nat_at_mean_one_and_variance_one():
    latent, _ = family("gaussian", size=2)
    with torch.no_grad():
        latent.parameters_of.weight.zero_()
        latent.parameters_of.weight[:2, 0] = 1.0
    h = torch.zeros(1, H)
    h[0, 0] = 1.0
    torch.testing.assert_close(latent(h).kl, torch.tensor([[0.5, 0.5]]))


def test_the_posterior_is_float32_under_bfloat16():
    latent, h = family("gaussian")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        drawn = latent(h)
    assert drawn.z.dtype == drawn.kl.dtype == torch.float32
