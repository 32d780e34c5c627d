"""Codes on the sphere: von Mises-Fisher and power spherical, against closed forms and quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, special
from torch import Tensor
from torch.distributions import kl_divergence
from torch.nn import functional as F

from engine.config import ConfigError
from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.experiment import build, override
from engine.explore.interpolation import between
from engine.metrics import METRICS
from engine.models.distributions.power_spherical import PowerSpherical
from engine.models.distributions.sphere import SphericalUniform, turn_by
from engine.models.distributions.von_mises_fisher import (
    VonMisesFisher,
    divergence_from_uniform,
    log_mean_exp_cosine,
    mean_cosine,
)
from engine.models.latents.power_spherical import KAPPA_MOST, PowerSphericalFamily
from engine.models.latents.vmf import VMF
from engine.models.vae import ModelConfig, build_model
from engine.presets import preset
from tests.explore.conftest import TEXTS
from tests.precision import bfloat16_autocast

H = 12


def axis(size: int, rows: int = 1, seed: int = 0, dtype=torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(rows, size, generator=generator, dtype=dtype), dim=-1)


def vmf(direction: Tensor, kappa: float) -> VonMisesFisher:
    return VonMisesFisher(direction, kappa)


def power(direction: Tensor, kappa: float) -> PowerSpherical:
    return PowerSpherical(direction, direction.new_full(direction.shape[:-1], kappa))


KINDS = {"vmf": vmf, "power": power}
CASES = [(2, 0.5), (2, 40.0), (3, 5.0), (32, 13.0), (50, 100.0), (300, 1000.0)]


# -- closed forms ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "kappa", "nats"),
    [
        (50, 100, 23.5707),
        (50, 50, 12.1051),
        (32, 13, 2.1726),
        (32, 25, 5.7554),
        (32, 50, 12.2534),
        (32, 100, 20.7585),
        (32, 200, 30.3733),
        (50, 35, 7.743),
        (50, 80, 19.515),
        (100, 50, 9.439),
        (100, 100, 24.135),
        (256, 100, 16.1677),
        (20, 100, 16.9404),
        (2, 100, 2.7190),
    ],
)
def test_the_rate_of_von_mises_fisher_is_the_reference_s(size, kappa, nats):
    assert divergence_from_uniform(size, float(kappa)) == pytest.approx(nats, abs=5e-4)


@pytest.mark.parametrize(("size", "kappa", "nats"), [(32, 13, 1.466), (32, 50, 7.605)])
def test_the_rate_of_power_spherical_is_the_reference_s(size, kappa, nats):
    assert power(axis(size), kappa).divergence.item() == pytest.approx(nats, abs=5e-4)


@pytest.mark.parametrize("kappa", [0.1, 1.0, 13.0, 300.0, 5000.0])
def test_the_bessel_function_is_exact_where_it_has_another_form(kappa):
    circle = math.log(special.i0e(kappa)) + kappa
    assert log_mean_exp_cosine(2, kappa) == pytest.approx(circle, rel=1e-10, abs=1e-12)
    assert mean_cosine(2, kappa) == pytest.approx(special.i1e(kappa) / special.i0e(kappa), rel=1e-9)
    sphere = kappa + math.log(-math.expm1(-2 * kappa)) - math.log(2 * kappa)
    assert log_mean_exp_cosine(3, kappa) == pytest.approx(sphere, rel=1e-10, abs=1e-12)
    assert mean_cosine(3, kappa) == pytest.approx(1 / math.tanh(kappa) - 1 / kappa, rel=1e-8)


def debye(v: float, kappa: float) -> float:
    """log I_v by the uniform asymptotic expansion, three terms."""
    xi = kappa / v
    r = math.sqrt(1 + xi * xi)
    t = 1 / r
    u1 = (3 * t - 5 * t**3) / 24
    u2 = (81 * t**2 - 462 * t**4 + 385 * t**6) / 1152
    u3 = (30375 * t**3 - 369603 * t**5 + 765765 * t**7 - 425425 * t**9) / 414720
    series = math.log1p(u1 / v + u2 / v**2 + u3 / v**3)
    eta = r + math.log(xi / (1 + r))
    return v * eta - 0.5 * math.log(2 * math.pi * v) - 0.5 * math.log(r) + series


@pytest.mark.parametrize("size", [8, 32, 257, 1000, 4096])
@pytest.mark.parametrize("kappa", [0.1, 10.0, 700.0, 5000.0])
def test_the_bessel_function_neither_overflows_nor_vanishes(size, kappa):
    v = size / 2 - 1
    bessel = log_mean_exp_cosine(size, kappa) + v * math.log(kappa / 2) - math.lgamma(size / 2)
    assert bessel == pytest.approx(debye(v, kappa), abs=1e-5)
    lower = kappa / (v + 0.5 + math.hypot(kappa, v + 1.5))
    upper = kappa / (v + 0.5 + math.hypot(kappa, v + 0.5))
    assert lower <= mean_cosine(size, kappa) <= upper  # Amos 1974


@pytest.mark.parametrize(("size", "kappa"), CASES)
def test_the_slope_of_the_rate_is_kappa_times_the_variance_of_the_cosine(size, kappa):
    step = 1e-4 * kappa
    slope = divergence_from_uniform(size, kappa + step) - divergence_from_uniform(
        size, kappa - step
    )
    variance = vmf(axis(size, dtype=torch.float64), kappa).cosine_moments[1].item()
    assert slope / (2 * step) == pytest.approx(kappa * variance, rel=1e-4)


# -- densities and draws ----------------------------------------------------------------------------


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("kappa", [0.3, 8.0, 200.0])
def test_the_density_integrates_to_one_on_circle_and_sphere(make, kappa):
    turn = torch.linspace(0, 2 * math.pi, 4001, dtype=torch.float64)[:-1]
    circle = torch.stack([turn.cos(), turn.sin()], -1)
    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(400))
    around = turn[::80]
    side = (1 - nodes**2).sqrt()[:, None]
    sphere = torch.stack(
        [side * around.cos(), side * around.sin(), nodes[:, None].expand(-1, 50)], -1
    )
    for q in (make(axis(2, dtype=torch.float64)[0], kappa), SphericalUniform(2)):
        mass = q.log_prob(circle).exp().mean() * 2 * math.pi
        assert mass.item() == pytest.approx(1, abs=1e-6)
    for q in (make(torch.tensor([0.0, 0.6, 0.8], dtype=torch.float64), kappa), SphericalUniform(3)):
        mass = (q.log_prob(sphere).exp().mean(1) * weights).sum() * 2 * math.pi
        assert mass.item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(("size", "kappa"), CASES)
def test_the_divergence_is_its_monte_carlo_estimate(make, size, kappa):
    torch.manual_seed(1)
    q, p = make(axis(size)[0], kappa), SphericalUniform(size)
    z = q.sample((20_000,))
    ratio = (q.log_prob(z) - p.log_prob(z)).double()
    error = ratio.std().item() / math.sqrt(len(ratio))
    exact = kl_divergence(q, p)
    assert abs(ratio.mean().item() - exact.item()) < 4 * error + 1e-6
    assert exact >= 0
    torch.testing.assert_close(q.entropy(), p.entropy() - exact)


def cosine_distribution(make, size: int, kappa: float) -> tuple[np.ndarray, np.ndarray]:
    """Angles and their cumulative probability, from the density and nothing else."""
    angle = np.linspace(1e-9, math.pi - 1e-9, 200_001 if size < 10 else 20_001)
    towards = torch.zeros(size, dtype=torch.float64)
    towards[0] = 1
    z = torch.zeros(len(angle), size, dtype=torch.float64)
    z[:, 0], z[:, 1] = torch.from_numpy(np.cos(angle)), torch.from_numpy(np.sin(angle))
    logarithm = make(towards, kappa).log_prob(z).numpy() + (size - 2) * np.log(np.sin(angle))
    cumulative = integrate.cumulative_trapezoid(np.exp(logarithm), angle, initial=0)
    return angle, cumulative / cumulative[-1]


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(("size", "kappa"), [*CASES, (2, 0.01), (3, 3000.0)])
def test_the_angle_of_draws_has_the_distribution_that_the_density_says(make, size, kappa):
    torch.manual_seed(2)
    towards, n = axis(size, seed=3, dtype=torch.float64)[0], 200_000 // max(1, size // 20)
    z = make(towards, kappa).sample((n,))
    assert (z.norm(dim=-1) - 1).abs().max() < 1e-9
    # By the half angle: the arc cosine has no digits left near the axis.
    angle = 2 * torch.atan2((z - towards).norm(dim=-1), (z + towards).norm(dim=-1))
    reached = np.interp(np.sort(angle.numpy()), *cosine_distribution(make, size, kappa))
    ranks = (np.arange(n) + 0.5) / n
    assert np.abs(reached - ranks).max() < 1.95 / math.sqrt(n)  # Kolmogorov-Smirnov, p = 0.001


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(("size", "kappa"), CASES[:-1])
def test_draws_have_the_mean_and_the_variance_that_are_told(make, size, kappa):
    torch.manual_seed(4)
    q, n = make(axis(size, rows=2), kappa), 100_000 if size < 10 else 20_000
    z = q.sample((n,)).double()
    error = z.std(0) / math.sqrt(n)
    assert ((z.mean(0) - q.mean).abs() < 5 * error).all()
    spread = (z - z.mean(0)).square()
    error = spread.std(0) / math.sqrt(n)
    assert ((spread.mean(0) - q.variance).abs() < 5 * error).all()
    torch.testing.assert_close(q.stddev, q.variance.sqrt())


def test_the_cosine_at_50_dimensions_and_kappa_100_is_the_reference_s():
    torch.manual_seed(5)
    towards = axis(50)[0]
    cosine = vmf(towards, 100.0).sample((100_000,)) @ towards
    assert cosine.mean().item() == pytest.approx(0.7837, abs=5e-4)
    assert cosine.std().item() == pytest.approx(0.0434, abs=4e-4)


def test_all_pairs_broadcast():
    torch.manual_seed(6)
    for make in KINDS.values():
        q = make(axis(8, rows=5), 20.0)
        z = q.sample((3,))[:, 0]
        pairs = q.log_prob(z.unsqueeze(1))
        assert pairs.shape == (3, 5)
        for row in range(5):
            alone = make(q.mean_direction[row], 20.0).log_prob(z)
            torch.testing.assert_close(pairs[:, row], alone)


def test_float32_loses_little_at_a_high_concentration():
    torch.manual_seed(7)
    for make in KINDS.values():
        q = make(axis(64, dtype=torch.float64)[0], 4000.0)
        z = q.sample((100,))
        single = make(q.mean_direction.float(), 4000.0).log_prob(z.float())
        assert (single - q.log_prob(z)).abs().max() < 0.02


# -- gradients --------------------------------------------------------------------------------------


def expected(q, a: Tensor, b: Tensor) -> Tensor:
    """E[a.z + (b.z)^2] in closed form."""
    mean, along = q.cosine_moments
    across = (1 - mean.square() - along) / (q.size - 1)
    parallel = (q.mean_direction @ b).square()
    second = across[..., 0] * b.square().sum() + (along + mean.square() - across)[..., 0] * parallel
    return q.mean @ a + second


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(("size", "kappa"), [(2, 3.0), (3, 10.0), (10, 8.0)])
def test_the_gradient_of_draws_is_that_of_the_expectation(make, size, kappa):
    """Towards the axis and, where it is learned, the concentration; each row one draw's gradient."""
    torch.manual_seed(8)
    n, a, b = 200_000, torch.randn(size), torch.randn(size)
    raw = axis(size).expand(n, -1).clone().requires_grad_()
    q = make(F.normalize(raw, dim=-1), kappa)
    leaves = [raw]
    if isinstance(q, PowerSpherical):
        q.concentration.requires_grad_()
        leaves.append(q.concentration)
    z = q.rsample()
    drawn = torch.autograd.grad((z @ a + (z @ b).square()).sum(), leaves, retain_graph=True)
    exact = torch.autograd.grad(expected(q, a, b).sum(), leaves)
    for found, told in zip(drawn, exact, strict=True):
        error = found.double().std(0) / math.sqrt(n)
        assert told.abs().max() > 10 * error.max()  # else the next line would pass for zeros
        assert ((found.double().mean(0) - told.double().mean(0)).abs() < 4.5 * error).all()


