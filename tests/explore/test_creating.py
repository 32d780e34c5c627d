"""Palettes, tours, slides, analogies, wobble: decoded in one batch, and true to where they begin."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from engine.config import ConfigError, DataError, RunNotFound
from engine.data.tokenizers import Tokenizer
from engine.data.tokens import Tokens
from engine.decoding import DecodingConfig
from engine.evaluation.aggregate import Aggregate, aggregate
from engine.explore.across import across
from engine.explore.analogy import analogy
from engine.explore.attributes import AttributeVector, attribute_vector
from engine.explore.interpolation import between
from engine.explore.palette import decode_line, palette, spaced, square
from engine.explore.paths import interpolate
from engine.explore.sampling import from_prior, in_parts
from engine.explore.slide import slide
from engine.explore.stops import tour
from engine.explore.wobble import wobble
from engine.models.latents import LATENTS
from engine.models.vae import VAE
from tests.evaluation.test_families import has_density, vae
from tests.explore.conftest import TEXTS


@pytest.fixture
def data(trained: VAE, tokenizer: Tokenizer) -> Aggregate:
    return aggregate(trained, Tokens.of(tokenizer.encode(TEXTS * 10)), None)


@pytest.fixture
def codes(trained: VAE, tokenizer: Tokenizer) -> np.ndarray:
    found = aggregate(trained, Tokens.of(tokenizer.encode(TEXTS)), None)
    return found.codes.numpy()[np.argsort(found.rows)]


@pytest.fixture
def one_batch(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many codes each call of the decoder was given."""
    from engine.decoding import search

    calls: list[int] = []
    decode = search.decode

    def counted(model: VAE, z: torch.Tensor, config: object = None) -> list[list[int]]:
        calls.append(len(z))
        return decode(model, z, config)

    monkeypatch.setattr(search, "decode", counted)
    return calls


def test_the_corners_of_a_palette_are_the_four_sentences(
    trained: VAE, tokenizer: Tokenizer, one_batch: list[int], data: Aggregate
) -> None:
    found = palette(trained, tokenizer, TEXTS[:4], 5, data=data)
    assert one_batch == [25] and len(found.cells) == 25 and found.codes.shape == (25, 4)
    at = [found.cells[cell].text for cell in (0, 4, 20, 24)]
    assert at == TEXTS[:4] == [corner.text for corner in found.corners]
    assert all(corner.similarity == 1 for corner in found.corners)
    assert found.distinct >= 4 and not any(found.cells[0].changed)
    assert not found.cells[0].off_data and all(cell.off_data is not None for cell in found.cells)


def test_a_palette_is_bilinear_and_its_sides_are_paths(trained: VAE, tokenizer: Tokenizer) -> None:
    found = palette(trained, tokenizer, TEXTS[:4], 3)
    grid = found.codes.reshape(3, 3, -1)
    assert grid[1, 1] == pytest.approx((grid[0, 0] + grid[0, 2] + grid[2, 0] + grid[2, 2]) / 4)
    assert grid[0, 1] == pytest.approx((grid[0, 0] + grid[0, 2]) / 2)
    turned = palette(trained, tokenizer, TEXTS[:4], 4, "spherical").codes.reshape(4, 4, -1)
    assert turned[0] == pytest.approx(interpolate(turned[0, 0], turned[0, -1], 4, "spherical"))
    assert turned[:, 0] == pytest.approx(interpolate(turned[0, 0], turned[-1, 0], 4, "spherical"))


def test_a_line_drawn_over_a_palette_is_decoded(
    trained: VAE, tokenizer: Tokenizer, one_batch: list[int]
) -> None:
    found = palette(trained, tokenizer, TEXTS[:4], 5)
    line = decode_line(trained, tokenizer, found, [(0, 0), (1, 0), (1, 1)], 9)
    assert one_batch == [25, 9]
    assert [line[at].text for at in (0, 4, 8)] == [TEXTS[0], TEXTS[1], TEXTS[3]]
    assert found.codes_at([(0.25, 0.5)])[0] == pytest.approx(found.codes[2 * 5 + 1])


