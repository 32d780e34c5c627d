from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.config import DataError
from engine.data.tokens import Tokens
from engine.evaluation import EvaluationConfig
from engine.evaluation.report import evaluate
from engine.metrics import METRICS
from tests.evaluation.tiny import Without, lstm_vae, random_tokens, tiny_vae, uniform_vae

FULL = EvaluationConfig(iw_samples=20, mi_rows=30, batch_size=16, mi_batch=8)


def test_every_number_has_an_entry_in_metrics() -> None:
    found = evaluate(lstm_vae(3), random_tokens(), FULL)
    assert set(found.scalars) <= set(METRICS)
    assert {"elbo", "kl", "reconstruction", "ppl", "active_units", "rows"} < set(found.scalars)
    assert {"nll_iw", "nll_iw_se", "ppl_iw", "iw_samples", "ess"} < set(found.scalars)
    assert {name for name in METRICS if name.startswith("mutual_information")} < set(found.scalars)
    assert found.record("valid")["valid/kl"] == found.scalars["kl"]
    assert all(isinstance(value, float) for value in found.scalars.values())


def test_the_parts_fit_together() -> None:
    tokens = random_tokens()
    found = evaluate(lstm_vae(3), tokens, FULL)
    s = found.scalars
    assert s["elbo"] == pytest.approx(-(s["reconstruction"] + s["kl"]))
    assert s["kl"] == pytest.approx(sum(found.kl_per_unit))
    assert len(found.kl_per_unit) == len(found.mean_variance) == 3
    predicted = tokens.lengths.sum() - len(tokens)
    assert math.log(s["ppl"]) * predicted == pytest.approx(-s["elbo"] * len(tokens))
    assert math.log(s["ppl_iw"]) * predicted == pytest.approx(s["nll_iw"] * len(tokens))
    assert s["mutual_information_n"] == 30
    assert s["mutual_information"] <= math.log(30)
    assert s["mutual_information"] < s["mutual_information_upper"]
    assert s["kl_aggregated"] >= 0
    assert s["rows"] == len(tokens)


def test_a_uniform_decoder_has_a_perplexity_of_the_vocabulary() -> None:
    s = evaluate(uniform_vae(), random_tokens(), FULL).scalars
    assert s["ppl"] == pytest.approx(7, rel=1e-5)
    assert s["ppl_iw"] == pytest.approx(7, rel=1e-5)
    assert s["kl"] == s["active_units"] == s["kl_aggregated"] == 0
    assert s["mutual_information"] == pytest.approx(0, abs=1e-9)
    assert s["ess"] == pytest.approx(20)


def test_what_has_no_chance_in_it_does_not_depend_on_the_batch_size() -> None:
    model, tokens = lstm_vae(3), random_tokens()
    one = evaluate(model, tokens, EvaluationConfig(batch_size=1))
    many = evaluate(model, tokens, EvaluationConfig(batch_size=1000))
    assert one.kl_per_unit == pytest.approx(many.kl_per_unit, rel=1e-5)
    assert one.mean_variance == pytest.approx(many.mean_variance, rel=1e-4)
    assert one.scalars["kl"] == pytest.approx(many.scalars["kl"], rel=1e-5)
    x = torch.from_numpy(tokens.rows(range(len(tokens))))
    model.eval()
    means = model.code(x).detach().double().numpy()
    assert one.mean_variance == pytest.approx(means.var(0, ddof=1), rel=1e-4)
    assert one.scalars["active_units"] == (means.var(0, ddof=1) >= 0.01).sum()


def test_the_seed_decides_every_number() -> None:
    model, tokens = lstm_vae(2), random_tokens()
    torch.manual_seed(1)
    first = evaluate(model, tokens, FULL).scalars
    torch.manual_seed(2)
    assert evaluate(model, tokens, FULL).scalars == first
    other = evaluate(model, tokens, FULL, seed=1).scalars
    assert other["elbo"] != first["elbo"] and other["kl"] == pytest.approx(first["kl"], rel=1e-6)


