from __future__ import annotations

import math

import pytest

from engine.evaluation import EvaluationConfig
from engine.evaluation.aggregate import aggregate
from engine.evaluation.diagnosis import (
    FIXED_KL,
    FOR_THE_DECODER,
    ON_THE_KL,
    REMEDIES,
    Diagnosis,
    diagnose,
)
from engine.evaluation.report import evaluate
from engine.evaluation.swapping import swap_codes
from engine.metrics import METRICS
from engine.models.vae import VAE
from tests.evaluation.planted import one_word_sentences, planted
from tests.evaluation.test_families import vae
from tests.evaluation.tiny import random_tokens


def numbers(**changes: float) -> dict[str, float]:
    healthy = {
        "kl": 12.0,
        "mutual_information": 7.0,
        "active_units": 24.0,
        "mutual_information_n": 2000.0,
    }
    assert set(changes) <= set(METRICS)
    return healthy | changes


ALIVE = [0.4] * 24 + [0.001] * 8
IDLE = [0.001] * 29 + [0.05] * 3


@pytest.mark.parametrize(
    ("scalars", "units", "state"),
    [
        (numbers(), ALIVE, "healthy"),
        (numbers(kl=0.1, mutual_information=0.02, active_units=0.0), IDLE, "collapsed"),
        (numbers(kl=4.8, mutual_information=0.0), ALIVE, "collapsed"),
        (numbers(kl=3.0, active_units=0.0), ALIVE, "collapsed"),
        (numbers(kl=1.5, mutual_information=1.2), ALIVE, "weak"),
        (numbers(active_units=3.0), IDLE, "weak"),
        ({"kl": 9.0}, [], "healthy"),
        ({"kl": 0.2}, [], "collapsed"),
        (numbers(active_units=0.0), [], "collapsed"),
        (numbers(active_units=3.0), [], "healthy"),
        (numbers(kl=math.nan), ALIVE, "collapsed"),
    ],
)
def test_the_verdict_follows_from_what_the_code_carries(
    scalars: dict[str, float], units: list[float], state: str
) -> None:
    assert diagnose(scalars, units).state == state


def test_a_code_without_a_kl_is_not_judged() -> None:
    assert diagnose({"reconstruction": 12.0, "rows": 30.0}) is None


def shuffled(cost: float, se: float = 0.02, **changes: float) -> dict[str, float]:
    return numbers(z_shuffle=cost, z_shuffle_se=se, z_shuffle_n=500.0, **changes)


@pytest.mark.parametrize(
    ("scalars", "units", "state"),
    [
        (shuffled(9.0), ALIVE, "healthy"),
        (shuffled(0.1), ALIVE, "ignored"),
        (shuffled(0.1, mutual_information=1.2), ALIVE, "ignored"),
        (shuffled(0.4, 0.2), ALIVE, "weak"),  # not surely ignored
        (shuffled(1.5), ALIVE, "weak"),
        (shuffled(0.05, kl=0.1, active_units=0.0), IDLE, "collapsed"),
        (shuffled(9.0, kl=0.1), IDLE, "collapsed"),
        (shuffled(9.0, active_units=0.0), ALIVE, "weak"),  # small means, and yet they are heard
        ({"z_shuffle": 9.0, "z_shuffle_se": 0.3}, [], "healthy"),
        ({"z_shuffle": 0.2, "z_shuffle_se": 0.05}, [], "ignored"),
        ({"z_shuffle": 1.2}, [], "weak"),
    ],
)
def test_what_swapping_codes_costs_says_whether_the_decoder_listens(
    scalars: dict[str, float], units: list[float], state: str
) -> None:
    assert diagnose(scalars, units).state == state


def test_the_cost_of_swapped_codes_is_told_with_its_error() -> None:
    said = diagnose(shuffled(0.104, 0.031), ALIVE).words[-1]
    assert said == (
        "Swapping codes between sentences changes reconstruction by 0.10 nats (standard error 0.03, "
        "500 sentences)."
    )
    assert "by 91.5 nats." in diagnose({"z_shuffle": 91.54}).words[-1]