def test_places_on_a_line_are_even() -> None:
    found = spaced([(0, 0), (1, 0), (1, 0.5)], 7)
    assert np.linalg.norm(np.diff(found, axis=0), axis=1) == pytest.approx(0.25)
    assert spaced([(0.3, 0.4)], 3).tolist() == [[0.3, 0.4]] * 3


@pytest.mark.parametrize("name", LATENTS)
def test_every_family_has_palettes_tours_slides_and_analogies_of_its_own_codes(
    name: str, tokenizer: Tokenizer
) -> None:
    model = vae(name, tokenizer.vocab_size)
    drawn = model.latent.sample_prior(40).tanh().numpy() if name == "deterministic" else (
        model.latent.sample_prior(40).numpy()
    )  # fmt: skip
    vector = attribute_vector(model.latent, drawn[:20], drawn[20:], resamples=5)
    found = [
        palette(model, tokenizer, TEXTS[:4], 3).codes,
        tour(model, tokenizer, TEXTS[:3], 4).codes,
        slide(model, tokenizer, TEXTS[0], vector, resamples=2).codes,
        analogy(model, tokenizer, [(TEXTS[0], TEXTS[1])], TEXTS[2], others=drawn).codes,
    ]
    for codes in found:
        assert np.isfinite(codes).all() and codes.shape[1] == model.latent.size
        if model.latent.paths[0] == "bits":
            assert set(np.unique(codes)) <= {0.0, 1.0}
        if model.latent.paths[0] == "spherical":
            assert np.linalg.norm(codes, axis=1) == pytest.approx(1, abs=1e-5)
        if model.latent.paths[0] == "fisher-rao":
            assert (codes >= 0).all() and codes.sum(1) == pytest.approx(1, abs=1e-5)


def test_a_tour_passes_every_sentence(
    trained: VAE, tokenizer: Tokenizer, one_batch: list[int]
) -> None:
    found = tour(trained, tokenizer, TEXTS[:4], 5)
    assert one_batch == [13] and len(found.steps) == 13 and found.places == [0, 4, 8, 12]
    assert [found.steps[at].text for at in found.places] == TEXTS[:4]
    assert [stop.reconstruction for stop in found.stops] == TEXTS[:4]
    for first, last, (a, b) in ((0, 5, TEXTS[:2]), (4, 9, TEXTS[1:3])):
        leg = between(trained, tokenizer, a, b, 5).codes
        assert found.codes[first:last] == pytest.approx(np.array(leg))


def plant(codes: np.ndarray, spread: float = 0.05) -> AttributeVector:
    """From the first sentence's code to the fourth's."""
    from engine.models.latents.gaussian import Gaussian

    rng = np.random.default_rng(0)
    noise = spread * rng.normal(size=(2, 30, codes.shape[1]))
    return attribute_vector(Gaussian, codes[3] + noise[0], codes[0] + noise[1], resamples=20)


def test_a_slide_along_a_planted_attribute_leads_to_the_sentence_that_has_it(
    trained: VAE, tokenizer: Tokenizer, codes: np.ndarray, one_batch: list[int]
) -> None:
    vector = plant(codes)
    stops = [0.0, vector.effect / 2, vector.effect]
    found = slide(trained, tokenizer, TEXTS[0], vector, stops, resamples=5)
    assert one_batch == [1 + 3 * 6]
    assert [found.stops[0].decoded.text, found.stops[-1].decoded.text] == [TEXTS[0], TEXTS[3]]
    assert found.codes[0] == pytest.approx(codes[0], abs=1e-4)
    assert found.stops[0].similarity == 1 and not any(found.stops[0].decoded.changed)
    assert found.stops[0].agreement == 1 and found.stops[0].others == []
    assert found.stops[0].echo == pytest.approx(-vector.effect / 2, rel=0.05)
    assert found.stops[-1].echo == pytest.approx(vector.effect / 2, rel=0.05)
    assert found.sentence.text == found.sentence.reconstruction == TEXTS[0]


