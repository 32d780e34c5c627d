"""Properties that every latent family has; a new one is tested the day it is registered."""

from __future__ import annotations

import contextlib
import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import kl_divergence

from engine.explore.paths import PATHS, interpolate
from engine.models.latents import LATENTS
from tests.precision import bfloat16_autocast

H, B = 12, 6
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in LATENTS),
    ("gaussian", {"mean": "batch_norm"}),
    ("gaussian", {"mean": "batch_norm", "variance_dropout": 0.3}),
    ("gaussian", {"delta": 0.15}),
    ("gaussian_unitvar", {"variance": 0.05}),
    ("gaussian_unitvar", {"mean": "batch_norm", "variance": 0.64}),
    ("logistic_gaussian", {"prior": "dirichlet", "alpha": 0.5}),
    ("logistic_gaussian", {"prior": "dirichlet", "mean": "batch_norm"}),
]


def named(option: Any) -> str:
    name, settings = option
    return "-".join([name, *map(str, settings.values())])


every_family = pytest.mark.parametrize("option", OPTIONS, ids=named)


def family(option: tuple[str, dict[str, Any]], size: int = 3, seed: int = 0) -> tuple[Any, Tensor]:
    name, settings = option
    torch.manual_seed(seed)
    latent: Any = LATENTS.build(LATENTS[name].Config(size=size, **settings), H)  # type: ignore[attr-defined]
    for parameter in latent.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return latent, torch.randn(B, H)


def support(z: Tensor) -> str:
    """Where codes (N, Z) live, to judge by some of them."""
    if ((z == 0) | (z == 1)).all():
        return "bits"
    if ((z.norm(dim=-1) - 1).abs() < 1e-4).all():
        return "sphere"
    if (z >= 0).all() and ((z.sum(-1) - 1).abs() < 1e-4).all():
        return "simplex"
    return "space"


def with_density(latent: Any, h: Tensor) -> Any:
    """One pass, or the test ends here: there is no density to look at."""
    drawn = latent(h)
    if drawn.posterior is None:
        pytest.skip("a family without a density")
    return drawn


@every_family
def test_shapes_with_and_without_a_number_of_samples(option):
    latent, h = family(option)
    one, many = latent(h), latent(h, samples=5)
    size = latent.size
    assert one.z.shape == (B, size) and many.z.shape == (5, B, size)
    assert one.kl.shape == many.kl.shape
    assert one.kl.shape in {(B, size), (B, size - 1), (B, 1)}
    assert latent.code(h).shape == (B, size)
    assert latent.sample_prior(7).shape == (7, size)
    assert latent.prior.event_shape == (size,) and latent.prior.batch_shape == ()
    assert size % latent.tokens == 0
    if one.posterior is not None:
        assert one.posterior.batch_shape == (B,) and one.posterior.event_shape == (size,)


@every_family
def test_codes_draws_and_neighbours_live_where_the_prior_does(option):
    latent, h = family(option)
    drawn = with_density(latent, h)
    kind = support(latent.sample_prior(200))
    latent.eval()
    assert support(latent(h, samples=50).z.flatten(0, 1)) == kind
    assert support(latent.around(h, 50, 2.5).flatten(0, 1)) == kind
    assert kind == "bits" or support(latent.code(h)) == kind
    assert torch.isfinite(latent.prior.log_prob(drawn.z)).all()
    assert set(latent.paths) <= set(PATHS)


@every_family
def test_the_code_has_no_chance_in_it_and_around_it_nothing_moves_without_spread(option):
    latent, h = family(option)
    latent.eval()
    torch.testing.assert_close(latent.code(h), latent.code(h), rtol=0, atol=0)
    with_density(latent, h)
    still = latent.around(h, 3, 0.0)
    torch.testing.assert_close(still, latent.code(h).expand(3, -1, -1), rtol=1e-5, atol=1e-5)


@every_family
def test_the_centre_of_codes_is_a_code_and_does_not_depend_on_their_order(option):
    latent, h = family(option)
    latent.eval()
    codes = latent.code(h)
    centre = latent.centre(codes)
    assert centre.shape == (latent.size,) and centre.dtype == torch.float32
    kinds = {support(codes), support(latent.sample_prior(200))}
    assert support(centre[None]) in kinds | {"bits"}
    torch.testing.assert_close(latent.centre(codes.flip(0)), centre)
    torch.testing.assert_close(latent.centre(codes[:1].expand(4, -1)), codes[0])


@every_family
def test_the_centre_of_two_codes_is_half_way_along_the_best_path(option):
    latent, h = family(option)
    latent.eval()
    a, b = latent.code(h).detach()[:2]
    if option[0] == "bernoulli":  # of bits that differ, half have turned half-way
        votes = torch.tensor([[1.0, 0, 1], [1, 0, 0], [1, 1, 0]])
        assert latent.centre(votes).tolist() == [1, 0, 0]
        assert latent.centre(votes[1:]).tolist() == [1, 0, 0]
        return
    middle = interpolate(a.numpy(), b.numpy(), 3, latent.paths[0], latent.tokens)[1]
    found = latent.centre(torch.stack([a, b]))
    torch.testing.assert_close(found, torch.tensor(middle).float(), rtol=1e-4, atol=1e-5)


