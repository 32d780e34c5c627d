"""The launcher, against workers that are not ours: it starts, finds, stops, kills and reaps them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from engine.config import RunBusy
from engine.runs import files, launcher, store
from engine.runs.status import STOP_FILE, Status, StatusWriter

pytestmark = pytest.mark.usefixtures("home")
CONFIG = {"data": {"name": "toy"}}

OBEDIENT = """
import json, os, pathlib, signal, sys, time
sys.path.insert(0, os.getcwd())
from engine.runs import files, store
from engine.runs.status import StatusWriter
run = store.find(sys.argv[1])
with files.locked(run.path / ".lock"):
    writer = StatusWriter(run.path, run.status())
def stop(*_):
    writer.write(state="stopped", activity="")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
writer.write(state="running", activity="training", step=3)
print("training", os.environ["ZSCAPE_HOME"], flush=True)
time.sleep(60)
"""
DEAF = OBEDIENT.replace("signal.signal(signal.SIGTERM, stop)", "signal.signal(15, signal.SIG_IGN)")


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], store.Run]:
    """A run whose worker is the given program."""

    def prepare(code: str) -> store.Run:
        script = tmp_path / "worker.py"
        script.write_text(code)
        monkeypatch.setattr(
            launcher, "command", lambda run: [sys.executable, str(script), str(run.path)]
        )
        return store.create(CONFIG, "mine")

    return prepare


def _wait_for(run: store.Run, *states: str, seconds: float = 15) -> Status:
    end = time.monotonic() + seconds
    while (status := run.status()).state not in states:
        assert time.monotonic() < end, f"still {status.state}; log: {run.log()}"
        time.sleep(0.05)
    return status


def test_a_worker_is_started_found_stopped_and_reaped(worker: Callable[[str], store.Run]) -> None:
    run = worker(OBEDIENT)
    pid = launcher.start(run)
    assert run.status().state in ("queued", "running")
    assert run.status().pid == pid
    _wait_for(run, "running")
    with pytest.raises(RunBusy, match="is running already"):
        launcher.start(run)
    launcher.stop(run)
    _wait_for(run, "stopped")
    _until_gone(pid)
    assert str(store.home()) in run.log()
    with pytest.raises(RunBusy, match="is stopped; only a run with a worker"):
        launcher.stop(run)
    launcher.resume(run)
    _wait_for(run, "running")
    launcher.kill(run)


def _until_gone(pid: int) -> None:
    end = time.monotonic() + 5
    while psutil.pid_exists(pid):
        assert time.monotonic() < end, "left as a zombie"
        time.sleep(0.02)


def test_a_worker_leads_a_session_of_its_own(worker: Callable[[str], store.Run]) -> None:
    run = worker(OBEDIENT)
    pid = launcher.start(run)
    facts = Path(f"/proc/{pid}/stat")
    if facts.exists():
        assert int(facts.read_text().rsplit(")", 1)[1].split()[3]) == pid
    launcher.kill(run)


def test_a_worker_that_does_not_listen_stays_stopping_until_it_is_killed(
    worker: Callable[[str], store.Run],
) -> None:
    run = worker(DEAF)
    pid = launcher.start(run)
    _wait_for(run, "running")
    launcher.stop(run)
    launcher.stop(run)
    time.sleep(0.3)
    assert run.status().state == "stopping"
    launcher.kill(run)
    status = run.status()
    assert status.state == "stopped"
    assert "killed on request" in status.message
    assert not (run.path / STOP_FILE).exists()
    _until_gone(pid)


def test_a_worker_that_dies_at_once_is_lost_and_its_words_are_in_the_log(
    worker: Callable[[str], store.Run],
) -> None:
    run = worker("raise SystemExit('no such luck')")
    launcher.start(run)
    status = _wait_for(run, "lost")
    assert "before the first step" in status.message
    assert run.log() == "no such luck"
    launcher.resume(run)
    _wait_for(run, "lost")


def test_a_worker_killed_from_outside_is_lost(worker: Callable[[str], store.Run]) -> None:
    run = worker(OBEDIENT)
    pid = launcher.start(run)
    _wait_for(run, "running")
    psutil.Process(pid).send_signal(signal.SIGKILL)
    status = _wait_for(run, "lost")
    assert "near step 3" in status.message


def test_a_stop_before_the_worker_listens_is_left_as_a_file(
    worker: Callable[[str], store.Run],
) -> None:
    run = worker("import time; time.sleep(60)")
    launcher.start(run)
    launcher.stop(run)
    assert run.status().state == "stopping"
    assert (run.path / STOP_FILE).exists()
    launcher.kill(run)


def test_a_run_without_a_worker_is_stopped_by_its_status_alone() -> None:
    run = store.create(CONFIG)
    launcher.stop(run)
    assert run.status().state == "stopped"


def test_a_finished_run_is_not_started_again() -> None:
    run = store.create(CONFIG)
    StatusWriter(run.path, Status()).write(state="finished")
    with pytest.raises(RunBusy, match="finished all its steps; clone it"):
        launcher.resume(run)


def test_a_signal_never_reaches_a_stranger_with_the_workers_number(
    worker: Callable[[str], store.Run],
) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    status = Status(state="running", pid=stranger.pid, process_created=1.0)
    launcher._signal(status, signal.SIGKILL)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_the_demonstration_run_is_not_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "ROOT", tmp_path)
    folder = tmp_path / "assets" / "demo_run"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    files.write_json(folder / "status.json", {"state": "stopped"})
    with pytest.raises(RunBusy, match="read-only: you cannot train it"):
        launcher.resume(store.find("demo"))


def test_the_worker_is_started_by_the_command_line(tmp_path: Path) -> None:
    run = store.Run(tmp_path)
    assert launcher.command(run) == [sys.executable, "-m", "engine", "worker", str(tmp_path)]