def test_a_vector_that_is_not_sure_of_itself_shows_it(
    trained: VAE, tokenizer: Tokenizer, codes: np.ndarray
) -> None:
    sure, unsure = plant(codes, 0.05), plant(codes, 8.0)
    agreements = []
    for vector in (sure, unsure):
        found = slide(trained, tokenizer, TEXTS[0], vector, [-3, 3], resamples=20)
        agreements.append(np.mean([stop.agreement for stop in found.stops]))
        for stop in found.stops:
            assert sum(count for _, count in stop.others) == round(20 * (1 - stop.agreement))
    assert agreements[0] > agreements[1]
    assert slide(trained, tokenizer, TEXTS[0], sure, resamples=0).stops[0].agreement is None


def test_an_analogy_of_a_pair_with_itself_is_the_other_sentence(
    trained: VAE, tokenizer: Tokenizer, codes: np.ndarray, one_batch: list[int]
) -> None:
    """A : B :: A : B."""
    found = analogy(trained, tokenizer, [(TEXTS[0], TEXTS[3])], TEXTS[0], (0, 1), others=codes)
    assert one_batch == [3 + 2 + 5]
    assert [answer.text for answer in found.answers] == [TEXTS[0], TEXTS[3]]
    assert found.alike is None and len(found.controls) == 5
    assert found.sentence.reconstruction == TEXTS[0]
    assert [end.text for end in found.pairs[0]] == [TEXTS[0], TEXTS[3]]


def test_several_pairs_are_averaged_and_told_whether_they_agree(
    trained: VAE, tokenizer: Tokenizer, codes: np.ndarray
) -> None:
    there, back = (TEXTS[0], TEXTS[3]), (TEXTS[3], TEXTS[0])
    same = analogy(trained, tokenizer, [there, there], TEXTS[1], (1,))
    assert same.alike == pytest.approx(1)
    assert same.codes[0] == pytest.approx(codes[1] + codes[3] - codes[0], abs=1e-4)
    against = analogy(trained, tokenizer, [there, back], TEXTS[1], (1,))
    assert against.alike == pytest.approx(-1)
    assert against.answers[0].text == TEXTS[1] and against.controls == []


def test_controls_are_as_long_as_the_difference_and_the_seed_draws_them(
    trained: VAE, tokenizer: Tokenizer, codes: np.ndarray
) -> None:
    from engine.explore.analogy import _random_moves
    from engine.explore.arithmetic import ARITHMETICS

    moves = _random_moves(ARITHMETICS["linear"], codes[1] - codes[0], codes, 7, 1)
    assert np.linalg.norm(moves, axis=1) == pytest.approx(np.linalg.norm(codes[1] - codes[0]))
    again = _random_moves(ARITHMETICS["linear"], codes[1] - codes[0], codes, 7, 1)
    assert (moves == again).all()


def test_wobble_counts_what_draws_read(
    trained: VAE, tokenizer: Tokenizer, one_batch: list[int]
) -> None:
    found = wobble(trained, tokenizer, TEXTS[0], 40)
    assert one_batch == [41]
    assert sum(reading.count for reading in found.readings) == found.draws == 40
    counts = [reading.count for reading in found.readings]
    assert counts == sorted(counts, reverse=True)
    own = next((r for r in found.readings if r.text == TEXTS[0]), None)
    assert own and found.settled == own.count / 40 and not any(own.changed)
    assert found.entropy == pytest.approx(-sum(c / 40 * math.log(c / 40) for c in counts))
    assert found == wobble(trained, tokenizer, TEXTS[0], 40)


def test_more_spread_wobbles_more_and_none_not_at_all(trained: VAE, tokenizer: Tokenizer) -> None:
    still, calm, wild = (wobble(trained, tokenizer, TEXTS[0], 60, spread=s) for s in (0, 1, 8))
    assert still.settled == still.similarity == 1 and still.entropy == 0
    assert still.settled >= calm.settled > wild.settled
    assert wild.entropy > calm.entropy


