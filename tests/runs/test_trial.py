"""Runs on trial are in no list, and nothing of them stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.config import RunNotFound
from engine.runs import store
from engine.runs.status import Status, StatusWriter, signed
from engine.runs.trial import on_trial, trials

CONFIG = {"data": {"name": "toy"}}


def test_a_run_on_trial_is_nowhere_listed_and_gone_afterwards(home: Path) -> None:
    real = store.create(CONFIG, "real")
    with on_trial(CONFIG) as run:
        assert run.config() == CONFIG and run.status().state == "queued"
        assert [one.name for one in store.runs() if not one.read_only] == ["real"]
        with pytest.raises(RunNotFound) as missed:
            store.find(run.name)
        assert "there is real" in str(missed.value) and str(missed.value).count("dry-run") == 1
    assert not run.path.exists() and real.path.exists()


def test_nothing_stays_of_a_run_on_trial_that_is_broken_off(home: Path) -> None:
    with pytest.raises(KeyboardInterrupt), on_trial(CONFIG):
        raise KeyboardInterrupt
    assert list(trials().iterdir()) == []


def test_the_next_one_takes_away_what_killed_ones_left_and_no_other(home: Path) -> None:
    killed = store.create(CONFIG, "dry-run-1", folder=trials())
    signature = signed(os.getpid())
    StatusWriter(killed.path, Status()).write(**signature | {"process_created": 1.0})
    living = store.create(CONFIG, "dry-run-2", folder=trials())
    StatusWriter(living.path, Status()).write(**signature)
    with on_trial(CONFIG) as run:
        assert {path.name for path in trials().iterdir()} == {living.name, run.name}
