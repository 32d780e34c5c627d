from __future__ import annotations

import math

import pytest

from engine.evaluation.diagnosis import FIXED_KL, ON_THE_KL, REMEDIES, diagnose
from engine.metrics import METRICS


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
    assert set(LATENTS) >= FIXED_KL
