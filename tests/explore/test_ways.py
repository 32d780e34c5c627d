from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from engine.config import ConfigError
from engine.data.tokenizers import Tokenizer
from engine.explore.exports import EXPORTS
from engine.explore.interpolation import between
from engine.explore.ways import GEODESIC, THROUGH_DATA, find_path, graph_of, ways
from engine.models.latents import LATENTS
from engine.models.vae import VAE
from tests.evaluation.test_families import vae
from tests.explore.conftest import TEXTS

A, B = TEXTS[0], TEXTS[3]


@pytest.fixture(scope="module")
def small(tokenizer: Tokenizer) -> dict[str, VAE]:
    return {name: vae(name, tokenizer.vocab_size) for name in LATENTS}


@pytest.mark.parametrize("name", LATENTS)
def test_every_way_of_every_family_leads_from_a_to_b_and_stays_there(
    name: str, small: dict[str, VAE], tokenizer: Tokenizer
) -> None:
    model = small[name]
    codes = model.latent.sample_prior(60)
    graph = graph_of(model.latent, codes.tanh() if name == "deterministic" else codes)
    for way in ways(model.latent):
        found = find_path(model, tokenizer, A, B, 5, way, graph=graph, evaluations=6)
        inter = found.interpolation
        assert inter.path == way and len(inter.steps) == 5
        assert (found.geodesic is not None) == (way == GEODESIC)
        assert (found.walk is not None) == (way == THROUGH_DATA)
        for code, text in ((inter.codes[0], A), (inter.codes[-1], B)):
            x = torch.tensor(tokenizer.encode([text]))
            assert code == pytest.approx(model.code(x)[0].tolist(), abs=1e-5)
        path = np.array(inter.codes)
        if model.latent.paths[0] == "bits":
            assert set(np.unique(path)) <= {0.0, 1.0}
        if model.latent.paths[0] == "spherical":
            assert np.linalg.norm(path, axis=1) == pytest.approx(1, abs=1e-5)


def test_ways_are_told_apart_in_a_line_each_and_bits_have_no_geodesic() -> None:
    for name in LATENTS:
        told = ways(LATENTS[name])  # type: ignore[arg-type]
        assert all(line.endswith(".") and len(line) < 130 for line in told.values())
        assert next(iter(told)) == LATENTS[name].paths[0]  # type: ignore[attr-defined]
        assert (GEODESIC in told) == (name != "bernoulli")


def test_a_way_that_is_written_down_is_the_same_as_ever(trained: VAE, tokenizer: Tokenizer) -> None:
    found = find_path(trained, tokenizer, A, B, 7, "spherical")
    assert found.interpolation == between(trained, tokenizer, A, B, 7, "spherical")
    assert find_path(trained, tokenizer, A, B).interpolation.path == "linear"


def test_a_geodesic_changes_what_is_said_more_evenly(trained: VAE, tokenizer: Tokenizer) -> None:
    found = find_path(trained, tokenizer, A, B, 11, GEODESIC)
    assert found.geodesic.energy < found.geodesic.straight_energy
    assert found.interpolation.steps[0].text == A and found.interpolation.steps[-1].text == B
    for export in EXPORTS.values():
        assert export.write(found.interpolation)


def test_the_path_through_the_data_passes_sentences(trained: VAE, tokenizer: Tokenizer) -> None:
    x = torch.zeros(len(TEXTS), 12, dtype=torch.long)
    for row, ids in enumerate(tokenizer.encode(TEXTS)):
        x[row, : len(ids)] = torch.tensor(ids)
    codes = trained.code(x).detach().numpy()
    found = find_path(
        trained, tokenizer, A, B, 11, THROUGH_DATA, graph=graph_of(trained.latent, codes, k=2)
    )
    said = [step.text for step in found.interpolation.steps]
    for row in found.walk.rows:
        assert TEXTS[row] in said


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("geodesik", "did you mean 'geodesic'"),
        (THROUGH_DATA, "needs encoded rows"),
        ("fisher-rao", "choose linear or spherical"),
    ],
)
def test_what_cannot_be_gone_is_refused(
    trained: VAE, tokenizer: Tokenizer, path: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        find_path(trained, tokenizer, A, B, path=path)


def test_bits_are_refused_a_geodesic(small: dict[str, VAE], tokenizer: Tokenizer) -> None:
    with pytest.raises(ConfigError, match="codes of this model are bits"):
        find_path(small["bernoulli"], tokenizer, A, B, path=GEODESIC)


def test_four_ways_give_four_paths(trained: VAE, tokenizer: Tokenizer) -> None:
    codes = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
    graph = graph_of(trained.latent, codes)
    names = ("linear", "spherical", THROUGH_DATA, GEODESIC)
    found = [find_path(trained, tokenizer, A, B, 11, name, graph=graph) for name in names]
    paths = [np.array(one.interpolation.codes) for one in found]
    for one, other in itertools.combinations(paths, 2):
        assert np.abs(one - other).max() > 0.01
