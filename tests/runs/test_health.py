"""Whether a run's posterior is alive, from its records."""

from __future__ import annotations

import pytest

from engine.runs import files, health, store

pytestmark = pytest.mark.usefixtures("home")


def run_with(*records: dict[str, float | None]) -> store.Run:
    """A run with those records, trained with free bits."""
    run = store.create({"objective": {"remedies": [{"name": "free_bits"}]}})
    for record in records:
        files.append_record(run.path / "metrics.jsonl", record)
    return run


def test_a_run_without_a_validation_has_no_verdict() -> None:
    assert health.diagnosis(run_with()) is None
    assert health.diagnosis(run_with({"step": 1, "train/kl": 3.0})) is None
    assert health.diagnosis(run_with({"step": 1, "valid/kl": None})) is None


def test_the_last_validation_counts_and_a_remedy_in_use_is_not_suggested() -> None:
    validated = {"step": 4, "valid/kl": 0.01, "valid/active_units": 0.0}
    run = run_with({"step": 2, "valid/kl": 9.0}, validated, {"step": 6, "train/kl": 9.0})
    found = health.diagnosis(run)
    assert found is not None and found.state == "collapsed"
    assert found.remedies and "free_bits" not in found.remedies


def test_the_kl_of_each_unit_comes_from_the_probes_of_that_validation() -> None:
    run = run_with({"step": 2, "valid/kl": 9.0})
    for step in (1, 2):
        probe = {"step": step, "kl_per_unit": [9.0] * step}
        files.append_record(run.path / "probes.jsonl", probe)
    found = health.diagnosis(run)
    assert found is not None and "0 of 2 dimensions" in " ".join(found.words)


def ramp(*weights: float, validated: int = 40) -> list[dict[str, float | None]]:
    """A record every ten steps with its KL weight, and one validation."""
    rows: list[dict[str, float | None]] = [
        {"step": 10 * (at + 1), "train/kl_weight": w} for at, w in enumerate(weights)
    ]
    return [*rows, {"step": validated, "valid/kl": 3.0}]


def test_a_verdict_knows_its_moment() -> None:
    assert health.moment(run_with()) is None
    run = run_with(*ramp(0.2, 0.6, 1.0, 1.0))
    assert health.moment(run) == health.Moment(40, 40, 1.0, False)
    assert health.moment(run, 20) == health.Moment(20, 40, 0.6, True)
    assert health.moment(run, 30) == health.Moment(30, 40, 1.0, False)
    assert health.moment(run, 5) == health.Moment(5, 40, None, False)
    assert health.moment(run_with({"step": 1, "valid/kl": 3.0})) == health.Moment(1, 1, None, False)


def test_at_the_end_of_the_records_a_weight_rises_if_it_did_before() -> None:
    assert health.moment(run_with(*ramp(0.2, 0.4, validated=20))).rises
    assert not health.moment(run_with(*ramp(1.0, validated=10))).rises
