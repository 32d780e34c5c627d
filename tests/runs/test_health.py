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
