from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import kstest, norm
from torch.distributions import Independent, Normal, kl_divergence

from engine.evaluation.aggregate import aggregate
from engine.evaluation.units import units_of, why_none
from engine.models.latents import LATENTS
from tests.evaluation.planted import UNITS, one_word_sentences, planted
from tests.evaluation.test_families import vae
from tests.evaluation.test_holes import of_mixture
from tests.evaluation.tiny import random_tokens


def test_a_single_gaussian_has_the_divergences_of_the_textbook() -> None:
    means = torch.tensor([[0.0, 0.5, 2.0]]).repeat(10, 1)
    units = units_of(of_mixture(means, 0.8))
    prior, posterior = Normal(0.0, 1.0), Normal(means[0], 0.8)
    # Bins of a tenth lose little of a divergence between densities this wide.
    assert units.kl_to_prior == pytest.approx(kl_divergence(posterior, prior).numpy(), rel=0.01)
    assert units.kl_from_prior == pytest.approx(kl_divergence(prior, posterior).numpy(), rel=0.01)
    assert units.offset == pytest.approx([0, 0.5, 2.0]) and units.scale == pytest.approx(0.8)
    assert units.snr == pytest.approx(0)


def test_masses_are_probabilities_and_keep_their_far_tails() -> None:
    units = units_of(of_mixture(torch.tensor([[7.5], [-40.0], [0.1]]), 0.01))
    assert units.masses.sum(1) == pytest.approx(1) and units.prior_masses.sum(1) == pytest.approx(1)
    assert units.masses[0, 0] == pytest.approx(1 / 3)  # everything far out is in the outermost bin
    assert units.prior_masses[0, [0, -1]] == pytest.approx(norm.cdf(-8), rel=1e-9)
    assert units.prior_masses[0] == pytest.approx(units.prior_masses[0, ::-1], rel=1e-9)


def test_ks_is_the_largest_gap_of_the_distribution_functions() -> None:
    torch.manual_seed(0)
    means = torch.randn(5000, 1) * 0.9 + 0.4
    units = units_of(of_mixture(means, 0.3))
    drawn = (means + 0.3 * torch.randn_like(means)).flatten().numpy()
    assert units.ks[0] == pytest.approx(kstest(drawn, norm.cdf).statistic, abs=0.02)


def test_planted_units_are_told_apart() -> None:
    units = units_of(aggregate(planted(live=3), one_word_sentences(640), None))
    assert units.snr[:3] == pytest.approx(0.95**2 / (0.95**2 + 0.09), abs=0.01)
    assert units.snr[3:] == pytest.approx(0, abs=1e-6)
    assert units.variance == pytest.approx(
        [0.95**2 + 0.09 if j < 3 else 1 for j in range(8)], abs=0.02
    )
    assert units.kl_to_prior[3:] == pytest.approx(0, abs=1e-9)
    assert (units.kl_to_prior[:3] > 0.005).all() and units.covered >= UNITS - 3


def test_a_hole_shows_from_the_prior_s_side() -> None:
    """Two narrow heaps: q never leaves where p is, but p is often where q is not."""
    means = torch.tensor([[-1.0], [1.0]]).repeat(50, 1)
    units = units_of(of_mixture(means, 0.1))
    assert units.kl_from_prior[0] > 5 > units.kl_to_prior[0]


@pytest.mark.parametrize("name", LATENTS)
def test_every_family_has_units_or_says_why_not(name: str) -> None:
    encoded = aggregate(vae(name), random_tokens(100), None)
    units, reason = units_of(encoded), why_none(encoded)
    assert (units is None) == bool(reason) == (name in ("vmf", "power_spherical"))
    if units is None:
        assert reason.endswith(".")
        return
    assert units.masses.sum(1) == pytest.approx(1)
    assert (units.ks >= 0).all() and (units.ks <= 1).all()
    assert len(units.names) == len(units.mean) == (3 if name == "logistic_gaussian" else len(units))
    if name == "deterministic":
        assert np.isnan(units.kl_to_prior).all() and units.snr == pytest.approx(1)
        assert units.covered == 0
    else:
        assert np.isfinite(units.kl_to_prior).all() and (units.snr < 1).all()


def test_the_units_of_dirichlet_proportions_depend_on_one_another() -> None:
    encoded = aggregate(vae("logistic_gaussian", prior="dirichlet"), random_tokens(50), None)
    assert units_of(encoded) is None and "depend on one another" in why_none(encoded)


def test_bits_are_compared_as_bits() -> None:
    encoded = aggregate(vae("bernoulli"), random_tokens(100), None)
    units = units_of(encoded)
    p = encoded.posteriors[0].base_dist.probs.double().numpy()
    assert units.mean == pytest.approx(p.mean(0), abs=1e-6)
    assert units.variance == pytest.approx(p.mean(0) * (1 - p.mean(0)), rel=0.02)
    assert units.ks == pytest.approx(np.abs(p.mean(0) - 0.5), abs=1e-6)
    expected = [kl_divergence(torch.distributions.Bernoulli(torch.tensor(one)),
                              torch.distributions.Bernoulli(0.5)) for one in p.mean(0)]  # fmt: skip
    assert units.kl_to_prior == pytest.approx(np.array(expected), abs=1e-5)


def test_proportions_are_compared_in_their_free_logits() -> None:
    encoded = aggregate(vae("logistic_gaussian"), random_tokens(100), None)
    units = units_of(encoded)
    base: Independent = encoded.posteriors[0].base_dist
    assert units.mean == pytest.approx(base.base_dist.loc.double().mean(0).numpy(), abs=1e-6)
    assert units.names == ("u[0]", "u[1]", "u[2]")
