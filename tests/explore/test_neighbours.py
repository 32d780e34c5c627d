from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from engine.config import ConfigError
from engine.explore import neighbours
from engine.explore.neighbours import (
    affordable,
    nearest,
    nearest_posteriors,
    neighbours_of,
    symmetrised_kl,
)
from tests.explore.blobs import blobs

CODES = np.random.default_rng(3).normal(size=(200, 5)) * [5, 3, 1, 0.5, 0.1] + 4


def test_neighbours_are_the_nearest_by_euclidean_distance() -> None:
    found = nearest(CODES, CODES[:3] + 0.01, 4)
    assert found.exact and found.of == 200 and found.measure == "Euclidean distance"
    for query, rows, far in zip(CODES[:3] + 0.01, found.rows, found.distances, strict=True):
        every = np.linalg.norm(CODES - query, axis=1)
        assert rows.tolist() == every.argsort()[:4].tolist()
        assert far == pytest.approx(np.sort(every)[:4], abs=1e-5)
    assert nearest(CODES[:3], CODES[0], 10).rows.shape == (1, 3)


def test_a_row_is_not_its_own_neighbour_even_among_copies() -> None:
    codes = np.array([[0.0, 0], [0, 0], [0, 0], [1, 0], [5, 5]])
    found = neighbours_of(codes, 1, 3)
    assert sorted(found.rows[0].tolist()) == [0, 2, 3]
    assert found.distances[0].tolist() == [0, 0, 1]
    assert neighbours_of(codes, 1, 99).rows.shape == (1, 4)
    everyone = neighbours_of(codes, k=2)
    assert everyone.rows.shape == (5, 2)
    assert not (everyone.rows == np.arange(5)[:, None]).any()
    with pytest.raises(ConfigError, match="at least 1"):
        nearest(codes, codes, 0)


def test_beyond_the_limit_many_queries_are_answered_approximately_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(neighbours, "EXACT_ROWS", 100)
    monkeypatch.setattr(neighbours, "EXACT_PAIRS", 1000)
    monkeypatch.setattr(neighbours, "_graph", lambda *_: (np.zeros((50, 3)), np.zeros((50, 3))))
    assert not nearest(CODES, CODES[:50], 3).exact
    assert nearest(CODES, CODES[:5], 3).exact, "a few queries can look at every row"
    assert nearest(CODES, CODES[:50], 3, exact=True).exact
    assert nearest(CODES[:100], CODES[:50], 3).exact


@pytest.mark.slow
def test_approximate_neighbours_are_nearly_the_exact_ones_and_repeat() -> None:
    codes, _ = blobs((900, 600, 500), 16)
    exact = neighbours_of(codes, k=10, exact=True)
    first, second = (neighbours_of(codes, k=10, exact=False) for _ in range(2))
    shared = (first.rows[:, :, None] == exact.rows[:, None, :]).any(2).mean()
    assert shared > 0.95 and exact.exact and not first.exact
    assert (first.rows == second.rows).all()


# -- posteriors ---------------------------------------------------------------------------------

MEANS = np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32)
DEVIATIONS = np.random.default_rng(2).uniform(0.1, 2.0, size=(40, 6)).astype(np.float32)


def test_the_symmetrised_kl_is_that_of_torch() -> None:
    posterior = Independent(Normal(torch.tensor(MEANS), torch.tensor(DEVIATIONS)), 1)
    asked = Independent(
        Normal(posterior.mean[:3].unsqueeze(1), posterior.stddev[:3].unsqueeze(1)), 1
    )
    expected = 0.5 * (kl_divergence(asked, posterior) + kl_divergence(posterior, asked))
    found = symmetrised_kl(MEANS, DEVIATIONS, MEANS[:3], DEVIATIONS[:3])
    assert found == pytest.approx(expected.numpy(), rel=1e-4, abs=1e-6)
    assert np.diagonal(found) == pytest.approx(np.zeros(3), abs=1e-9)


def test_the_blocks_of_a_long_list_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = symmetrised_kl(MEANS, DEVIATIONS, MEANS, DEVIATIONS)
    monkeypatch.setattr(neighbours, "_BLOCK", 50)
    parts = symmetrised_kl(MEANS, DEVIATIONS, MEANS, DEVIATIONS)
    assert (parts == whole).all() and whole == pytest.approx(whole.T)


def test_posteriors_of_one_mean_are_told_apart_by_their_spread() -> None:
    means = np.zeros((3, 2))
    deviations = np.array([[1.0, 1.0], [0.1, 0.1], [1.1, 1.1]])
    found = neighbours_of(means, 0, 2, deviations)
    assert found.rows.tolist() == [[2, 1]] and found.measure == "symmetrised KL"
    assert neighbours_of(means, 0, 2).distances.tolist() == [[0, 0]]
    far = np.array([[0.0, 0.0], [0.3, 0.0], [0.0, 0.2]])
    certain = np.array([[0.01, 1.0], [0.01, 1.0], [0.01, 1.0]])
    assert nearest_posteriors(far, certain, far[0], certain[0]).rows.tolist() == [[0, 2, 1]]


def test_as_many_rows_are_compared_with_all_as_can_be_afforded() -> None:
    assert affordable(50, pairs=2500).tolist() == list(range(50))
    some = affordable(1000, seed=1, pairs=20_000)
    assert len(set(some.tolist())) == 20 and (np.diff(some) > 0).all()
    assert some.tolist() == affordable(1000, seed=1, pairs=20_000).tolist()
    assert some.tolist() != affordable(1000, seed=2, pairs=20_000).tolist()
    assert len(affordable(10**7)) == 40
