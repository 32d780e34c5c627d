from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch.distributions import Independent, Normal

from engine.config import ConfigError
from engine.evaluation.aggregate import Aggregate, aggregate
from engine.evaluation.holes import Holes, find_holes
from engine.evaluation.mmd import two_sample
from engine.metrics import METRICS
from engine.models.latents import LATENTS
from engine.models.latents.normal import standard
from engine.models.vae import VAE
from tests.evaluation.planted import UNITS, one_word_sentences, planted
from tests.evaluation.test_families import has_density, vae
from tests.evaluation.tiny import lstm_vae, random_tokens

N = 2000


def of_mixture(means: torch.Tensor, spread: float, seed: int = 0) -> Aggregate:
    """An aggregated posterior of rows N(mean, spread²)."""
    posterior = Independent(Normal(means, torch.full_like(means, spread)), 1)
    torch.manual_seed(seed)
    z, zero = posterior.sample(), torch.zeros(means.shape[1])
    rows = np.arange(len(means))
    return Aggregate(rows, means, z, torch.zeros(len(means), 1), (posterior,), standard(zero))


def found(model: VAE, **settings: int) -> Holes:
    return find_holes(model, aggregate(model, one_word_sentences(N), None), **settings)


def test_a_posterior_that_is_the_prior_has_no_holes() -> None:
    holes = found(planted(live=0))
    assert holes.rate == pytest.approx(0.01, abs=4 * holes.rate_se)
    assert holes.reverse == pytest.approx(0.01, abs=4 * math.sqrt(2 * 0.01 * 0.99 / N))
    assert holes.covered == holes.units == UNITS
    assert holes.mmd.p_value > 0.01
    assert holes.prior_ratio == pytest.approx(0, abs=1e-4)


def test_narrow_posteriors_far_apart_leave_the_prior_in_holes() -> None:
    holes = found(planted(spread=0.05))
    assert holes.rate > 0.95
    assert np.median(holes.prior_ratio) < np.median(holes.ratio) - 20
    assert 0 < holes.mmd.value < 0.01  # the second moments match; a wide kernel hardly sees holes


def test_codes_that_miss_the_prior_are_outside_its_shell() -> None:
    holes = found(planted(live=0, offset=3.0))
    assert holes.rate > 0.95 and holes.reverse > 0.95 and holes.covered == 0
    assert holes.mmd.p_value == pytest.approx(1 / 501) and holes.mmd.value > 0.1


def test_what_was_found_is_said_and_doubt_too() -> None:
    holes = found(planted(spread=0.05))
    said = holes.words(math.log(64))
    assert len(said) == 3 and f"{holes.rate:.1%} of 2000 prior draws lie in holes" in said[0]
    assert said[1] == "0 of 8 dimensions have no hole of their own."
    assert "2000 posteriors hardly overlap" in holes.words(math.log(2000) - 0.1)[-1]


@pytest.mark.parametrize("gap", [1.5, 3.0])
def test_the_hole_between_two_clusters_is_as_large_as_the_integral_says(gap: float) -> None:
    """One unit, half of the rows at -gap and half at +gap, N(0, 1) as prior."""
    spread = 0.5
    means = gap * torch.tensor([[-1.0], [1.0]]).repeat(N // 2, 1)
    encoded = of_mixture(means, spread)
    holes = find_holes(lstm_vae(1), encoded, draws=4000)
    grid = np.linspace(-8, 8, 20_001)
    q = 0.5 * (norm.pdf(grid, -gap, spread) + norm.pdf(grid, gap, spread))
    order = np.argsort(q)
    floor = q[order][np.searchsorted(np.cumsum(q[order]) * (grid[1] - grid[0]), 0.01)]
    expected = (norm.pdf(grid) * (q < floor)).sum() * (grid[1] - grid[0])
    assert 0.03 < expected < 0.97
    assert holes.rate == pytest.approx(expected, abs=4 * holes.rate_se)
    assert holes.covered == 0


def test_the_standard_error_is_that_of_other_seeds() -> None:
    means = 1.5 * torch.tensor([[-1.0], [1.0]]).repeat(200, 1)
    model = lstm_vae(1)
    found = [find_holes(model, of_mixture(means, 0.5, s), draws=400, seed=s) for s in range(20)]
    claims = [holes.rate_se for holes in found]
    assert 0.5 < np.std([holes.rate for holes in found], ddof=1) / np.mean(claims) < 1.7


def test_the_density_is_the_mixture_s_and_leaves_the_row_out_at_its_own_draw() -> None:
    torch.manual_seed(1)
    means = torch.randn(6, 2)
    encoded = of_mixture(means, 0.7)
    pairs = np.stack([norm.logpdf(encoded.z.numpy()[:, None], mean, 0.7).sum(-1)[:, 0]
                      for mean in means.numpy()], axis=1)  # fmt: skip
    assert encoded.log_density(encoded.z) == pytest.approx(
        np.logaddexp.reduce(pairs, 1) - math.log(6), abs=1e-5
    )
    np.fill_diagonal(pairs, -np.inf)
    expected = np.logaddexp.reduce(pairs, 1) - math.log(5)
    assert encoded.own_log_density == pytest.approx(expected, abs=1e-5)
    assert encoded.floor == pytest.approx(np.quantile(expected, 0.01))
    assert encoded.off_data(np.array([[50.0, 0.0]])) and not encoded.off_data(means).all()


@pytest.mark.parametrize("name", LATENTS)
def test_every_family_with_a_density_is_looked_through(name: str) -> None:
    model = vae(name)
    encoded = aggregate(model, random_tokens(200), None)
    if not has_density(model):
        with pytest.raises(ConfigError, match="points without one"):
            find_holes(model, encoded)
        return
    scalars = find_holes(model, encoded, draws=300).scalars()
    assert set(scalars) <= set(METRICS)
    assert all(math.isfinite(value) for value in scalars.values())
    assert 0 <= scalars["hole_rate"] <= 1 and 0 <= scalars["reverse_coverage"] <= 1
    spherical = name in ("vmf", "power_spherical")
    assert ("covered_units" in scalars) == (not spherical)
    if spherical or name == "bernoulli":  # the prior holds every code for equally probable
        assert scalars["reverse_coverage"] == 0


def test_the_seed_decides() -> None:
    model = planted(live=4)
    encoded = aggregate(model, one_word_sentences(300), None)
    first = find_holes(model, encoded, draws=200).scalars()
    torch.manual_seed(5)
    assert find_holes(model, encoded, draws=200).scalars() == first
    assert find_holes(model, encoded, draws=200, seed=1).scalars() != first


def test_the_two_sample_test_is_level_and_has_power() -> None:
    generator = torch.Generator().manual_seed(0)

    def draw(shift: float) -> torch.Tensor:
        return torch.randn(100, 4, generator=generator) + shift

    alike = [two_sample(draw(0), draw(0), permutations=99).p_value for _ in range(60)]
    assert sum(p <= 0.05 for p in alike) <= 9  # 3 expected, sd 1.7
    assert 0.3 < np.mean(alike) < 0.7
    assert two_sample(draw(0), draw(0.5), permutations=99).p_value == 0.01


def test_the_two_sample_value_is_the_unbiased_estimate() -> None:
    from engine.objectives.remedies.discrepancy import squared_mmd

    torch.manual_seed(0)
    x, y = torch.randn(30, 3).double(), torch.randn(30, 3).double() + 0.3
    assert two_sample(x, y).value == pytest.approx(float(squared_mmd(x, y)), abs=1e-9)
