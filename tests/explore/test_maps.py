from __future__ import annotations

import numpy as np
import pytest

from engine.config import ConfigError, DataError
from engine.explore.neighbours import nearest, neighbours_of
from engine.explore.projection import dimensions, pca

RNG = np.random.default_rng(3)
CODES = (
    RNG.normal(size=(200, 5)) * [5, 3, 1, 0.5, 0.1] @ np.linalg.qr(RNG.normal(size=(5, 5)))[0] + 4
)


def test_components_are_the_eigenvectors_of_the_covariance() -> None:
    found = pca(CODES, 3)
    values, vectors = np.linalg.eigh(np.cov(CODES.T))
    assert found.shares == pytest.approx(values[::-1][:3] / values.sum())
    for loading, vector in zip(found.loadings, vectors.T[::-1], strict=False):
        assert abs(loading @ vector) == pytest.approx(1)
    assert found.coordinates.var(0, ddof=1) == pytest.approx(values[::-1][:3])
    assert found.names == ("PC 1", "PC 2", "PC 3")


def test_new_points_fall_exactly_where_they_would_have() -> None:
    found = pca(CODES, 2)
    assert found.transform(CODES[5:9]) == pytest.approx(found.coordinates[5:9])
    assert found.transform(found.inverse([[1.0, -2.0]])) == pytest.approx(np.array([[1.0, -2.0]]))
    whole = pca(CODES, 5)
    assert whole.inverse(whole.coordinates) == pytest.approx(CODES)


def test_the_sign_of_a_component_is_fixed() -> None:
    found = pca(CODES, 4)
    flipped = pca(CODES[::-1], 4)
    assert found.loadings == pytest.approx(flipped.loadings)
    assert (found.loadings[np.arange(4), np.abs(found.loadings).argmax(1)] > 0).all()


def test_too_few_points_or_no_variance_still_make_a_map() -> None:
    assert pca(CODES[:1], 2).coordinates.shape == (1, 1)
    flat = pca(np.ones((10, 4)), 2)
    assert (flat.coordinates == 0).all() and (flat.shares == 0).all()
    assert pca(CODES, 99).coordinates.shape == (200, 5)


def test_two_units_can_be_looked_at_as_they_are() -> None:
    found = dimensions(CODES, (3, 1))
    assert (found.coordinates == CODES[:, [3, 1]]).all()
    assert found.shares == pytest.approx(CODES.var(0)[[3, 1]] / CODES.var(0).sum())
    assert found.names == ("z[3]", "z[1]")
    assert found.transform(CODES[:2]) == pytest.approx(found.coordinates[:2])


@pytest.mark.parametrize("wrong", [(0, 5), (-1, 0), ()])
def test_a_unit_that_is_not_there_is_refused(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="numbered 0 to 4"):
        dimensions(CODES, wrong)


def test_codes_of_a_diverged_model_are_refused() -> None:
    with pytest.raises(DataError, match="not finite"):
        pca(np.array([[1.0, np.nan]]))
    with pytest.raises(DataError, match="shape"):
        pca(np.zeros((0, 3)))


def test_neighbours_are_the_nearest_by_euclidean_distance() -> None:
    rows, distances = nearest(CODES, CODES[:3] + 0.01, 4)
    for query, found, far in zip(CODES[:3] + 0.01, rows, distances, strict=True):
        every = np.linalg.norm(CODES - query, axis=1)
        assert found.tolist() == every.argsort()[:4].tolist()
        assert far == pytest.approx(np.sort(every)[:4], abs=1e-5)
    assert nearest(CODES[:3], CODES[0], 10)[0].shape == (1, 3)


def test_a_row_is_not_its_own_neighbour_even_among_copies() -> None:
    codes = np.array([[0.0, 0], [0, 0], [0, 0], [1, 0], [5, 5]])
    rows, distances = neighbours_of(codes, 1, 3)
    assert sorted(rows.tolist()) == [0, 2, 3] and distances.tolist() == [0, 0, 1]
    assert len(neighbours_of(codes, 1, 99)[0]) == 4
    with pytest.raises(ConfigError, match="at least 1"):
        nearest(codes, codes, 0)
