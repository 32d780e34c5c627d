from __future__ import annotations

import numpy as np
import pytest

from engine.config import ConfigError, DataError
from engine.data.tokenizers import Tokenizer
from engine.data.tokens import Tokens
from engine.evaluation.aggregate import Aggregate, aggregate
from engine.explore.arithmetic import arithmetic_of
from engine.explore.traversal import principal_axes, traverse, unit_axes
from engine.models.latents import LATENTS
from engine.models.vae import VAE
from tests.evaluation.test_families import vae
from tests.explore.conftest import TEXTS

RNG = np.random.default_rng(0)


@pytest.fixture
def data(trained: VAE, tokenizer: Tokenizer) -> Aggregate:
    return aggregate(trained, Tokens.of(tokenizer.encode(TEXTS * 20)), None)


def test_only_the_chosen_unit_moves_and_over_what_it_was_asked(
    trained: VAE, tokenizer: Tokenizer, data: Aggregate
) -> None:
    codes = data.codes.numpy()
    axes = unit_axes(arithmetic_of(trained.latent), codes)
    for over in ("quantiles", "deviations"):
        found = traverse(trained, tokenizer, TEXTS[0], axes, over, 7)
        assert [one.axis for one in found] == ["z[0]", "z[1]", "z[2]", "z[3]"]
        for unit, one in enumerate(found):
            others = np.delete(one.codes, unit, axis=1)
            assert one.codes.shape == (7, 4)
            assert np.ptp(others, axis=0) == pytest.approx(0, abs=1e-9)
            assert one.codes[:, unit] == pytest.approx(one.places)
            column = codes[:, unit].astype(float)
            ends = np.quantile(column, [0.01, 0.99]) if over == "quantiles" else (
                column.mean() + np.array([-3, 3]) * column.std()
            )  # fmt: skip
            assert [one.places[0], one.places[-1]] == pytest.approx(ends, abs=1e-5)


def test_everything_is_decoded_in_one_batch_and_compared_with_the_sentence_itself(
    trained: VAE, tokenizer: Tokenizer, data: Aggregate, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.decoding import search

    calls: list[int] = []
    decode = search.decode
    monkeypatch.setattr(
        search,
        "decode",
        lambda model, z, config=None: (calls.append(len(z)), decode(model, z, config))[1],
    )
    axes = unit_axes(arithmetic_of(trained.latent), data.codes)
    found = traverse(trained, tokenizer, TEXTS[0], axes, stops=5)
    assert calls == [1 + 4 * 5]
    for one in found:
        assert one.sentence.text == one.sentence.reconstruction == TEXTS[0]
        for stop in one.stops:
            assert any(stop.changed) or stop.text == TEXTS[0] or len(stop.pieces) < 8
    assert any(one.distinct > 1 for one in found)


def test_stops_off_the_data_are_flagged(
    trained: VAE, tokenizer: Tokenizer, data: Aggregate
) -> None:
    axes = unit_axes(arithmetic_of(trained.latent), data.codes)
    far = [type(axes[0])(a.name, a.direction, a.mean, 20.0, a.values) for a in axes]
    for one in traverse(trained, tokenizer, TEXTS[0], far, "deviations", 3, data=data):
        assert [stop.off_data for stop in one.stops][::2] == [True, True]
    plain = traverse(trained, tokenizer, TEXTS[0], axes[:1], stops=3)[0]
    assert plain.stops[0].off_data is None


@pytest.mark.parametrize("name", LATENTS)
def test_codes_of_every_family_stay_where_they_live(name: str, tokenizer: Tokenizer) -> None:
    model = vae(name, tokenizer.vocab_size)
    kind = arithmetic_of(model.latent)
    codes = model.latent.sample_prior(50).numpy()
    for axes in (unit_axes(kind, codes), principal_axes(kind, codes, 2)):
        for one in traverse(model, tokenizer, TEXTS[0], axes, "deviations", 5):
            assert np.isfinite(one.codes).all() and len(one.codes) == len(one.stops)
            if kind.name == "bits":
                assert set(np.unique(one.codes)) <= {0.0, 1.0}
            if kind.name == "spherical":
                assert np.linalg.norm(one.codes, axis=1) == pytest.approx(1)
            if kind.name == "fisher-rao":
                assert (one.codes >= 0).all() and one.codes.sum(1) == pytest.approx(1)


@pytest.mark.parametrize("name", ["vmf", "logistic_gaussian", "gaussian"])
def test_each_stop_lies_where_it_says_along_the_axis(name: str, tokenizer: Tokenizer) -> None:
    model = vae(name, tokenizer.vocab_size)
    kind = arithmetic_of(model.latent)
    axes = unit_axes(kind, model.latent.sample_prior(200).numpy())
    for axis, one in zip(axes, traverse(model, tokenizer, TEXTS[0], axes), strict=True):
        assert kind.vectors(one.codes) @ axis.direction == pytest.approx(one.places, abs=1e-5)


def test_a_bit_has_two_stops_of_which_one_is_the_sentence_s_own(tokenizer: Tokenizer) -> None:
    model = vae("bernoulli", tokenizer.vocab_size)
    axes = unit_axes(arithmetic_of(model.latent), model.latent.sample_prior(50).numpy())
    for unit, one in enumerate(traverse(model, tokenizer, TEXTS[0], axes)):
        assert one.places == [0.0, 1.0] and one.codes[:, unit].tolist() == [0, 1]
        own = one.stops[int(one.here)]
        assert own.text == one.sentence.reconstruction and not any(own.changed)
        assert (np.delete(one.codes, unit, 1) == np.delete(one.codes, unit, 1)[0]).all()


def test_principal_axes_are_those_of_the_codes_and_their_sign_is_fixed() -> None:
    from engine.explore.arithmetic import ARITHMETICS

    codes = RNG.normal(size=(500, 3)) * [0.1, 5.0, 1.0]
    first, second, third = principal_axes(ARITHMETICS["linear"], codes)
    assert np.abs(first.direction) == pytest.approx([0, 1, 0], abs=0.05)
    assert first.direction[1] > 0 and first.sigma > second.sigma > third.sigma
    assert first.sigma == pytest.approx(5, rel=0.1) and first.name == "PC 1"
    again = principal_axes(ARITHMETICS["linear"], -codes)
    assert again[0].direction == pytest.approx(first.direction)


def test_what_cannot_be_traversed_is_refused(
    trained: VAE, tokenizer: Tokenizer, data: Aggregate
) -> None:
    axes = unit_axes(arithmetic_of(trained.latent), data.codes)
    with pytest.raises(ConfigError, match="an axis and two stops, got 4 and 1"):
        traverse(trained, tokenizer, TEXTS[0], axes, stops=1)
    with pytest.raises(ConfigError, match="an axis and two stops, got 0 and 9"):
        traverse(trained, tokenizer, TEXTS[0], [])
    with pytest.raises(DataError, match="is empty"):
        traverse(trained, tokenizer, " ", axes)
