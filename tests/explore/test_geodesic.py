from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from engine.config import ConfigError
from engine.data.tokenizers import Tokenizer
from engine.decoding.search import decode
from engine.explore.energy import Effort
from engine.explore.geodesic import Geodesic, geodesic
from engine.explore.paths import interpolate
from engine.explore.pullback import Pullback, symmetrised_kl
from engine.models.latents import LATENTS
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import VAE
from tests.evaluation.test_families import vae
from tests.evaluation.tiny import BagEncoder, MarkovDecoder, tiny_vae
from tests.explore.conftest import TEXTS

BENDABLE = [name for name in LATENTS if name != "bernoulli"]


def one_word_model() -> VAE:
    """Three words with p = softmax(z1, z2, 0), then the end: the simplex, whose geometry is known."""
    decoder = MarkovDecoder(2)
    with torch.no_grad():
        for table in (decoder.table, decoder.weights):
            table.weight.zero_()
        decoder.table.weight[:, :] = -60.0
        decoder.table.weight[1, 4:] = 0.0
        decoder.table.weight[4:, 2] = 60.0
        weights = decoder.weights.weight.view(7, 7, 2)
        weights[1, 4, 0] = weights[1, 5, 1] = 1.0
    return VAE(BagEncoder(), Gaussian(Gaussian.Config(size=2), 4), decoder, 7).eval()


def proportions(codes: np.ndarray) -> np.ndarray:
    return torch.tensor(np.pad(codes, ((0, 0), (0, 1)))).softmax(1).numpy()


A, B = np.array([3.0, -2.0]), np.array([-2.0, 3.0])


def angles(p: np.ndarray) -> np.ndarray:
    """How far apart successive rows are on the sphere of square roots."""
    return np.arccos(np.clip(np.sqrt(p[1:] * p[:-1]).sum(1), 0, 1))


def test_where_the_geometry_is_known_the_path_is_the_great_circle() -> None:
    found = geodesic(one_word_model(), A, B, 15, evaluations=200)
    ends = proportions(np.stack([A, B]))
    circle = interpolate(*(ends / ends.sum(1, keepdims=True)), 15, "fisher-rao")
    line = proportions(interpolate(A, B, 15))
    assert np.abs(line - circle).max() > 0.05  # the straight path is another one
    assert proportions(found.codes) == pytest.approx(circle, abs=0.01)
    whole = angles(ends).item()
    assert angles(proportions(found.codes)) == pytest.approx(whole / 14, rel=0.05)
    # The Fisher length is twice the angle; the discrete one is longer by its steps' curvature.
    assert found.length == pytest.approx(2 * whole, rel=0.03)
    assert found.straight_length > 1.03 * found.length


def test_the_energy_falls_and_never_exceeds_the_straight_path_s(trained: VAE) -> None:
    torch.manual_seed(0)
    for a, b in zip(torch.randn(4, 4), torch.randn(4, 4), strict=True):
        found = geodesic(trained, a, b, 9)
        assert found.energy <= found.straight_energy
        assert all(after <= before for before, after in itertools.pairwise(found.history))
        assert found.energy < 0.97 * found.straight_energy
        assert found.length**2 <= 2 * 8 * found.energy * (1 + 1e-5)
        assert (found.codes[0] == a.double().numpy()).all()
        assert (found.codes[-1] == b.double().numpy()).all()


