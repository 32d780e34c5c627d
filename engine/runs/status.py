"""Status: what a run is doing, told truthfully even when its worker can no longer tell.

The worker writes status.json. What a reader gets is checked against the world: a run whose process
has died, is a zombie, or whose process number now belongs to another process is "lost", whatever the
file says; a live one that was asked to stop is "stopping".
"""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any, Literal

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.config import DataError, explain
from engine.runs.files import read_json, write_json

State = Literal["queued", "running", "stopping", "finished", "failed", "stopped", "lost"]
LIVE: tuple[State, ...] = ("queued", "running", "stopping")
STATUS_FILE, STOP_FILE = "status.json", "stop"
STARTING = "starting"  # the activity before the worker listens to signals
SILENT_SECONDS = 30.0
CLOCK_TOLERANCE = 2.0


class Status(BaseModel):
    """What a run is doing, how far it is and what it costs; times are seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: State = "queued"
    message: str = ""
    bug: bool = False  # failed for a reason that the user cannot mend
    activity: str = ""
    step: int = 0
    total_steps: int | None = None
    epoch: int | None = None
    created: float | None = None
    started: float | None = None
    ended: float | None = None
    heartbeat: float | None = None
    pid: int | None = None
    process_created: float | None = None
    host: str = ""
    device: str = ""
    precision: str = ""
    tokens_per_second: float | None = None
    eta_seconds: float | None = None
    memory_mb: float | None = None
    device_memory_mb: float | None = None
    parameters: int | None = None
    sessions: int = 0
    preset: str = ""

    @property
    def live(self) -> bool:
        """Whether a worker is waiting, training or stopping right now."""
        return self.state in LIVE

    @property
    def progress(self) -> float | None:
        """Share of the steps that are done, 0 to 1; None while the total is unknown."""
        return min(1.0, self.step / self.total_steps) if self.total_steps else None

    @property
    def ended_early(self) -> str:
        """What ended a finished run before its last step, in words; nothing where nothing did."""
        if self.state != "finished" or self.total_steps is None or self.step >= self.total_steps:
            return ""
        # The worker says it since it can; before that only the plateau rule ended a run early.
        where = f"at step {self.step:,} of {self.total_steps:,}"
        return self.message or f"stopped by the plateau rule {where}"

    @property
    def done(self) -> str:
        """Why a finished run cannot go on, to be said after its name."""
        early = self.ended_early
        return f"has ended early, {early}" if early else "has finished all its steps"


def read_status(folder: Path) -> Status:
    """The status of the run in ``folder``, with its state checked against the living processes."""
    path = folder / STATUS_FILE
    if not path.exists():
        return Status(state="lost", message="this run has no status.json; resume it or delete it")
    try:
        status = Status.model_validate(read_json(path))
    except ValidationError as error:
        raise DataError(f"{path} must describe a run: {explain(error)}; delete it") from error
    return as_it_is(status, stop_requested=(folder / STOP_FILE).exists())


def as_it_is(status: Status, stop_requested: bool = False) -> Status:
    """``status`` with a state that a dead worker could not correct itself."""
    if not status.live:
        return status
    if worker_lives(status):
        return status.model_copy(update={"state": "stopping"}) if stop_requested else status
    lost = {"state": "lost", "message": _last_words(status), "activity": "", "eta_seconds": None}
    return status.model_copy(update=lost)


def _last_words(status: Status) -> str:
    if status.pid is None:
        return "no worker was ever started for it; resume it to start one"
    where = f"near step {status.step}" if status.step else "before the first step"
    return f"its worker ended without a word {where}; resume it from its last checkpoint"


def worker_lives(status: Status) -> bool:
    """Whether the process that wrote ``status`` is still there and is still the same one."""
    if status.pid is None or status.host != socket.gethostname():
        return time.time() - (status.heartbeat or 0.0) < SILENT_SECONDS
    try:
        process = psutil.Process(status.pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return False
        return abs(process.create_time() - (status.process_created or 0.0)) < CLOCK_TOLERANCE
    except psutil.NoSuchProcess:
        return False


def signed(pid: int) -> dict[str, Any]:
    """The fields of a status that say which process keeps it."""
    created = psutil.Process(pid).create_time()
    return {
        "pid": pid,
        "process_created": created,
        "host": socket.gethostname(),
        "heartbeat": time.time(),
    }


class StatusWriter:
    """The worker's side: values are kept in memory, written on every beat and every change of state."""

    def __init__(self, folder: Path, status: Status) -> None:
        self.folder = folder
        self.status = status
        self._lock = threading.RLock()

    def note(self, **changes: Any) -> None:
        """Change values without writing them: cheap enough for every step."""
        with self._lock:
            self.status = self.status.model_copy(update=changes)

    def write(self, **changes: Any) -> None:
        """Change values and write status.json at once."""
        with self._lock:
            self.note(**{"heartbeat": time.time()} | changes)
            write_json(self.folder / STATUS_FILE, self.status.model_dump())
