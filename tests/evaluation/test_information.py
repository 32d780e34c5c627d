from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.distributions import Independent, MultivariateNormal, Normal, VonMises

from engine.evaluation import information
from engine.evaluation.information import (
    Moments,
    active_units,
    in_batch_information,
    mutual_information,
)


def gaussian(mean: torch.Tensor, sd: torch.Tensor) -> Independent:
    return Independent(Normal(mean, sd), 1)


def random_posterior(n: int, size: int, spread: float = 1.0, seed: int = 0) -> Independent:
    generator = torch.Generator().manual_seed(seed)
    mean = spread * torch.randn(n, size, generator=generator) + 3
    return gaussian(mean, 0.2 + torch.rand(n, size, generator=generator))


def slow_information(posterior: Independent, z: torch.Tensor) -> tuple[float, float]:
    """Loops and the definition."""
    n = len(z)
    table = torch.stack([posterior.expand((n,)).log_prob(point.expand(n, -1)) for point in z])
    table = table.double()
    own = table.diagonal()
    full = torch.logsumexp(table, 1) - math.log(n)
    left_out = torch.stack(
        [torch.logsumexp(torch.cat([row[:i], row[i + 1 :]]), 0) for i, row in enumerate(table)]
    ) - math.log(n - 1)
    return (own - full).mean().item(), (own - left_out).mean().item()


@pytest.mark.parametrize("block", [1, 100, 2**21])
def test_the_estimate_is_its_definition(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(information, "_BLOCK", block)
    posterior = random_posterior(40, 3)
    z = posterior.sample()
    found = mutual_information(posterior, z)
    value, upper = slow_information(posterior, z)
    assert found.value == pytest.approx(value, abs=1e-5)
    assert found.upper == pytest.approx(upper, abs=1e-5)
    assert found.n == 40


def test_any_distribution_will_do_and_batches_join() -> None:
    posterior = random_posterior(30, 3)
    z = posterior.sample()
    expected = mutual_information(posterior, z)
    mean, sd = posterior.base_dist.loc, posterior.base_dist.scale
    pieces = [slice(0, 7), slice(7, 8), slice(8, 30)]
    dense = [MultivariateNormal(mean[p], torch.diag_embed(sd[p] ** 2)) for p in pieces]
    split = [gaussian(mean[p], sd[p]) for p in pieces]
    for others in (dense, split):
        found = mutual_information(others, z)
        assert found.value == pytest.approx(expected.value, abs=1e-4)
        assert found.upper == pytest.approx(expected.upper, abs=1e-4)


def test_codes_that_say_nothing_share_nothing_exactly() -> None:
    posterior = gaussian(torch.full((50, 4), 2.0), torch.ones(50, 4))
    found = mutual_information(posterior, posterior.sample())
    assert found.value == pytest.approx(0, abs=1e-9)
    assert found.upper == pytest.approx(0, abs=1e-9)


def test_codes_that_say_everything_reach_the_cap_and_never_pass_it() -> None:
    posterior = gaussian(1e3 * torch.arange(64.0)[:, None] * torch.ones(1, 5), torch.ones(64, 5))
    found = mutual_information(posterior, posterior.sample())
    assert found.value == pytest.approx(math.log(64))
    assert found.upper > found.value


def test_tiny_variances_far_from_the_origin_keep_their_digits() -> None:
    posterior = gaussian(torch.full((20, 3), 100.0), torch.full((20, 3), 1e-3))
    z = posterior.sample().double()
    assert mutual_information(posterior, z).value == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("n", "expected"), [(256, 3.85), (2000, 4.36)])
def test_the_bias_at_finite_n_is_the_known_one(n: int, expected: float) -> None:
    """32 units, mean of variance 1/4 and posterior of variance 3/4: the truth is 4.60 nats."""
    torch.manual_seed(0)
    posterior = gaussian(0.5 * torch.randn(n, 32), torch.full((n, 32), math.sqrt(0.75)))
    found = mutual_information(posterior, posterior.sample())
    assert found.value == pytest.approx(expected, abs=4 * 1.6 / math.sqrt(n))
    assert found.value < -16 * math.log(0.75) < found.upper


def test_one_row_alone_has_no_upper_bound() -> None:
    posterior = random_posterior(1, 2)
    found = mutual_information(posterior, posterior.sample())
    assert found.value == 0 and math.isnan(found.upper) and found.n == 1


def test_the_in_batch_estimate_is_system_a_s_formula() -> None:
    posterior = random_posterior(11, 3)
    z = posterior.sample()
    mean, variance = posterior.base_dist.loc.double(), posterior.base_dist.scale.double() ** 2
    total, start = 0.0, 0
    for n in (4, 1, 6):
        mu, var, points = (t[start : start + n] for t in (mean, variance, z.double()))
        negative_entropy = (-1.5 * math.log(2 * math.pi) - 0.5 * (1 + var.log()).sum(-1)).mean()
        deviation = points[:, None] - mu[None]
        density = -0.5 * (deviation**2 / var).sum(-1) - 0.5 * (
            3 * math.log(2 * math.pi) + var.log().sum(-1)
        )
        mixture = torch.logsumexp(density, 1) - math.log(n)
        total += n * (negative_entropy - mixture.mean()).item()
        start += n
    assert in_batch_information(posterior, z, [4, 1, 6]) == pytest.approx(total, abs=1e-6)


def test_the_in_batch_estimate_does_without_a_closed_entropy() -> None:
    posterior = Independent(
        VonMises(torch.linspace(-3, 3, 8)[:, None], torch.full((8, 1), 50.0)), 1
    )
    z = posterior.sample()
    expected = 8 * mutual_information(posterior, z).value
    assert in_batch_information(posterior, z, [8]) == pytest.approx(expected, abs=1e-5)


def test_running_moments_agree_with_numpy_over_uneven_batches() -> None:
    values = torch.randn(100, 3) * torch.tensor([1.0, 1e-3, 5.0]) + torch.tensor([0.0, 1e3, -7.0])
    moments = Moments()
    for part in values.split([1, 60, 39]):
        moments.add(part)
    expected = values.double().numpy().var(0, ddof=1)
    assert moments.variance() == pytest.approx(expected, rel=1e-9)
    assert moments.count == 100


def test_the_variance_of_one_row_is_not_a_number() -> None:
    moments = Moments()
    moments.add(torch.ones(1, 2))
    assert np.isnan(moments.variance()).all()


def test_a_unit_is_active_from_a_variance_of_one_hundredth_on() -> None:
    assert active_units(np.array([0.01, 0.0099, 3.0, 0.0])) == 2