def test_the_gradient_of_the_power_spherical_rate_is_its_slope():
    kappa = torch.tensor([0.5, 20.0, 900.0], dtype=torch.float64, requires_grad=True)
    direction = axis(16, rows=3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda k: PowerSpherical(direction, k).divergence, (kappa,))


# -- the families -------------------------------------------------------------------------------


def families(size: int = 6):
    torch.manual_seed(9)
    found = [
        VMF(VMF.Config(size=size, kappa=20.0), H),
        PowerSphericalFamily(PowerSphericalFamily.Config(size=size), H),
    ]
    for family in found:
        for parameter in family.parameters():
            torch.nn.init.normal_(parameter, std=0.4)
    return found, torch.randn(5, H)


def test_codes_draws_and_the_prior_lie_on_the_sphere_in_float32_under_bfloat16():
    found, h = families()
    for family in found:
        with bfloat16_autocast():
            one, many, code = family(h), family(h, samples=4), family.code(h)
        assert one.z.shape == (5, 6) and many.z.shape == (4, 5, 6) and one.kl.shape == (5, 1)
        prior = family.sample_prior(7)
        assert prior.shape == (7, 6)
        for z in (one.z, many.z, code, prior, family.around(h, 3, 2.5)):
            assert z.dtype == torch.float32 and family.prior.support.check(z).all()
        torch.testing.assert_close(kl_divergence(one.posterior, family.prior), one.kl[:, 0])


