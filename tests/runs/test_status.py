"""A status is true: what a dead worker left in its file is corrected by looking at the processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import DataError
from engine.runs.status import STOP_FILE, Status, StatusWriter, read_status, signed


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_finished_run_knows_what_ended_it() -> None:
    whole = Status(state="finished", step=40, total_steps=40)
    assert whole.ended_early == "" and whole.done == "has finished all its steps"
    told = Status(state="finished", step=9, total_steps=40, message="stopped by a rule at step 9")
    assert told.done == "has ended early, stopped by a rule at step 9"
    older = Status(state="finished", step=1200, total_steps=4000)  # from before it was written down
    assert older.ended_early == "stopped by the plateau rule at step 1,200 of 4,000"
    assert Status(state="stopped", step=9, total_steps=40, message="on request").ended_early == ""


def _write(folder: Path, **fields: object) -> None:
    StatusWriter(folder, Status()).write(**fields)


def _state(folder: Path) -> str:
    return read_status(folder).state


def test_a_run_whose_worker_lives_is_running(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    _write(tmp_path, state="running", **signed(sleeper.pid))
    assert _state(tmp_path) == "running"
    (tmp_path / STOP_FILE).touch()
    assert _state(tmp_path) == "stopping"


@pytest.mark.parametrize("state", ["queued", "running", "stopping"])
def test_a_run_whose_worker_is_a_zombie_or_gone_is_lost(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], state: str
) -> None:
    _write(tmp_path, state=state, step=7, eta_seconds=9.0, **signed(sleeper.pid))
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # dead, not reaped: a zombie
    assert _state(tmp_path) == "lost"
    sleeper.wait()
    status = read_status(tmp_path)
    assert status.state == "lost"
    assert "near step 7" in status.message
    assert status.eta_seconds is None


def test_a_run_whose_process_number_belongs_to_another_process_is_lost(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    born = signed(sleeper.pid)["process_created"]
    _write(tmp_path, state="running", **signed(sleeper.pid) | {"process_created": born - 60})
    assert _state(tmp_path) == "lost"


@pytest.mark.parametrize("state", ["finished", "failed", "stopped"])
def test_a_run_that_has_ended_stays_what_it_is(tmp_path: Path, state: str) -> None:
    _write(tmp_path, state=state, pid=2**22 + 1)
    (tmp_path / STOP_FILE).touch()
    assert _state(tmp_path) == state


def test_a_run_of_another_machine_is_judged_by_its_heartbeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, state="running", **signed(os.getpid()) | {"host": "elsewhere"})
    assert _state(tmp_path) == "running"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 120)
    assert _state(tmp_path) == "lost"


def test_a_run_that_nobody_started_is_lost_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, state="queued")
    assert _state(tmp_path) == "queued"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 120)
    assert "no worker was ever started" in read_status(tmp_path).message


def test_fields_of_a_later_version_are_ignored_and_wrong_ones_explained(tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text('{"state": "finished", "mood": "good"}')
    assert _state(tmp_path) == "finished"
    (tmp_path / "status.json").write_text('{"state": "bored"}')
    with pytest.raises(DataError, match="state"):
        read_status(tmp_path)


def test_notes_reach_the_file_with_the_next_write(tmp_path: Path) -> None:
    writer = StatusWriter(tmp_path, Status())
    writer.write(state="finished")
    writer.note(step=5)
    assert read_status(tmp_path).step == 0
    writer.write()
    assert read_status(tmp_path).step == 5


def test_progress_is_a_share_of_the_steps() -> None:
    assert Status(step=5, total_steps=20).progress == 0.25
    assert Status(step=5).progress is None
