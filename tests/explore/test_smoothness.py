from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from engine.data.tokenizers import Tokenizer
from engine.decoding.config import DecodingConfig
from engine.explore.energy import PLACES
from engine.explore.interpolation import Endpoint, Interpolation, Step, between
from engine.explore.pullback import Pullback
from engine.explore.smoothness import of_text, smoothness
from engine.explore.ways import GEODESIC, find_path
from engine.metrics import METRICS
from engine.models.vae import VAE
from tests.explore.conftest import TEXTS

A, B = TEXTS[0], TEXTS[3]


def path(*sentences: Sequence[int], nll: Sequence[float] | None = None) -> Interpolation:
    """A path that reads like this."""
    each = nll or [1.0] * len(sentences)
    steps = [
        Step(alpha, "", [], [], False, 0.0, total, [], list(ids))
        for alpha, ids, total in zip(
            np.linspace(0, 1, len(sentences)).tolist(), sentences, each, strict=True
        )
    ]
    ends = [Endpoint("", "", similarity, [], False) for similarity in (1.0, 0.5)]
    return Interpolation(ends[0], ends[1], "linear", steps, [[0.0]] * len(steps), 0, 0, False)


def test_a_path_without_a_detour_is_as_smooth_as_can_be() -> None:
    found = of_text(path([4, 4, 4], [5, 4, 4], [5, 5, 4], [5, 5, 5]))
    assert found["interpolation_smoothness"] == 1 and found["monotonicity"] == pytest.approx(1)
    assert found["distinct_steps"] == 1 and found["endpoint_fidelity"] == 0.75


def test_a_detour_costs_what_it_is_long() -> None:
    found = of_text(path([4, 4, 4], [6, 6, 6], [5, 5, 5]))
    assert found["interpolation_smoothness"] == 0.5
    there_and_back = of_text(path([4, 4], [5, 5], [4, 4]))
    assert there_and_back["interpolation_smoothness"] == 0


def test_one_leap_is_smooth_by_edits_and_told_by_the_distinct_steps() -> None:
    found = of_text(path([4, 4, 4], [4, 4, 4], [5, 5, 5], [5, 5, 5]))
    assert found["interpolation_smoothness"] == 1 and found["distinct_steps"] == 0.5


def test_what_a_path_has_not_is_absent() -> None:
    still = of_text(path([4, 5], [4, 5], [4, 5]))
    assert "interpolation_smoothness" not in still and "monotonicity" not in still
    assert still["distinct_steps"] == pytest.approx(1 / 3)
    closed = of_text(path([4, 5], [4, 6], [4, 5]))
    assert closed["monotonicity"] == pytest.approx(0)


def test_a_path_that_goes_back_first_is_less_monotone() -> None:
    straight = of_text(path([4] * 4, [5, 4, 4, 4], [5, 5, 5, 4], [5] * 4))["monotonicity"]
    wavering = of_text(path([4] * 4, [5, 5, 5, 4], [5, 4, 4, 4], [5] * 4))["monotonicity"]
    assert wavering < straight == pytest.approx(1)


def test_the_dip_is_per_token_so_that_a_longer_sentence_is_no_dip() -> None:
    assert of_text(path([4], [4, 4, 4], [4], nll=[2, 4, 2]))["nll_dip"] == pytest.approx(0)
    assert of_text(path([4], [4], [4], nll=[2, 8, 4]))["nll_dip"] == pytest.approx(2.5)


def test_every_measure_of_a_real_path_is_explained(trained: VAE, tokenizer: Tokenizer) -> None:
    found = smoothness(trained, between(trained, tokenizer, A, B))
    assert set(found) <= set(METRICS) and len(found) == 7
    assert 0 < found["interpolation_smoothness"] <= 1 and found["endpoint_fidelity"] == 1
    assert all(np.isfinite(value) for value in found.values())


@pytest.mark.parametrize("name", ["linear", "spherical"])
def test_a_path_is_measured_along_what_the_straight_one_between_its_ends_says(
    trained: VAE, tokenizer: Tokenizer, name: str
) -> None:
    one = between(trained, tokenizer, A, B, 11, name)
    found = smoothness(trained, one)
    said = [step.ids for step in between(trained, tokenizer, A, B, PLACES).steps]
    with torch.no_grad():
        pullback, codes = Pullback(trained, said), torch.tensor(one.codes).float()
        energy, length = float(pullback.energy(codes)), float(pullback.length(codes))
    assert found["path_energy"] == pytest.approx(energy, rel=1e-4)
    assert found["path_length"] == pytest.approx(length, rel=1e-4)


def test_a_path_has_one_energy_however_it_was_decoded(trained: VAE, tokenizer: Tokenizer) -> None:
    drawn = DecodingConfig(strategy="sample", temperature=3.0)
    ways = [between(trained, tokenizer, A, B, 11, decoding=how) for how in (None, drawn)]
    assert ways[0].steps[5].ids != ways[1].steps[5].ids
    energies = [smoothness(trained, one)["path_energy"] for one in ways]
    assert energies[0] == energies[1]


def test_a_geodesic_is_shorter_and_of_less_energy_by_these_numbers_too(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    """And they are the very numbers that it tells of itself."""
    bent = find_path(trained, tokenizer, A, B, 11, GEODESIC)
    straight = smoothness(trained, find_path(trained, tokenizer, A, B, 11, "linear").interpolation)
    own = smoothness(trained, bent.interpolation)
    assert own["path_energy"] < straight["path_energy"]
    assert own["path_length"] < straight["path_length"]
    assert bent.geodesic is not None
    assert bent.geodesic.energy == pytest.approx(own["path_energy"], rel=1e-5)
    assert bent.geodesic.length == pytest.approx(own["path_length"], rel=1e-5)
    assert bent.geodesic.straight_energy == pytest.approx(straight["path_energy"], rel=1e-5)


def test_the_length_does_not_depend_on_the_number_of_steps(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    anchors = [step.ids for step in between(trained, tokenizer, A, B, 5).steps]
    lengths = []
    for steps in (41, 161):
        codes = torch.tensor(between(trained, tokenizer, A, B, steps).codes).float()
        with torch.no_grad():
            lengths.append(float(Pullback(trained, anchors).length(codes)))
    assert lengths[0] == pytest.approx(lengths[1], rel=0.02)


def test_the_decoder_that_ignores_the_code_has_no_energy(deaf: VAE, tokenizer: Tokenizer) -> None:
    found = smoothness(deaf, between(deaf, tokenizer, A, B))
    assert found["path_energy"] == pytest.approx(0, abs=1e-6)
    assert "interpolation_smoothness" not in found and found["distinct_steps"] < 0.1