def test_the_gradient_of_a_draw_reaches_every_parameter():
    found, h = families()
    for family in found:
        (family(h).z @ torch.arange(6.0)).sum().backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in family.parameters())


def test_around_a_code_the_angle_is_that_of_the_draw_times_the_spread():
    found, h = families()
    for family in found:
        torch.manual_seed(10)
        z = family(h, 3).z
        for spread in (0.0, 0.4, 1.0):
            torch.manual_seed(10)
            moved = family.around(h, 3, spread)
            angle = torch.arccos((moved * family.code(h)).sum(-1).clamp(-1, 1))
            whole = torch.arccos((z * family.code(h)).sum(-1).clamp(-1, 1))
            torch.testing.assert_close(angle, spread * whole, atol=2e-3, rtol=1e-3)
            if spread == 1:
                torch.testing.assert_close(moved, z)
    opposite = turn_by(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), 9.0)
    torch.testing.assert_close(opposite, torch.tensor([[-1.0, 0.0]]))


def test_the_rate_of_vmf_is_the_same_for_all_and_has_no_gradient():
    family = VMF(VMF.Config(), H)
    kl = family(torch.randn(4, H)).kl
    assert not kl.requires_grad
    torch.testing.assert_close(kl, torch.full((4, 1), 23.5707))