def test_dropout_is_off_and_training_goes_on_as_if_nothing_had_been_looked_at() -> None:
    model, tokens = lstm_vae(2), random_tokens()
    model.train()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    training = evaluate(model, tokens, FULL).scalars
    assert model.decoder.training
    assert torch.equal(torch.get_rng_state(), before)
    model.eval()
    assert evaluate(model, tokens, FULL).scalars == training


def test_in_batch_information_follows_the_batches_of_system_a() -> None:
    """Rows of one length, at most 8 at a time: capped at the size-weighted mean of ln(size)."""
    model = tiny_vae(2)
    with torch.no_grad():
        model.encoder.embedding.weight.mul_(100)
        model.latent.parameters_of.weight[2:] = 0
    rows = [[1, a, b, 2] for a in (4, 5, 6) for b in (4, 5, 6)] + [[1, 4, 2], [1, 5, 2], [1, 6, 2]]
    # A bag of words tells "4 5" and "5 4" alike: 6 of the 9 pairs differ, all three words do.
    found = evaluate(model, Tokens.of(rows), EvaluationConfig(mi_batch=32, batch_size=5)).scalars
    pairs = math.log(9) - 6 / 9 * math.log(2)
    expected = (9 * pairs + 3 * math.log(3)) / 12
    assert found["mutual_information_batch"] == pytest.approx(expected, abs=0.6)
    one = evaluate(model, Tokens.of(rows), EvaluationConfig(mi_batch=2)).scalars
    assert one["mutual_information_batch"] < math.log(2) + 0.6


def test_a_limit_takes_so_many_rows() -> None:
    s = evaluate(lstm_vae(2), random_tokens(), FULL, limit=7).scalars
    assert s["rows"] == s["mutual_information_n"] == 7


def test_one_sentence_can_be_evaluated_and_lacks_what_needs_two() -> None:
    s = evaluate(lstm_vae(2), random_tokens(1), FULL).scalars
    assert not {"active_units", "nll_iw_se", "mutual_information_upper"} & set(s)
    assert all(math.isfinite(value) for value in s.values())


def test_no_sentence_at_all_is_an_error() -> None:
    with pytest.raises(DataError, match="at least one sentence"):
        evaluate(lstm_vae(2), Tokens.of([]), FULL)


def test_what_needs_a_density_is_absent_without_one() -> None:
    model = tiny_vae(1)
    family = model.latent
    del model.latent
    model.latent = Without(family)  # type: ignore[assignment]
    found = evaluate(model, random_tokens(), FULL)
    assert set(found.scalars) == {"reconstruction", "ppl_reconstruction", "rows"}
    assert found.kl_per_unit == found.mean_variance == []


def test_progress_is_told() -> None:
    said: list[tuple[int, int | None, str]] = []
    evaluate(lstm_vae(2), random_tokens(), FULL, progress=lambda *args: said.append(args))
    assert {what for _, _, what in said} == {
        "evidence lower bound",
        "mutual information",
        "importance-weighted likelihood",
    }
    assert all(done <= (total or 0) for done, total, _ in said)
    assert [done for done, _, what in said if what == "evidence lower bound"][-1] == 60


def test_a_hopeless_model_has_an_infinite_perplexity_and_no_crash() -> None:
    model = tiny_vae(1)
    with torch.no_grad():
        model.decoder.table.weight[:, 2] = -1e4
    s = evaluate(model, random_tokens(), EvaluationConfig()).scalars
    assert s["ppl"] == math.inf and np.isfinite(s["elbo"])


def test_a_diverged_model_gives_numbers_that_are_not_numbers() -> None:
    model = tiny_vae(1)
    with torch.no_grad():
        model.decoder.table.weight.fill_(math.nan)
    s = evaluate(model, random_tokens(), EvaluationConfig()).scalars
    assert math.isnan(s["elbo"]) and math.isnan(s["ppl"]) and math.isfinite(s["kl"])
