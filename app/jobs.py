"""Slow work of the app in background threads: progress, time left, Cancel; survives navigation and reload.

A job is known by a key that says what it makes ("data:docstrings"), so a second page or browser tab
finds the one that is running. Threads here never touch Streamlit: pages poll ``find``. Training is
no job of this kind: it is a process of its own (engine.runs).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.config import EngineError

Progress = Callable[..., None]


class Cancelled(EngineError):
    """The user stopped it."""


@dataclass
class Job:
    """One piece of background work, as a page sees it."""

    key: str
    title: str
    done: int = 0
    total: int | None = None
    what: str = ""
    state: str = "running"
    result: Any = None
    error: BaseException | None = None
    started: float = field(default_factory=time.monotonic)  # what it is at now, not the whole job
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def live(self) -> bool:
        """Still at work."""
        return self.state == "running"

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None while nobody knows."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def seconds_left(self) -> float | None:
        """Of what it is at now, estimated from the pace so far; None until there is a pace."""
        elapsed = time.monotonic() - self.started
        if not self.share or elapsed < 1:
            return None
        return elapsed * (1 - self.share) / self.share

    def progress(self, done: int, total: int | None = None, what: str = "") -> None:
        """Called by the work; the place where Cancel takes effect."""
        if self.cancelled.is_set():
            raise Cancelled(f"{self.title}: stopped before it was done; nothing was kept")
        if what and what != self.what:
            self.started, self.what = time.monotonic(), what
        self.done, self.total = done, total


_jobs: dict[str, Job] = {}
_lock = threading.Lock()


def start(key: str, title: str, work: Callable[[Progress], Any]) -> Job:
    """Begin ``work(progress)`` in a thread, or return the job of this key that is already running."""
    with _lock:
        job = _jobs.get(key)
        if job and job.live:
            return job
        job = _jobs[key] = Job(key, title)
    threading.Thread(target=_run, args=(job, work), name=f"job {key}", daemon=True).start()
    return job


def _run(job: Job, work: Callable[[Progress], Any]) -> None:
    try:
        job.result = work(job.progress)
        job.state = "done"
    except Cancelled as error:
        job.error, job.state = error, "cancelled"
    except BaseException as error:  # shown by the page that polls; a thread has nobody to raise to
        job.error, job.state = error, "failed"


def find(key: str) -> Job | None:
    """The job of this key: running, or finished and not yet dismissed."""
    return _jobs.get(key)


def live(prefix: str = "") -> list[Job]:
    """Running jobs whose key begins with ``prefix``."""
    return [job for job in list(_jobs.values()) if job.live and job.key.startswith(prefix)]


def ended(prefix: str) -> list[Job]:
    """Finished, failed or cancelled jobs not yet dismissed, newest last."""
    return [job for job in list(_jobs.values()) if not job.live and job.key.startswith(prefix)]


def cancel(key: str) -> None:
    """Ask the job to stop at its next sign of progress."""
    if job := _jobs.get(key):
        job.cancelled.set()


def dismiss(key: str) -> None:
    """Forget a job that has ended."""
    with _lock:
        if (job := _jobs.get(key)) and not job.live:
            del _jobs[key]