def test_where_bending_gains_nothing_the_straight_path_is_returned(
    trained: VAE, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lowers the energy along the sentences it was bent along may raise it along those of the ends."""
    told = iter([Effort(3.0, 3.0), Effort(2.0, 2.5)])
    monkeypatch.setattr("engine.explore.geodesic.effort", lambda *_: next(told))
    found = geodesic(trained, np.zeros(4), np.ones(4), 5)
    assert (found.energy, found.straight_energy, found.length) == (2.0, 2.0, 2.5)
    assert found.codes == pytest.approx(interpolate(np.zeros(4), np.ones(4), 5), abs=1e-6)


def measured(model: VAE, codes: np.ndarray, anchors: list[list[int]]) -> float:
    with torch.no_grad():
        return float(Pullback(model, anchors).energy(torch.tensor(codes, dtype=torch.float32)))


def test_the_energies_are_those_of_the_two_paths_along_what_the_straight_one_says(
    trained: VAE,
) -> None:
    torch.manual_seed(1)
    a, b = torch.randn(4).double().numpy(), torch.randn(4).double().numpy()
    found = geodesic(trained, a, b, 11)
    said = decode(trained, torch.tensor(interpolate(a, b, 16), dtype=torch.float32))
    assert measured(trained, found.codes, said) == pytest.approx(found.energy, rel=1e-3)
    straight = measured(trained, interpolate(a, b, 11), said)
    assert straight == pytest.approx(found.straight_energy, rel=1e-3)


@pytest.mark.parametrize("name", BENDABLE)
def test_codes_stay_where_codes_of_the_family_live(name: str) -> None:
    model = vae(name)
    ends = model.latent.sample_prior(2).numpy()
    if name == "deterministic":
        ends = np.tanh(ends)
    found = geodesic(model, *ends, 5, evaluations=20)
    assert found.codes.shape == (5, model.latent.size) and np.isfinite(found.codes).all()
    assert found.energy <= found.straight_energy
    assert found.codes[[0, -1]] == pytest.approx(ends.astype(float))
    if model.latent.paths[0] == "spherical":
        assert np.linalg.norm(found.codes, axis=1) == pytest.approx(1, abs=1e-5)
    if model.latent.paths[0] == "fisher-rao":
        assert (found.codes >= 0).all() and found.codes.sum(1) == pytest.approx(1, abs=1e-5)


def test_bits_are_refused_with_the_way_they_have() -> None:
    model = vae("bernoulli")
    with pytest.raises(ConfigError, match="codes of this model are bits.*take the path 'bits'"):
        geodesic(model, *model.latent.sample_prior(2))


@pytest.mark.parametrize("steps", [2, 5, 11, 30])
def test_any_number_of_steps_lies_on_the_same_curve(trained: VAE, steps: int) -> None:
    a, b = np.full(4, -1.0), np.full(4, 1.0)
    found = geodesic(trained, a, b, steps, evaluations=10)
    assert len(found.codes) == steps


def test_a_code_and_itself_are_joined_by_itself(trained: VAE) -> None:
    found = geodesic(trained, np.ones(4), np.ones(4), 5)
    assert found.codes == pytest.approx(1) and found.energy == pytest.approx(0, abs=1e-6)


def test_the_model_is_left_as_it_was_and_nothing_is_drawn(trained: VAE) -> None:
    trained.train()
    for parameter in trained.parameters():
        parameter.grad = None
    torch.manual_seed(3)
    state = torch.get_rng_state()
    first = geodesic(trained, np.zeros(4), np.ones(4), 5, evaluations=10)
    assert trained.training and trained.decoder.dropout_in.training
    assert all(parameter.grad is None for parameter in trained.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    again = geodesic(trained.eval(), np.zeros(4), np.ones(4), 5, evaluations=10)
    assert (first.codes == again.codes).all()


def test_whoever_raises_in_progress_ends_the_search(trained: VAE) -> None:
    told: list[tuple[int, int | None, str]] = []

    def stop_at_three(*news: object) -> None:
        told.append(news)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        geodesic(trained, np.zeros(4), np.ones(4), progress=stop_at_three)
    assert told[:3] == [(at, 40, "bending the path") for at in (1, 2, 3)]


def test_the_cost_is_counted(trained: VAE) -> None:
    found: Geodesic = geodesic(trained, np.zeros(4), np.ones(4), 11, evaluations=8)
    assert found.seconds > 0 and found.passes % 11 == 0
    assert found.passes <= 11 * len(found.anchors) * (8 + 4)  # two looks at the start of each round


def test_the_divergence_is_the_mean_of_both_ways() -> None:
    torch.manual_seed(0)
    logits = torch.randn(3, 5, dtype=torch.float64)
    p, q = (torch.distributions.Categorical(logits=logits[at]) for at in (0, 1))
    kl = torch.distributions.kl_divergence
    assert symmetrised_kl(logits)[0] == pytest.approx(float(kl(p, q) + kl(q, p)) / 2)


def test_along_every_sentence_and_weighed_it_is_the_divergence_of_whole_sentences() -> None:
    """Teacher forcing along x ~ p(x|a) gives KL(p(x|a) || p(x|b)); here by counting sentences of a word."""
    model = one_word_model()
    z = torch.tensor(np.stack([A, B]), dtype=torch.float32)
    found = Pullback(model, [[4], [5], [6]]).divergences(z).item()
    p, q = torch.tensor(proportions(np.stack([A, B])))
    assert found == pytest.approx(float(((p - q) * (p.log() - q.log())).sum() / 2), rel=1e-4)


def test_sentences_of_different_lengths_count_each_of_their_tokens_once() -> None:
    model = tiny_vae(2).eval()
    z = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    short, long = [4], [5, 6, 4, 4]
    with torch.no_grad():
        alone = [Pullback(model, [one]).divergences(z) for one in (short, long)]
        both = Pullback(model, [short, long, short])
        assert both.divergences(z) == pytest.approx(torch.stack(alone).mean(0), rel=1e-5)
    assert both.passes == 8


def test_many_anchors_go_through_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model, z = tiny_vae(2).eval(), torch.randn(3, 2, generator=torch.Generator().manual_seed(0))
    anchors = [[word] * n for word in (4, 5) for n in (1, 2, 3)]
    with torch.no_grad():
        whole = Pullback(model, anchors).divergences(z)
        monkeypatch.setattr("engine.explore.pullback._LOGITS", 1)
        assert Pullback(model, anchors).divergences(z) == pytest.approx(whole, rel=1e-5)


def test_reading_along_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least one sentence"):
        Pullback(tiny_vae(2), [])


def test_sentences_that_were_learnt_are_joined(trained: VAE, tokenizer: Tokenizer) -> None:
    x = torch.tensor(tokenizer.encode(TEXTS[:1])), torch.tensor(tokenizer.encode(TEXTS[1:2]))
    a, b = (trained.code(one)[0].detach().numpy() for one in x)
    found = geodesic(trained, a, b)
    written = tokenizer.decode(decode(trained, torch.tensor(found.codes, dtype=torch.float32)))
    assert (written[0], written[-1]) == (TEXTS[0], TEXTS[1])


@pytest.mark.slow
def test_on_the_demonstration_model_it_takes_seconds_and_gains_a_fifth() -> None:
    import time

    from engine.explore.ways import GEODESIC, find_path
    from engine.hosting import ModelHost
    from engine.runs import store

    run = store.find("demo")
    hosted = ModelHost("cpu").get(run, run.preferred_checkpoint())
    pair = "Open a file for reading.", "Raise an error if the key is missing."
    began = time.process_time()
    found = find_path(hosted.model, hosted.tokenizer, *pair, 11, GEODESIC).geodesic
    assert time.process_time() - began < 20  # a processor of its own needs 5
    assert found.energy < 0.8 * found.straight_energy