def test_opposite_directions_have_one_of_themselves_as_centre():
    latent, _ = family(("vmf", {}))
    codes = torch.tensor([[0.0, 0, 1], [0, 0, -1]])
    assert latent.centre(codes).tolist() == [0, 0, 1]


@every_family
def test_kl_is_not_negative_and_equals_its_monte_carlo_estimate(option):
    latent, h = family(option)
    with_density(latent, h)
    drawn = latent(h, samples=20_000)
    ratio = drawn.posterior.log_prob(drawn.z) - latent.prior.log_prob(drawn.z)
    error = ratio.std(0) / math.sqrt(len(ratio))
    exact = drawn.kl.sum(-1)
    assert (drawn.kl >= 0).all()
    assert ((ratio.mean(0) - exact).abs() < 4 * error + 1e-5).all()
    with contextlib.suppress(NotImplementedError):
        prior = latent.prior.expand(torch.Size([B]))
        torch.testing.assert_close(exact, kl_divergence(drawn.posterior, prior))


@every_family
def test_the_density_sums_to_one(option):
    probe, h = family(option)
    with_density(probe, h)
    kind = support(probe.sample_prior(200))
    points, weights = GRIDS[kind]()
    latent, h = family(option, size=points.shape[1])
    posterior = latent(h).posterior
    for log_prob in (
        posterior.log_prob(points[:, None]),
        latent.prior.log_prob(points)[:, None],
    ):
        total = weights @ log_prob.double().exp()
        torch.testing.assert_close(total, torch.ones_like(total), rtol=1e-3, atol=1e-3)


def line() -> tuple[Tensor, Tensor]:
    points = torch.linspace(-200, 200, 400_001)[:, None]
    return points, torch.full((len(points),), 1e-3, dtype=torch.float64)


def segment() -> tuple[Tensor, Tensor]:
    """The simplex of two proportions, in cells that shrink at its ends; its measure is the first's."""
    edges = torch.linspace(-40, 40, 80_001, dtype=torch.float64)
    middle = (edges[1:] + edges[:-1]) / 2
    points = torch.stack([middle.sigmoid(), (-middle).sigmoid()], 1).float()
    # Near 1 the difference to 1 is what keeps its digits.
    high = (-edges).sigmoid()[:-1] - (-edges).sigmoid()[1:]
    low = edges.sigmoid()[1:] - edges.sigmoid()[:-1]
    return points, torch.where(middle > 0, high, low)


def spiral() -> tuple[Tensor, Tensor]:
    """Points evenly spread over the sphere in three dimensions."""
    n = 200_000
    at = torch.arange(n, dtype=torch.float64) + 0.5
    height, turn = 1 - 2 * at / n, math.pi * (1 + math.sqrt(5)) * at
    radius = (1 - height.square()).sqrt()
    points = torch.stack([radius * turn.cos(), radius * turn.sin(), height], 1)
    return points.float(), torch.full((n,), 4 * math.pi / n, dtype=torch.float64)


def corners() -> tuple[Tensor, Tensor]:
    points = torch.tensor(list(itertools.product((0.0, 1.0), repeat=3)))
    return points, torch.ones(len(points), dtype=torch.float64)


GRIDS = {"space": line, "simplex": segment, "sphere": spiral, "bits": corners}


@every_family
def test_the_gradient_of_the_loss_reaches_every_parameter(option):
    latent, h = family(option)
    weights = torch.randn(latent.size)
    drawn = latent(h)
    value = latent.expectation(h, drawn, lambda z: (z * weights).sum(-1).square())
    assert value.shape == (B,)
    (value + drawn.kl.sum(-1)).sum().add(sum(drawn.losses.values())).backward()
    for name, parameter in latent.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@every_family
def test_the_same_weights_give_the_same_numbers(option):
    (latent, h), (other, _) = family(option), family(option, seed=1)
    latent(h)  # a batch in training may leave its mark on what is saved
    other.load_state_dict(latent.state_dict())
    latent.eval()
    other.eval()
    torch.testing.assert_close(latent.code(h), other.code(h), rtol=0, atol=0)
    torch.testing.assert_close(latent(h).kl, other(h).kl, rtol=0, atol=0)


@every_family
def test_posterior_and_kl_are_float32_under_bfloat16(option):
    latent, h = family(option)
    with bfloat16_autocast():
        drawn, code = latent(h), latent.code(h)
    assert drawn.z.dtype == drawn.kl.dtype == code.dtype == torch.float32
    if drawn.posterior is not None:
        assert drawn.posterior.log_prob(drawn.z).dtype == torch.float32


@every_family
def test_one_sentence_in_training_is_no_special_case(option):
    latent, h = family(option)
    drawn = latent(h[:1])
    assert torch.isfinite(drawn.z).all() and torch.isfinite(drawn.kl).all()


@every_family
def test_its_size_can_be_told_without_making_it(option):
    """The app counts weights of a model that is never made."""
    name, settings = option
    with torch.device("meta"):
        latent: Any = LATENTS.build(LATENTS[name].Config(**settings), H)  # type: ignore[attr-defined]
    assert sum(parameter.numel() for parameter in latent.parameters()) > 0
