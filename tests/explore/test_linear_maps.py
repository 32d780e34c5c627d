from __future__ import annotations

import numpy as np
import pytest

from engine.config import ConfigError, DataError
from engine.explore.projections import Groups, dimensions, pca, project
from engine.explore.projections.custom_axis import CustomAxis

RNG = np.random.default_rng(3)
CODES = (
    RNG.normal(size=(200, 5)) * [5, 3, 1, 0.5, 0.1] @ np.linalg.qr(RNG.normal(size=(5, 5)))[0] + 4
)


def test_components_are_the_eigenvectors_of_the_covariance() -> None:
    found = pca(CODES, 3)
    values, vectors = np.linalg.eigh(np.cov(CODES.T))
    assert found.shares == pytest.approx(values[::-1][:3] / values.sum())
    for loading, vector in zip(found.frame.loadings, vectors.T[::-1], strict=False):
        assert abs(loading @ vector) == pytest.approx(1)
    assert found.coordinates.var(0, ddof=1) == pytest.approx(values[::-1][:3])
    assert found.names == ("PC 1", "PC 2", "PC 3")


def test_new_points_fall_exactly_where_they_would_have() -> None:
    found = pca(CODES, 2)
    placed = found.transform(CODES[5:9])
    assert placed.coordinates == pytest.approx(found.coordinates[5:9])
    assert found.exact and placed.exact and not placed.far.any()
    back = found.frame.inverse([[1.0, -2.0]])
    assert found.transform(back).coordinates == pytest.approx(np.array([[1.0, -2.0]]))
    whole = pca(CODES, 5)
    assert whole.frame.inverse(whole.coordinates) == pytest.approx(CODES)


def test_the_sign_of_a_component_is_fixed() -> None:
    found = pca(CODES, 4)
    flipped = pca(CODES[::-1], 4)
    assert found.frame.loadings == pytest.approx(flipped.frame.loadings)
    assert (found.frame.loadings[np.arange(4), np.abs(found.frame.loadings).argmax(1)] > 0).all()


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
    assert found.transform(CODES[:2]).coordinates == pytest.approx(found.coordinates[:2])


@pytest.mark.parametrize("wrong", [(0, 5), (-1, 0), ()])
def test_a_unit_that_is_not_there_is_refused(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="numbered 0 to 4"):
        dimensions(CODES, wrong)


def test_codes_of_a_diverged_model_are_refused() -> None:
    with pytest.raises(DataError, match="not finite"):
        pca(np.array([[1.0, np.nan]]))
    with pytest.raises(DataError, match="shape"):
        pca(np.zeros((0, 3)))


def test_more_units_than_sentences_have_the_same_components() -> None:
    wide = np.random.default_rng(1).normal(size=(6, 40))
    found = pca(wide, 3)
    _, sizes, _ = np.linalg.svd(wide - wide.mean(0))
    assert found.shares == pytest.approx(sizes[:3] ** 2 / (sizes**2).sum())
    assert np.square(found.coordinates).sum(0) == pytest.approx(sizes[:3] ** 2)


# -- custom axis --------------------------------------------------------------------------------

AWAY, TOWARDS = np.arange(100), np.arange(100, 150)
GROUPS = Groups(TOWARDS, AWAY, ("statements", "questions"))


def planted(shift: np.ndarray, scale: np.ndarray, seed: int = 0) -> np.ndarray:
    """200 codes whose second group of 50 lies at ``shift`` from the others."""
    codes = np.random.default_rng(seed).normal(size=(200, len(shift))) * scale
    codes[TOWARDS] += shift
    return codes


def test_a_custom_axis_separates_the_groups_that_it_was_made_from() -> None:
    shift = np.array([0.0, 3, 0, -4, 0])
    codes = planted(shift, np.ones(5))
    found = project(CustomAxis.Config(), codes, groups=GROUPS)
    across = found.coordinates[:, 0]
    assert found.frame.loadings[0] @ (shift / 5) > 0.98
    assert across[TOWARDS].mean() == pytest.approx(-across[AWAY].mean())
    assert across[TOWARDS].mean() * 2 == pytest.approx(5, abs=0.5)
    assert (across[TOWARDS] > 0).mean() > 0.95 and (across[AWAY] < 0).mean() > 0.95
    assert found.names == ("statements → questions", "most of the rest")
    assert found.transform(codes[:3]).coordinates == pytest.approx(found.coordinates[:3])


def test_up_is_what_varies_most_at_right_angles_to_the_axis() -> None:
    codes = planted(np.array([4.0, 0, 0]), np.array([1.0, 1.0, 6.0]))
    found = project(CustomAxis.Config(), codes, groups=GROUPS)
    loadings = found.frame.loadings
    assert loadings @ loadings.T == pytest.approx(np.eye(2), abs=1e-9)
    assert abs(loadings[1, 2]) > 0.95
    assert found.shares.sum() <= 1 and found.shares[1] > found.shares[0]


def test_a_whitened_axis_ignores_what_varies_within_both_groups() -> None:
    # The means differ by the same amount in both units, but the first is drowned in noise.
    codes = planted(np.array([1.0, 1.0]), np.array([8.0, 0.2]))
    plain, white = (
        project(CustomAxis.Config(direction=kind), codes, groups=GROUPS)
        for kind in ("difference", "whitened")
    )

    def mistakes(found) -> int:
        across = found.coordinates[:, 0]
        return int((across[TOWARDS] < 0).sum() + (across[AWAY] > 0).sum())

    assert mistakes(white) < 5 < mistakes(plain)
    assert abs(white.frame.loadings[0, 1]) > 0.99


def test_one_sentence_a_group_is_enough_for_an_axis() -> None:
    pair = Groups(np.array([3]), np.array([8]))
    for kind in ("difference", "whitened"):
        found = project(CustomAxis.Config(direction=kind), CODES, groups=pair)
        ends = found.coordinates[[8, 3], 0]
        assert ends == pytest.approx([-ends[1], ends[1]]) and ends[1] > 0
        assert found.coordinates[[8, 3], 1] == pytest.approx([0, 0], abs=20)
    line = project(CustomAxis.Config(), CODES[:, :1], groups=pair)
    assert line.coordinates.shape == (200, 1) and line.names == ("A → B",)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (None, "two groups of rows, got 0 and 0"),
        (Groups(np.array([1]), np.array([], dtype=int)), "got 0 and 1"),
        (Groups(np.array([1, 2]), np.array([2, 3])), "share 1 rows"),
        (Groups(np.array([1]), np.array([200])), "numbered 0 to 199"),
    ],
)
def test_groups_that_cannot_be_told_apart_are_refused(groups: Groups | None, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        project(CustomAxis.Config(), CODES, groups=groups)


def test_groups_with_the_same_mean_have_no_axis() -> None:
    codes = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    with pytest.raises(ConfigError, match="different means"):
        project(CustomAxis.Config(), codes, groups=Groups(np.array([0, 1]), np.array([2, 3])))


def test_an_axis_along_which_everything_varies_still_has_an_up() -> None:
    codes = np.zeros((10, 4))
    codes[:, 2] = np.arange(10)
    found = project(CustomAxis.Config(), codes, groups=Groups(np.array([9]), np.array([0])))
    loadings = found.frame.loadings
    assert loadings @ loadings.T == pytest.approx(np.eye(2))
    assert (found.coordinates[:, 1] == 0).all() and found.shares == pytest.approx([1, 0])
