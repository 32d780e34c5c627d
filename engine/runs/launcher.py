"""The launcher: starts workers, asks them to stop, and starts them again.

A worker is a process of its own session that shares nothing with its launcher but the run's folder: it
survives the app, and any later app or terminal finds it by the process named in status.json.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psutil

from engine.config import ROOT, EngineError, RunBusy, home
from engine.runs import slots
from engine.runs.files import write_atomic, write_json
from engine.runs.status import STARTING, STATUS_FILE, STOP_FILE, Status, signed, worker_lives
from engine.runs.store import LOG_FILE, Run, exclusive

KILL_SECONDS = 10.0


def start(run: Run) -> int:
    """Start a worker for a new run; it waits for a free slot by itself. Returns its process number."""
    with exclusive(run, "train"):
        status = run.status()
        if status.state == "finished":
            raise RunBusy(f"run {run.name!r} {status.done}; clone it to train more")
        if status.live and status.pid is not None:
            raise RunBusy(f"run {run.name!r} is {status.state} already; stop it first")
        (run.path / STOP_FILE).unlink(missing_ok=True)
        worker = _spawn(run)
        _sign(run, status, worker.pid)
    threading.Thread(target=worker.wait, name=f"reap {run.name}", daemon=True).start()
    return worker.pid


def resume(run: Run) -> int:
    """Go on from the last checkpoint of a stopped, failed or lost run; exactly so on a CPU."""
    return start(run)


def command(run: Run) -> list[str]:
    """What starts the worker of ``run``."""
    return [sys.executable, "-m", "engine", "worker", str(run.path)]


def _spawn(run: Run) -> subprocess.Popen[bytes]:
    environment = os.environ | {"ZSCAPE_HOME": str(home()), "PYTHONUNBUFFERED": "1"}
    with open(run.path / LOG_FILE, "ab") as log:
        return subprocess.Popen(
            command(run),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )


def _sign(run: Run, status: Status, pid: int) -> None:
    """Say who the worker is before it can speak: it waits for the lock that we hold."""
    try:
        fresh = {
            "state": "queued",
            "activity": STARTING,
            "message": "",
            "bug": False,
            "ended": None,
        }
        signature = fresh | signed(pid)
    except psutil.NoSuchProcess as error:
        raise EngineError(
            f"the worker of run {run.name!r} ended at once; its log.txt in {run.path} says why"
        ) from error
    write_json(run.path / STATUS_FILE, status.model_copy(update=signature).model_dump())


def stop(run: Run) -> None:
    """Ask a run to write a checkpoint and end; it does so within seconds, even while evaluating."""
    with exclusive(run, "stop"):
        status = _live(run)
        if status.pid is None:
            _write_stopped(run, status, "stopped before a worker was started")
            return
        write_atomic(run.path / STOP_FILE, "")
    if status.activity != STARTING:  # before that it has no handler, and finds the file anyway
        _signal(status, signal.SIGTERM)


def kill(run: Run) -> None:
    """End a run that does not stop, at once; what it did since its last checkpoint is lost."""
    with exclusive(run, "kill"):
        status = _live(run)
        _signal(status, signal.SIGKILL)
        deadline = time.monotonic() + KILL_SECONDS
        while worker_lives(status) and status.pid is not None:
            if time.monotonic() > deadline:
                raise RunBusy(f"run {run.name!r} cannot be killed from here (process {status.pid})")
            time.sleep(0.05)
        _write_stopped(run, status, "killed on request; it goes on from its last checkpoint")


def position(run: Run) -> int | None:
    """The place of a queued run in its queue, 1 being next; None if it does not wait."""
    status = run.status()
    return slots.position(run.path, status.device) if status.state == "queued" else None


def _live(run: Run) -> Status:
    status = run.status()
    if not status.live:
        raise RunBusy(
            f"run {run.name!r} is {status.state}; only a run with a worker can be stopped"
        )
    return status


def _signal(status: Status, number: signal.Signals) -> None:
    """Send a signal to the worker that wrote ``status``, never to a stranger with its number."""
    if status.pid is not None and worker_lives(status):
        try:
            psutil.Process(status.pid).send_signal(number)
        except psutil.NoSuchProcess:
            return


def _write_stopped(run: Run, status: Status, message: str) -> None:
    end = {"state": "stopped", "message": message, "activity": "", "ended": time.time()}
    write_json(run.path / STATUS_FILE, status.model_copy(update=end).model_dump())
    (run.path / STOP_FILE).unlink(missing_ok=True)