def test_kappa_moves_in_a_straight_line_and_a_checkpoint_keeps_its_own():
    config = VMF.Config(size=8, kappa=100.0, kappa_start=20.0, kappa_steps=40)
    family, h = VMF(config, H), torch.randn(2, H)
    rates = {}
    for step, kappa in [(0, 20.0), (10, 40.0), (40, 100.0), (1000, 100.0)]:
        family.advance(step)
        assert family.concentration == float(family.kappa) == kappa
        rates[step] = family(h).kl[0, 0].item()
        assert rates[step] == pytest.approx(divergence_from_uniform(8, kappa), rel=1e-6)
    family.advance(10)
    other = VMF(config, H)
    other.load_state_dict(family.state_dict())
    assert other(h).kl[0, 0].item() == rates[10]
    assert other(h).posterior.concentration == 40.0


def test_vmf_can_be_counted_without_being_made():
    with torch.device("meta"):
        family = VMF(VMF.Config(), H)
    assert sum(weight.numel() for weight in family.parameters()) == 50 * H


def test_what_was_first_drawn_while_looking_can_be_trained_with():
    family, h = VMF(VMF.Config(size=5, kappa=3.21), H), torch.randn(2, H)
    with torch.inference_mode():
        family(h)
    family(h).z.sum().backward()
    assert family.direction_of.weight.grad.abs().sum() > 0