@pytest.mark.parametrize("name", LATENTS)
def test_what_has_a_posterior_wobbles(name: str, tokenizer: Tokenizer) -> None:
    model = vae(name, tokenizer.vocab_size)
    if has_density(model):
        assert wobble(model, tokenizer, TEXTS[0], 5).draws == 5
    else:
        with pytest.raises(ConfigError, match="needs a posterior"):
            wobble(model, tokenizer, TEXTS[0], 5)


def test_the_same_pair_goes_through_several_models_and_one_that_fails_says_why(
    trained: VAE, deaf: VAE, tokenizer: Tokenizer
) -> None:
    def gone() -> tuple[VAE, Tokenizer]:
        raise RunNotFound("there is no run 'x'")

    told: list[tuple[int, int | None, str]] = []
    found = across(
        [("a", lambda: (trained, tokenizer)), ("b", gone), ("c", lambda: (deaf, tokenizer))],
        TEXTS[0],
        TEXTS[3],
        progress=lambda *news: told.append(news),
    )
    assert [one.label for one in found] == ["a", "b", "c"]
    assert found[0].interpolation == between(trained, tokenizer, TEXTS[0], TEXTS[3])
    assert found[0].measures["distinct_steps"] > found[2].measures["distinct_steps"]
    assert found[1].interpolation is None and found[1].problem == "there is no run 'x'"
    assert told[-1] == (2, 3, "interpolating with c")


def test_what_cannot_be_made_is_refused_with_the_cure(trained: VAE, tokenizer: Tokenizer) -> None:
    with pytest.raises(ConfigError, match="four sentences"):
        palette(trained, tokenizer, TEXTS[:3])
    with pytest.raises(ConfigError, match="2 cells a side"):
        palette(trained, tokenizer, TEXTS[:4], 1)
    with pytest.raises(ConfigError, match="at least two sentences"):
        tour(trained, tokenizer, TEXTS[:1])
    with pytest.raises(ConfigError, match="needs a pair"):
        analogy(trained, tokenizer, [], TEXTS[0])
    with pytest.raises(DataError, match="sentence 3 is empty"):
        palette(trained, tokenizer, [*TEXTS[:2], " ", TEXTS[3]])
    with pytest.raises(ConfigError, match="choose linear or"):
        palette(trained, tokenizer, TEXTS[:4], path="bits")


def test_any_strategy_decodes_them(trained: VAE, tokenizer: Tokenizer) -> None:
    beam = DecodingConfig(strategy="beam", beam=2)
    assert palette(trained, tokenizer, TEXTS[:4], 2, decoding=beam).cells[0].text == TEXTS[0]


def test_a_square_of_bits_is_of_bits_and_of_directions_of_directions() -> None:
    places = list(itertools.product(np.linspace(0, 1, 4), repeat=2))
    bits = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 1, 1]])
    assert set(np.unique(square(bits, places, "bits"))) == {0.0, 1.0}
    round_ = np.eye(4)
    assert np.linalg.norm(square(round_, places, "spherical"), axis=1) == pytest.approx(1)


def test_many_sentences_are_drawn_in_parts_of_which_the_first_are_the_few(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    from functools import partial

    draw = partial(from_prior, trained, tokenizer)
    decoding = DecodingConfig(strategy="sample", seed=5)
    told: list[int] = []
    many = in_parts(draw, 25, decoding, 10, lambda done, total, what: told.append(done))
    assert told == [0, 10, 20]
    assert len(many.texts) == len(many.ids) == len(many.codes) == 25
    assert many.texts[:10] == in_parts(draw, 10, decoding, 10).texts
    assert many.codes[:10] != many.codes[10:20], "each part has a seed of its own"
    next_seed = decoding.model_copy(update={"seed": 6})
    assert many.codes[10:20] != in_parts(draw, 10, next_seed, 10).codes
    assert many.unique == len(set(many.texts)) / 25
