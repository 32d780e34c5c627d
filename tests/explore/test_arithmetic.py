from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.explore.arithmetic import ARITHMETICS, arithmetic_of
from engine.explore.paths import PATHS
from engine.models.latents import LATENTS
from tests.evaluation.test_families import vae

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("name", LATENTS)
def test_moved_codes_are_codes_of_the_family(name: str) -> None:
    model = vae(name)
    codes = model.latent.sample_prior(20).double().numpy()
    kind = arithmetic_of(model.latent)
    assert kind.codes(kind.vectors(codes)) == pytest.approx(codes, abs=1e-6)
    moved = kind.add(codes, RNG.normal(size=codes.shape))
    far = kind.move(codes[0], np.eye(codes.shape[1])[1], [-2.0, 0.0, 0.5, 30.0])
    assert far[1] == pytest.approx(codes[0], abs=1e-6)
    for found in (moved, far):
        assert np.isfinite(found).all()
        if kind.name == "bits":
            assert set(np.unique(found)) <= {0.0, 1.0}
        if kind.name == "spherical":
            assert np.linalg.norm(found, axis=-1) == pytest.approx(1)
        if kind.name == "fisher-rao":
            assert (found >= 0).all() and found.sum(-1) == pytest.approx(1)


def test_every_family_s_own_path_has_an_arithmetic() -> None:
    assert {LATENTS[name].paths[0] for name in LATENTS} <= set(ARITHMETICS) <= set(PATHS)  # type: ignore[attr-defined]


def test_there_and_back_is_where_it_was() -> None:
    for name in ("linear", "fisher-rao"):
        kind, codes = ARITHMETICS[name], RNG.dirichlet(np.ones(5), 10)
        move = RNG.normal(size=5)
        assert kind.add(kind.add(codes, move), -move) == pytest.approx(codes)


def test_the_difference_of_two_proportions_leads_from_one_to_the_other() -> None:
    kind, (a, b) = ARITHMETICS["fisher-rao"], RNG.dirichlet(np.ones(4), 2)
    assert kind.add(a, kind.vectors(b) - kind.vectors(a)) == pytest.approx(b)
    assert kind.codes([[0.0, 0.0, 800.0]]).sum() == pytest.approx(1)
    assert np.isfinite(kind.vectors([1.0, 0.0, 0.0])).all()


def test_opposite_directions_cancel_without_a_nan() -> None:
    kind = ARITHMETICS["spherical"]
    assert np.linalg.norm(kind.add([0.6, 0.8], [-0.6, -0.8])) == pytest.approx(1)


def test_the_weightiest_bits_flip_first_and_as_many_as_the_distance_asks() -> None:
    kind, weights = ARITHMETICS["bits"], np.array([0.8, -0.5, 0.3, 0.1])
    start = np.array([0.0, 1.0, 1.0, 0.0])
    found = kind.move(start, weights, [0.0, 0.3, 0.5, 1.0, 1.3, 9.0])
    assert found.tolist() == [
        [0, 1, 1, 0],  # nothing
        [0, 1, 1, 0],  # less than half of the least that would count most
        [1, 1, 1, 0],
        [1, 1, 1, 0],
        [1, 0, 1, 0],
        [1, 0, 1, 1],  # all that lead there: the third is set already
    ]
    back = kind.move(start, weights, [-9.0])[0]
    assert back.tolist() == [0, 1, 0, 0]


def test_the_same_for_a_class_and_its_object() -> None:
    for name in LATENTS:
        model = vae(name)
        assert arithmetic_of(LATENTS[name]) is arithmetic_of(model.latent)  # type: ignore[arg-type]
    assert torch.is_grad_enabled()
