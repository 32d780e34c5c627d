"""Every latent family can be measured, mapped and explored; what it lacks is absent."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from engine.config import ConfigError
from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.evaluation import EvaluationConfig
from engine.evaluation.diagnosis import diagnose
from engine.evaluation.information import mutual_information
from engine.evaluation.likelihood import iw_nll
from engine.evaluation.report import Evaluation, evaluate
from engine.explore.encoding import encode_corpus
from engine.explore.interpolation import between
from engine.explore.reconstruction import reconstruct
from engine.explore.sampling import around, from_prior
from engine.metrics import METRICS
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents import LATENTS
from engine.models.vae import VAE, ModelConfig, build_model
from tests.evaluation.tiny import random_tokens, rows_of, sentences

FULL = EvaluationConfig(iw_samples=20, mi_rows=30, batch_size=16, mi_batch=8)
TEXTS = ["The cat sat on the mat.", "A dog ran to the park!", "Nobody was in the park."]
NEEDS_A_DENSITY = {
    "kl",
    "elbo",
    "ppl",
    "nll_iw",
    "ppl_iw",
    "ess",
    "mutual_information",
    "mutual_information_batch",
    "kl_aggregated",
}
every_family = pytest.mark.parametrize("name", LATENTS)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(TokenizerConfig(), TEXTS * 3)


def vae(name: str, vocab: int = 7, **settings: Any) -> VAE:
    """A small LSTM VAE of that family, its weights large enough for the code to matter."""
    torch.manual_seed(0)
    config = ModelConfig(
        encoder=LSTMEncoder.Config(embedding=6, hidden=8),
        latent=LATENTS[name].Config(**{"size": 4} | settings),  # type: ignore[attr-defined]
        decoder=LSTMDecoder.Config(embedding=6, hidden=8, dropout_in=0.5, dropout_out=0.5),
        initialisation="pytorch",
    )
    model = build_model(config, vocab)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.7)
    return model.eval()


def has_density(model: VAE) -> bool:
    return model.encode(rows_of([1, 4, 2])).posterior is not None


def measured(model: VAE) -> Evaluation:
    return evaluate(model, random_tokens(), FULL)


@every_family
def test_every_number_is_there_or_absent_and_none_is_made_up(name: str) -> None:
    model = vae(name)
    found = measured(model)
    s = found.scalars
    assert set(s) <= set(METRICS) and all(math.isfinite(value) for value in s.values())
    if not has_density(model):
        assert set(s) == {"reconstruction", "ppl_reconstruction", "rows"}
        assert found.kl_per_unit == found.mean_variance == []
        return
    assert set(s) >= NEEDS_A_DENSITY
    assert s["elbo"] == pytest.approx(-(s["reconstruction"] + s["kl"]))
    assert s["kl"] >= 0 and s["mutual_information"] <= math.log(30) + 1e-9
    assert 1 <= s["ess"] <= 20
    assert ("active_units" in s) == bool(found.mean_variance)
    if name in (
        "vmf",
        "power_spherical",
    ):  # units of a sphere cannot be told apart by their variance
        assert "active_units" not in s


@every_family
def test_units_have_a_kl_each_or_none_has(name: str) -> None:
    """A KL that is no sum over units must not pass for that of a first unit."""
    model = vae(name)
    found, columns = measured(model), model.encode(rows_of([1, 4, 2])).kl.shape[1]
    if has_density(model) and columns > 1:
        assert len(found.kl_per_unit) == columns
        assert sum(found.kl_per_unit) == pytest.approx(found.scalars["kl"], rel=1e-5)
    else:
        assert found.kl_per_unit == []
    verdict = diagnose(found.scalars, found.kl_per_unit)
    assert (verdict is None) == ("kl" not in found.scalars)
    if verdict and not found.kl_per_unit:
        assert "dimensions" not in " ".join(verdict.words)


def test_a_code_on_the_sphere_that_tells_sentences_apart_is_healthy() -> None:
    found = measured(vae("vmf", size=50, kappa=100.0))
    assert found.scalars["mutual_information"] > 1
    assert diagnose(found.scalars, found.kl_per_unit).state != "collapsed"
    assert diagnose(found.scalars | {"mutual_information": 3.0}, []).state == "healthy"


@every_family
def test_importance_weighting_is_no_worse_than_the_bound(name: str) -> None:
    model, x = vae(name), rows_of(*sentences())
    if not has_density(model):
        with pytest.raises(ConfigError, match="set iw_samples to 0"):
            iw_nll(model, x, 10)
        return
    one = np.mean([iw_nll(model, x, 1, seed=seed).nll.mean() for seed in range(40)])
    many = iw_nll(model, x, 400).nll.mean()
    assert many <= one + 0.02


@every_family
def test_mutual_information_is_the_mean_log_ratio_to_the_mixture(name: str) -> None:
    model, x = vae(name), rows_of(*sentences())
    if not has_density(model):
        pytest.skip("a family without a density")
    with torch.inference_mode():
        latent = model.encode(x)
        pairs = torch.stack([latent.posterior.log_prob(z.expand(len(x), -1)) for z in latent.z])
        expected = (pairs.diagonal() - pairs.logsumexp(1)).mean().item() + math.log(len(x))
        # The large Gaussian and the general way take different roads.
        found = mutual_information(latent.posterior, latent.z).value
    assert found == pytest.approx(expected, abs=1e-3)


@every_family
def test_a_corpus_is_mapped_with_what_the_family_knows(name: str) -> None:
    model = vae(name)
    found = encode_corpus(model, random_tokens(20))
    assert found.codes.shape == (20, model.latent.size) and np.isfinite(found.codes).all()
    assert np.isfinite(found.reconstruction).all()
    assert np.isfinite(found.kl).all() if has_density(model) else np.isnan(found.kl).all()


@every_family
def test_sentences_are_reconstructed_with_draws_only_of_a_posterior(
    name: str, tokenizer: Tokenizer
) -> None:
    model = vae(name, tokenizer.vocab_size)
    for found in reconstruct(model, tokenizer, TEXTS, draws=2):
        assert math.isfinite(sum(found.token_nll))
        assert math.isnan(found.kl) == (not has_density(model))
        assert len(found.draws) == (2 if has_density(model) else 0)


@every_family
def test_sentences_are_drawn_from_the_prior_and_around_one_that_has_a_posterior(
    name: str, tokenizer: Tokenizer
) -> None:
    model = vae(name, tokenizer.vocab_size)
    drawn = from_prior(model, tokenizer, 5)
    assert len(drawn.texts) == 5 and len(drawn.codes[0]) == model.latent.size
    if has_density(model):
        assert len(around(model, tokenizer, TEXTS[0], 5).texts) == 5
    else:
        with pytest.raises(ConfigError, match="needs a posterior"):
            around(model, tokenizer, TEXTS[0], 5)


@every_family
def test_every_path_of_the_family_leads_from_one_sentence_to_the_other(
    name: str, tokenizer: Tokenizer
) -> None:
    model = vae(name, tokenizer.vocab_size)
    for path in (None, *model.latent.paths):
        found = between(model, tokenizer, TEXTS[0], TEXTS[1], 5, path)
        assert found.path == (path or model.latent.paths[0])
        assert len(found.steps) == 5 and np.isfinite(found.codes).all()
        for code, text in ((found.codes[0], TEXTS[0]), (found.codes[-1], TEXTS[1])):
            x = torch.tensor(tokenizer.encode([text]))
            assert code == pytest.approx(model.code(x)[0].tolist(), abs=1e-5)


def test_latent_tokens_turn_each_on_its_own(tokenizer: Tokenizer) -> None:
    model = vae("deterministic", tokenizer.vocab_size, tokens=3)
    found = between(model, tokenizer, TEXTS[0], TEXTS[1], 9, "norm-preserving")
    lengths = np.linalg.norm(np.reshape(found.codes, (9, 3, 4)), axis=-1)
    even = np.linspace(lengths[0], lengths[-1], 9)
    assert lengths == pytest.approx(even)
    whole = np.linalg.norm(found.codes, axis=-1)
    assert whole != pytest.approx(np.linspace(whole[0], whole[-1], 9), abs=1e-4)


def test_paths_between_proportions_are_made_of_proportions(tokenizer: Tokenizer) -> None:
    model = vae("logistic_gaussian", tokenizer.vocab_size)
    for path in model.latent.paths:
        codes = np.array(between(model, tokenizer, TEXTS[0], TEXTS[1], 7, path).codes)
        assert (codes >= 0).all() and codes.sum(1) == pytest.approx(1, abs=1e-5)


def test_information_of_proportions_is_that_of_their_logits() -> None:
    """A change of coordinates leaves mutual information and importance weights as they are."""
    model, x = vae("logistic_gaussian"), rows_of(*sentences())
    latent = model.encode(x)
    logits = model.latent.proportions.inv(latent.z)
    there = mutual_information(latent.posterior, latent.z)
    here = mutual_information(latent.posterior.base_dist, logits)
    assert there.value == pytest.approx(here.value, abs=1e-4)
    assert there.upper == pytest.approx(here.upper, abs=1e-4)


@pytest.mark.parametrize("settings", [{"mean": "batch_norm"}, {"variance_dropout": 0.3}])
def test_a_sentence_has_the_same_code_whatever_it_is_evaluated_with(settings: dict) -> None:
    model, tokens = vae("gaussian", **settings), random_tokens(30)
    model.train()
    model.encode(torch.from_numpy(tokens.rows(range(30))))
    together, alone = encode_corpus(model, tokens, batch=30), encode_corpus(model, tokens, batch=1)
    assert together.codes == pytest.approx(alone.codes, abs=1e-4)
    assert together.kl == pytest.approx(alone.kl, rel=1e-3)
    assert model.training
