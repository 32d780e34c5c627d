from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from engine.config import ConfigError
from engine.explore.attributes import AttributeVector, attribute_vector, direction_of
from engine.models.latents import LATENTS
from engine.models.latents.gaussian import Gaussian

Z = 8
PLANT = np.array([1.0, -0.5, 0, 0, 0, 0, 0, 0])


def groups(
    effect: np.ndarray = PLANT, n: int = 60, seed: int = 0, spread: np.ndarray | float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(size=(n, Z)) * spread + side * effect / 2 for side in (1, -1))


def vector(*args: object, **settings: object) -> AttributeVector:
    return attribute_vector(Gaussian, *args, **settings)  # type: ignore[arg-type]


def test_a_planted_effect_is_covered_by_the_bootstrap() -> None:
    """Intervals of 1.96 standard errors hold the truth in about 95 of 100 coordinates."""
    inside = []
    for seed in range(40):
        found = vector(*groups(seed=seed))
        inside.append(np.abs(found.difference - PLANT) < 1.96 * found.difference_se)
    rate = np.mean(inside)
    # 320 intervals; the bootstrap's are a little short at 60 sentences a group.
    assert 0.95 - 4 * math.sqrt(0.95 * 0.05 / 320) < rate < 1


def test_the_direction_points_along_the_plant_and_its_spread_says_how_surely() -> None:
    for n, least in ((20, 0.6), (400, 0.97)):
        found = vector(*groups(n=n))
        assert found.direction @ PLANT / np.linalg.norm(PLANT) > least
        assert np.linalg.norm(found.direction) == pytest.approx(1)
        assert found.agreement.shape == (200,)
    few, many = (np.median(vector(*groups(n=n)).agreement) for n in (20, 400))
    assert few < many


def test_the_effect_and_the_auc_are_those_of_two_normals() -> None:
    found = vector(*groups(n=2000))
    distance = np.linalg.norm(PLANT)
    assert found.sigma == pytest.approx(1, abs=0.05)
    assert found.effect == pytest.approx(distance, abs=0.15)
    assert found.auc == pytest.approx(norm.cdf(distance / math.sqrt(2)), abs=0.02)
    assert found.auc_range[0] < found.auc < found.auc_range[1]
    assert found.along(groups(n=2000)[0]).mean() == pytest.approx(distance / 2, abs=0.1)


def test_groups_that_do_not_differ_are_at_chance_however_many_coordinates_there_are() -> None:
    """The sentences that made the vector would seem to differ; those left out do not."""
    rng = np.random.default_rng(1)
    aucs = [vector(*rng.normal(size=(2, 25, 60)), resamples=50).auc for _ in range(20)]
    assert np.mean(aucs) == pytest.approx(0.5, abs=0.06)


def test_the_same_seed_gives_the_same_vector_and_another_another_spread() -> None:
    first, again = (vector(*groups(), seed=3) for _ in "12")
    assert (first.directions == again.directions).all() and first.auc == again.auc
    other = vector(*groups(), seed=4)
    assert (other.direction == first.direction).all() and other.auc != first.auc


def test_lda_looks_past_what_varies_anyway() -> None:
    spread = np.array([1, 1, 1, 1, 1, 1, 1, 30.0])
    having, lacking = groups(n=300, spread=spread)
    mean, lda = (vector(having, lacking, how) for how in ("mean", "lda"))
    assert abs(lda.direction[-1]) < 0.05 < abs(mean.direction[-1])
    assert lda.auc > mean.auc + 0.1
    assert lda.direction @ PLANT / np.linalg.norm(PLANT) > 0.9


def test_what_it_must_be_orthogonal_to_is_left_alone_in_every_resample() -> None:
    rng = np.random.default_rng(2)
    others = rng.normal(size=(2, Z))
    for how in ("mean", "lda"):
        found = vector(*groups(), how, orthogonal_to=[*others, 2 * others[0]])
        assert found.direction @ others.T == pytest.approx(0, abs=1e-9)
        assert found.directions @ others.T == pytest.approx(0, abs=1e-9)
        assert np.linalg.norm(found.direction) == pytest.approx(1)


def test_a_move_orthogonal_to_length_leaves_the_predicted_length() -> None:
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(500, Z)) @ rng.normal(size=(Z, Z))
    gradient = rng.normal(size=Z)
    lengths = codes @ gradient + 0.1 * rng.normal(size=500)
    found = direction_of(Gaussian, codes, lengths)
    assert found @ gradient / np.linalg.norm(gradient) > 0.99
    moved = vector(codes[:250] + 3 * gradient, codes[250:], orthogonal_to=[found])
    assert abs(moved.direction @ gradient) / np.linalg.norm(gradient) < 0.15


@pytest.mark.parametrize("name", LATENTS)
def test_every_family_has_attribute_vectors(name: str) -> None:
    from tests.evaluation.test_families import vae

    codes = vae(name).latent.sample_prior(40).numpy()
    order = np.argsort(codes[:, 0], kind="stable")
    found = attribute_vector(LATENTS[name], codes[order[20:]], codes[order[:20]], resamples=20)  # type: ignore[arg-type]
    assert np.isfinite(found.directions).all() and found.direction[0] > 0
    assert found.auc > 0.6 and found.sigma > 0


@pytest.mark.parametrize("how", ["mean", "lda"])
def test_one_mean_or_too_few_sentences_are_refused(how: str) -> None:
    same = np.ones((5, Z))
    with pytest.raises(ConfigError, match="have one mean"):
        vector(same, same, how)
    with pytest.raises(ConfigError, match="at least three sentences"):
        vector(same[:2], same, how)
    with pytest.raises(ConfigError, match="have one mean, or differ only"):
        vector(same + np.eye(Z)[0], same, how, orthogonal_to=[np.eye(Z)[0]])


def test_a_number_that_is_the_same_for_all_has_no_direction() -> None:
    with pytest.raises(ConfigError, match="all of them are 1; leave it out"):
        direction_of(Gaussian, np.ones((5, Z)), np.ones(5))