def measured(model: VAE) -> Diagnosis:
    """The verdict on a planted model, from its own numbers."""
    tokens = one_word_sentences(1000)
    found = evaluate(model, tokens, EvaluationConfig(mi_rows=1000, mi_batch=64))
    swap = swap_codes(model, tokens, aggregate(model, tokens, None))
    return diagnose(found.scalars | swap.scalars(), found.kl_per_unit)


def test_planted_posteriors_are_recognised() -> None:
    dead = measured(planted(live=0))
    assert dead.state == "collapsed"
    assert "8 of 8 dimensions carry under 0.01 nats." in dead.words
    assert any("changes reconstruction by 0.00 nats (" in line for line in dead.words)
    half = measured(planted(live=4))
    assert half.state == "healthy" and "4 of 8 dimensions carry under 0.01 nats." in half.words
    assert "The posterior mean moves in 4 of 8 dimensions." in half.words
    alive = measured(planted())
    assert alive.state == "healthy" and alive.remedies == []
    assert "0 of 8 dimensions carry under 0.01 nats." in alive.words
    assert any("Code and sentence share 4.1" in line for line in alive.words)  # ln 64 = 4.16
    ignored = measured(planted(heard=False))
    assert ignored.state == "ignored" and "alive but ignored" in ignored.words[0]
    assert any("share 4.1" in line for line in ignored.words)
    assert any("changes reconstruction by 0.00 nats (" in line for line in ignored.words)


def test_who_is_alive_but_ignored_is_told_what_makes_the_decoder_listen() -> None:
    told = diagnose(shuffled(0.1), ALIVE, used=["annealing"])
    assert told.remedies == ["word_dropout", "bag_of_words"] and len(told.advice) == 2
    assert diagnose(shuffled(0.1), ALIVE, used=FOR_THE_DECODER).remedies == []


def test_a_code_without_a_kl_is_judged_by_swapping_alone() -> None:
    tokens, model = random_tokens(30), vae("deterministic")
    cost = swap_codes(model, tokens, aggregate(model, tokens, None)).scalars()
    verdict = diagnose(cost, family="deterministic")
    assert verdict and len(verdict.words) == 2
    weak = diagnose({"z_shuffle": 1.2}, family="deterministic")
    assert not set(weak.remedies) & ON_THE_KL


def test_the_evidence_is_named() -> None:
    said = " ".join(
        diagnose(numbers(kl=0.15, mutual_information=0.05, active_units=3.0), IDLE).words
    )
    assert "The posterior has collapsed" in said
    assert "29 of 32 dimensions carry under 0.01 nats" in said
    assert "KL is 0.15 nats" in said
    assert "moves in 3 of 32 dimensions" in said
    assert "share 0.05 nats" in said


def test_a_kl_that_is_paid_for_nothing_is_called_that() -> None:
    said = " ".join(diagnose(numbers(kl=4.8, mutual_information=0.0), ALIVE).words)
    assert "offset from the prior" in said


def test_an_estimate_at_its_cap_is_called_a_lower_bound() -> None:
    said = " ".join(diagnose(numbers(kl=30.0, mutual_information=7.55), ALIVE).words)
    assert "7.55 nats or more: 2000 rows can show no more than 7.60" in said


def test_remedies_are_suggested_only_to_the_ill_and_only_new_ones() -> None:
    assert diagnose(numbers(), ALIVE).remedies == []
    ill = diagnose(numbers(kl=0.1), IDLE, used=["annealing"])
    assert ill.remedies == ["free_bits", "aggressive", "word_dropout"]
    assert len(ill.advice) == 3


def test_where_the_kl_is_a_setting_no_remedy_on_its_price_is_suggested() -> None:
    ill = diagnose({"kl": 4.7, "mutual_information": 0.1}, family="vmf")
    assert ill.remedies == ["aggressive", "word_dropout"]


def test_every_suggested_remedy_exists() -> None:
    from engine.models.latents import LATENTS
    from engine.objectives.remedies import REMEDIES as THERE

    assert set(REMEDIES) <= set(THERE) and set(REMEDIES) >= ON_THE_KL
    assert set(FOR_THE_DECODER) <= set(THERE)
    assert set(LATENTS) >= FIXED_KL
