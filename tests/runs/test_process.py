"""Real worker processes: found again, stopped, killed, queued, and gone on with as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from engine.data.writing import Draft
from engine.runs import files, launcher, store, worker

pytestmark = pytest.mark.slow
MakeRun = Callable[..., store.Run]
LONG: dict[str, Any] = {"epochs": 10, "batch_size": 4, "plateau": None}
TIMING = ["seconds", "train/tokens_per_second"]


@pytest.fixture
def launched() -> Iterator[Callable[[store.Run], int]]:
    """Starts workers, and leaves none behind."""
    runs = []

    def start(run: store.Run) -> int:
        runs.append(run)
        return launcher.start(run)

    yield start
    for run in runs:
        if run.status().live:
            launcher.kill(run)


def until(run: store.Run, condition: Callable[[], bool], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{run.status()}\n{run.log()}"
        time.sleep(0.02)


def until_state(run: store.Run, state: str, seconds: float = 180) -> float:
    start = time.monotonic()
    until(run, lambda: run.status().state == state, seconds)
    return time.monotonic() - start


def reached(run: store.Run, step: int) -> Callable[[], bool]:
    return lambda: any(
        record["step"] >= step for record in files.read_records(run.path / "metrics.jsonl")
    )


def untimed(run: store.Run) -> list[dict[str, Any]]:
    records = files.read_records(run.path / "metrics.jsonl")
    return [{key: record[key] for key in record if key not in TIMING} for record in records]


def test_a_stopped_worker_goes_on_exactly_in_another_process(
    make_run: MakeRun, launched: Callable[[store.Run], int]
) -> None:
    whole, parts = make_run("whole", **LONG), make_run("parts", **LONG)
    first = launched(parts)
    until(parts, reached(parts, 40))
    launcher.stop(parts)
    assert until_state(parts, "stopped") < 5
    stopped_at = parts.status().step
    assert 40 <= stopped_at < 240
    assert launched(parts) != first
    until_state(parts, "finished")
    assert parts.status().sessions == 2
    assert f"going on from step {stopped_at}" in parts.log(10_000)
    assert "Traceback" not in parts.log(10_000)
    assert worker.work(whole).state == "finished"
    assert untimed(parts) == untimed(whole)
    assert parts.probes() == whole.probes()


def test_a_killed_worker_is_lost_and_goes_on_exactly_from_its_last_checkpoint(
    make_run: MakeRun, launched: Callable[[store.Run], int]
) -> None:
    whole = make_run("whole", **LONG, checkpoint_every=30)
    parts = make_run("parts", **LONG, checkpoint_every=30)
    pid = launched(parts)
    until(parts, reached(parts, 80))
    os.kill(pid, signal.SIGKILL)
    until_state(parts, "lost")
    killed_at = parts.metrics()["step"].max()
    saved_at = files.read_json(parts.checkpoint("last") / "training.json")["step"]
    assert 60 <= saved_at <= killed_at + 4
    assert killed_at - saved_at <= 34
    launched(parts)
    until_state(parts, "finished")
    assert worker.work(whole).state == "finished"
    assert untimed(parts) == untimed(whole)


def test_a_worker_stops_within_seconds_while_it_validates(
    make_run: MakeRun, launched: Callable[[store.Run], int]
) -> None:
    run = make_run()
    config = run.config()
    config["data"] |= {"name": _many_sentences()}
    config["evaluation"] |= {"iw_samples": 4000, "iw_validations": True}
    files.write_json(run.path / "config.json", config)
    launched(run)
    until(run, lambda: run.status().activity.startswith("validating: import"))
    before = run.status().heartbeat
    until(run, lambda: run.status().heartbeat != before, seconds=10)  # it beats meanwhile
    launcher.stop(run)
    assert until_state(run, "stopped") < 10
    assert run.status().step == 6


def _many_sentences() -> str:
    """A data set with so many validation sentences that measuring them takes a while."""
    words = random.Random(0)
    with Draft("many") as draft:
        draft.add({"text": [" ".join(words.choices("abcdefgh", k=8)) for _ in range(5000)]})
        return draft.finish(title="Many", source="made for a test").name


def test_a_second_run_waits_its_turn_without_torch(
    make_run: MakeRun, launched: Callable[[store.Run], int]
) -> None:
    first, second, third = make_run("first", **LONG), make_run("second"), make_run("third")
    launched(first)
    until(first, reached(first, 4))
    pid = launched(second)
    until(second, lambda: launcher.position(second) == 1)
    launched(third)
    until(third, lambda: launcher.position(third) == 2)
    maps = psutil.Process(pid).memory_maps()
    assert not any("libtorch" in entry.path for entry in maps)
    launcher.stop(second)
    assert until_state(second, "stopped") < 5
    until(third, lambda: launcher.position(third) == 1)
    launcher.stop(first)
    until_state(third, "finished")
    assert launcher.position(third) is None


def test_a_broken_config_fails_the_run_with_a_sentence(
    make_run: MakeRun, launched: Callable[[store.Run], int]
) -> None:
    run = make_run(batch_size=0)
    launched(run)
    until_state(run, "failed")
    assert "training.batch_size" in run.status().message
    assert "Traceback" not in run.log()
    assert "training.batch_size" in run.log()
