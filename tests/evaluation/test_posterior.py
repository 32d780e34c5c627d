from __future__ import annotations

import math

import numpy as np
import pytest

from engine.config import DataError
from engine.evaluation import EvaluationConfig
from engine.evaluation.posterior import PosteriorReport, posterior_report
from engine.evaluation.report import evaluate
from engine.metrics import METRICS
from engine.models.latents import LATENTS
from tests.evaluation.planted import UNITS, one_word_sentences, planted
from tests.evaluation.test_families import has_density, vae
from tests.evaluation.tiny import lstm_vae, random_tokens


def report(model: object, **settings: object) -> PosteriorReport:
    return posterior_report(model, one_word_sentences(640), None, draws=500, **settings)  # type: ignore[arg-type]


def test_the_kl_falls_into_information_and_the_divergence_of_the_aggregate() -> None:
    scalars = report(planted()).scalars
    parts = scalars["mutual_information"] + scalars["kl_aggregated"]
    assert scalars["kl"] == pytest.approx(parts)
    assert scalars["mutual_information"] == pytest.approx(math.log(64), abs=0.05)
    assert scalars["mutual_information"] < scalars["mutual_information_upper"]


def test_planted_posteriors_are_drawn_as_they_are() -> None:
    found = report(planted(live=4))
    assert found.units.snr[:4] == pytest.approx(0.909, abs=0.01)
    assert found.units.snr[4:] == pytest.approx(0, abs=1e-6)
    assert np.array(found.kl_per_unit)[4:] == pytest.approx(0, abs=1e-6)
    assert (np.array(found.kl_per_unit)[:4] > 0.5).all()
    assert found.scalars["active_units"] == 4
    inside = (found.deviations.edges[:-1] <= 0.3) & (found.deviations.edges[1:] >= 0.3)
    assert found.deviations.counts[inside].sum() == 4 * 640
    assert found.deviations.counts.sum() == UNITS * 640
    assert found.diagnosis.state == "healthy" and found.absent == {}


def test_units_that_do_not_vary_correlate_with_nothing() -> None:
    found = report(planted(live=3, offset=0.5)).correlation
    assert found.shape == (UNITS, UNITS)
    assert np.diag(found)[:3] == pytest.approx(1) and found[3:].any() == np.False_
    model = lstm_vae(3)
    tokens = random_tokens(80)
    codes = posterior_report(model, tokens, None, draws=50).encoded.codes.double().numpy()
    expected = np.corrcoef(codes.T)
    assert posterior_report(model, tokens, None, draws=50).correlation == pytest.approx(expected)


@pytest.mark.parametrize("name", LATENTS)
def test_every_family_has_a_report_and_it_says_what_is_not_there(name: str) -> None:
    model, tokens = vae(name), random_tokens(120)
    found = posterior_report(model, tokens, 100, draws=200, swaps=50, family=name)
    assert set(found.scalars) <= set(METRICS)
    assert all(math.isfinite(value) for value in found.scalars.values())
    assert set(found.absent) <= {*METRICS, "units", "holes", "deviations", "kl_per_unit"}
    assert all(reason.endswith(".") for reason in found.absent.values())
    for attribute in ("units", "holes", "deviations"):
        missing = getattr(found, attribute) is None
        assert missing == (attribute in found.absent)
    for metric in ("kl", "mutual_information", "active_units", "covered_units"):
        reason = metric if metric != "covered_units" or has_density(model) else "holes"
        assert (metric in found.scalars) != (reason in found.absent)
    assert found.diagnosis is not None and len(found.encoded) == 100
    assert found.correlation.shape == (model.latent.size, model.latent.size)
    assert np.isfinite(found.correlation).all()


@pytest.mark.parametrize("name", ["gaussian", "bernoulli", "logistic_gaussian", "vmf"])
def test_it_says_what_an_evaluation_of_the_same_rows_says(name: str) -> None:
    model, tokens = vae(name), random_tokens(200)
    here = posterior_report(model, tokens, None, draws=100)
    there = evaluate(model, tokens, EvaluationConfig(mi_rows=200))
    assert here.scalars["kl"] == pytest.approx(there.scalars["kl"], rel=1e-5)
    assert here.kl_per_unit == pytest.approx(there.kl_per_unit, rel=1e-5)
    assert ("active_units" in here.scalars) == ("active_units" in there.scalars)
    assert here.scalars.get("active_units") == there.scalars.get("active_units")
    # Other draws of the same posteriors.
    for key in ("reconstruction", "mutual_information"):
        assert here.scalars[key] == pytest.approx(there.scalars[key], abs=0.35)


def test_the_seed_decides_and_progress_may_end_it() -> None:
    model, tokens = lstm_vae(2), random_tokens()
    first, again = (posterior_report(model, tokens, 30, draws=50).scalars for _ in "12")
    assert first == again

    def stop(done: int, total: int | None, what: str) -> None:
        raise InterruptedError(what)

    with pytest.raises(InterruptedError, match="encoding"):
        posterior_report(model, tokens, 30, progress=stop)


def test_one_sentence_is_too_few() -> None:
    with pytest.raises(DataError, match="at least two sentences"):
        posterior_report(lstm_vae(2), random_tokens(1), None)
