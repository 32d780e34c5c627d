"""MMD is unbiased, has the levels it should have, and sees latent tokens."""

from __future__ import annotations

import math

import pytest
import torch
from pydantic import TypeAdapter

from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.deterministic import Deterministic
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import REMEDIES, Forward, Horizon
from engine.objectives.remedies.discrepancy import (
    KernelConfig,
    discrepancy,
    squared_mmd,
    transformer_vae,
)
from tests.precision import bfloat16_autocast

X = torch.tensor([[1, 5, 6, 7, 2], [1, 9, 2, 0, 0], [1, 4, 4, 2, 0]])
HORIZON = Horizon(100, 1000)
KERNELS = ["imq", "imq-mixture", "rbf"]


def tiny(latent):
    torch.manual_seed(0)
    config = ModelConfig(
        encoder=LSTMEncoder.Config(embedding=4, hidden=6),
        latent=latent,
        decoder=LSTMDecoder.Config(embedding=4, hidden=6, dropout_in=0, dropout_out=0),
        initialisation="pytorch",
    )
    return build_model(config, vocab_size=12)


def test_two_points_against_two_by_hand():
    """x = 0, 2; y = 1, 3; C = 2: k of squared distance 4 is 1/3, of 1 is 2/3, of 9 is 2/11."""
    x, y = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [3.0]])
    expected = 1 / 3 + 1 / 3 - 2 * (3 * 2 / 3 + 2 / 11) / 4
    assert squared_mmd(x, y, "imq").item() == pytest.approx(expected)
    # The median of 1, 4, 9, 1, 4, 1 as torch takes it is 1.
    within, across = 2 * math.exp(-4), (3 * math.exp(-1) + math.exp(-9)) / 4
    assert squared_mmd(x, y, "rbf").item() == pytest.approx(within - 2 * across)
    summed = sum(
        4 * s / (2 * s + 4) - 2 * (3 * 2 * s / (2 * s + 1) + 2 * s / (2 * s + 9)) / 4
        for s in (0.1, 0.2, 0.5, 1, 2, 5, 10)
    )
    assert squared_mmd(x, y, "imq-mixture").item() == pytest.approx(summed, rel=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_it_is_unbiased_in_small_samples(kernel):
    torch.manual_seed(0)
    values = torch.stack(
        [squared_mmd(torch.randn(5, 3), torch.randn(5, 3), kernel) for _ in range(500)]
    )
    assert abs(values.mean().item()) < 4 * values.std().item() / math.sqrt(500)
    assert (values < 0).any()


@pytest.mark.parametrize(
    ("variance", "expected", "tolerance"),
    [(1.0, 0.0, 5e-4), (0.64, 1.05e-2, 1e-3), (2.08, 3.5e-2, 3e-3)],
)
def test_the_levels_of_a_thousand_codes_of_32_units(variance, expected, tolerance):
    torch.manual_seed(0)
    x = torch.randn(1000, 32) * math.sqrt(variance)
    value = squared_mmd(x, torch.randn(1000, 32)).item()
    assert abs(value - expected) < tolerance


def test_the_gradient_stays_finite_where_codes_coincide():
    x = torch.zeros(4, 3, requires_grad=True)
    squared_mmd(x, torch.randn(4, 3)).backward()
    assert torch.isfinite(x.grad).all() and x.grad.abs().sum() > 0


@pytest.mark.parametrize("kernel", [*KERNELS, "transformer-vae"])
def test_half_precision_around_it_does_not_reach_it(kernel):
    model = tiny(Gaussian.Config(size=2))
    h = model.summary(X)
    forward = Forward(model, X, X[:, :-1], h, model.latent(h), 1, 1.0)
    values = []
    for enabled in (False, True):
        torch.manual_seed(0)
        with bfloat16_autocast(enabled):
            values.append(discrepancy(forward, KernelConfig(kernel=kernel)))
    torch.testing.assert_close(*values)


def test_a_single_code_has_no_pair_and_no_pull():
    x = torch.ones(1, 3, requires_grad=True)
    value = squared_mmd(x, torch.randn(1, 3))
    value.backward()
    assert value.item() == 0 and x.grad.abs().sum() == 0


@pytest.mark.parametrize(("codes", "matching", "zero"), [(50, None, 6.7e-4), (350, 1.5e-4, 2.4e-4)])
def test_the_kernel_of_transformer_vae_is_nearly_blind(codes, matching, zero):
    """Codes that match the prior and codes of zero score alike; at 50 codes zeros score better.

    Means in closed form: E k of two draws of N(0, I) is (1 + 4/D²)^(-D/2), of one and zero
    (1 + 2/D²)^(-D/2).
    """
    torch.manual_seed(0)
    width = 77

    def score(z) -> tuple[float, float]:
        drawn = [transformer_vae(z(), torch.randn(codes, width), codes) for _ in range(12)]
        values = torch.stack(drawn) * codes
        return values.mean().item(), 4 * values.std().item() / math.sqrt(12)

    two, one = ((1 + c / width**2) ** (-width / 2) for c in (4, 2))
    assert two == pytest.approx(0.974, abs=5e-4)
    among = (1 + (codes - 1) * two) / codes
    alike, spread = score(lambda: torch.randn(codes, width))
    assert abs(alike - (2 * among - 2 * two)) < spread
    assert matching is None or alike == pytest.approx(matching, abs=2e-5)
    nothing, spread = score(lambda: torch.zeros(codes, width))
    assert abs(nothing - (1 + among - 2 * one)) < spread
    assert nothing == pytest.approx(zero, rel=0.06)
    assert (nothing < alike) == (codes == 50)


def test_transformer_vae_is_scaled_by_tokens_over_sentences():
    torch.manual_seed(0)
    z, prior = torch.randn(12, 4), torch.randn(12, 4)
    alone = transformer_vae(z, prior, 12) * 12
    torch.testing.assert_close(transformer_vae(z, prior, 3), alone / 3 * 4)


@pytest.mark.parametrize("kernel", [*KERNELS, "transformer-vae"])
def test_every_latent_token_is_a_row(kernel):
    model = tiny(Deterministic.Config(size=3, tokens=2))
    h = model.summary(X)
    forward = Forward(model, X, X[:, :-1], h, model.latent(h), 1, 1.0)
    torch.manual_seed(0)
    value = discrepancy(forward, KernelConfig(kernel=kernel))
    torch.manual_seed(0)
    prior = model.latent.sample_prior(3).reshape(6, 3)
    rows = torch.stack([forward.z[i, 3 * k : 3 * k + 3] for i in range(3) for k in range(2)])
    whole = kernel == "transformer-vae"
    expected = transformer_vae(rows, prior, 3) if whole else squared_mmd(rows, prior, kernel)
    torch.testing.assert_close(value, expected)


def test_the_sigmoid_schedule_reproduces_the_weights_of_transformer_vae():
    config = TypeAdapter(REMEDIES.union).validate_python(
        {"name": "mmd", "schedule": "sigmoid", "weight": 1}
    )
    rule = REMEDIES.build(config, HORIZON)
    weights = [rule.readings(t)["mmd_weight"] for t in (0, 1000, 2000, 2500, 3000, 5000)]
    assert weights == pytest.approx([0.0019, 0.0230, 0.2227, 0.5, 0.7773, 0.9981], abs=5e-5)


def test_info_vae_is_mmd_in_other_letters():
    losses = []
    for beta, rule in (
        (0.3, {"name": "mmd", "weight": 4.7}),
        (1.0, {"name": "info_vae", "alpha": 0.7, "divergence_weight": 5}),
    ):
        model = tiny(Gaussian.Config(size=2))
        objective = Objective(ObjectiveConfig(beta=beta, remedies=(rule,)), HORIZON, model)
        torch.manual_seed(3)
        losses.append(objective(model, X, 1)[0])
    torch.testing.assert_close(*losses)