def test_the_length_penalty_pulls_lengths_to_one():
    family, h = VMF(VMF.Config(size=4, length_weight=0.5), 4), torch.eye(4)
    with torch.no_grad():
        family.direction_of.weight.copy_(torch.diag(torch.tensor([1.0, 2.0, 3.0, 1.0])))
    assert family(h).losses["direction_length"].item() == pytest.approx(0.5 * (1 + 4) / 4)
    assert VMF(VMF.Config(size=4, length_weight=0), 4)(h).losses == {}


def test_the_learned_concentration_starts_where_it_is_told_and_keeps_its_bounds():
    config = PowerSphericalFamily.Config(size=32, kappa_start=50, kappa_min=2)
    family = PowerSphericalFamily(config, 1)
    with torch.no_grad():
        family.parameters_of.weight[-1] = 1.0
    h = torch.tensor([[-200.0], [1e-9], [200.0], [1e4]])
    kappa = family(h).posterior.concentration
    assert kappa[[0, 1]].tolist() == pytest.approx([2.0, 50.0])
    assert (kappa[2:] == KAPPA_MOST).all()
    assert family(h).kl[1].item() == pytest.approx(7.605, abs=5e-4)
    assert torch.isfinite(family(h).kl).all() and torch.isfinite(family(h).z).all()


def test_a_start_below_the_least_concentration_is_refused():
    with pytest.raises(ValueError, match="kappa_start must be above kappa_min, got 1 and 2"):
        PowerSphericalFamily(PowerSphericalFamily.Config(kappa_start=1, kappa_min=2), H)


# -- in the house ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vmf", "power_spherical"])
def test_a_model_with_such_codes_learns_by_its_objective(name):
    settings = [f"model.latent.name={name}", "model.encoder.hidden=8", "model.decoder.hidden=8"]
    parts = build(override(preset("quick"), [*settings, "training.device=cpu"]), 20, 10)
    x = torch.tensor([[1, 5, 6, 7, 8, 2], [1, 9, 2, 0, 0, 0]])
    loss, terms = parts.objective(parts.model, x, 1)
    loss.backward()
    assert set(terms) <= set(METRICS)
    assert all(p.grad is not None for p in parts.model.parameters())


def test_a_straight_line_between_codes_on_the_sphere_is_refused():
    tokenizer = Tokenizer.train(TokenizerConfig(), TEXTS * 3)
    model = build_model(ModelConfig(latent=VMF.Config(size=4)), tokenizer.vocab_size)
    with pytest.raises(ConfigError, match="on the unit sphere.* choose spherical, got 'linear'"):
        between(model, tokenizer, TEXTS[0], TEXTS[1], 3, "linear")
    found = between(model, tokenizer, TEXTS[0], TEXTS[1], 5)
    assert found.path == "spherical"
    assert [step.norm for step in found.steps] == pytest.approx([1.0] * 5)
