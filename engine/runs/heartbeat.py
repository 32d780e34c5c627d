"""The heartbeat: a thread that keeps status.json fresh while the worker is busy with something long."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import deque
from types import TracebackType
from typing import Any

import psutil

from engine.runs.status import StatusWriter, signed

BEAT_SECONDS = 2.0
logger = logging.getLogger(__name__)


class Heartbeat(threading.Thread):
    """Writes the status every two seconds, with memory and the time that is left."""

    def __init__(self, writer: StatusWriter) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._writer = writer
        self._pace = Pace()
        self._over = threading.Event()

    def __enter__(self) -> Heartbeat:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        """Beat until left; a full disk must end neither this nor the training, so it is logged."""
        while True:
            try:
                self._writer.write(**self._measured())
            except OSError as error:
                logger.warning("status.json could not be written: %s", error)
            if self._over.wait(BEAT_SECONDS):
                return

    def _measured(self) -> dict[str, Any]:
        status = self._writer.status
        if status.precision:  # known when the model is built: waiting and loading have no pace
            self._pace.add(status.step)
        memory = psutil.Process().memory_info().rss / 2**20
        # The signature again: a clock that was set moves the creation times of all processes.
        return signed(os.getpid()) | {
            "memory_mb": round(memory, 1),
            "device_memory_mb": _device_memory() if status.precision else None,
            "eta_seconds": self._pace.remaining(status.step, status.total_steps),
        }


def _device_memory() -> float | None:
    """What torch has taken of the GPU, in MiB; None without one."""
    torch = sys.modules.get("torch")  # whole by now, which it is not while it is being imported
    if torch is None or not torch.cuda.is_initialized():
        return None
    return round(torch.cuda.memory_reserved() / 2**20, 1)


class Pace:
    """How fast steps have gone lately, evaluations and checkpoints included."""

    def __init__(self, window: float = 120.0) -> None:
        self._window = window
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, step: int) -> None:
        """Note how far the run is now."""
        now = time.monotonic()
        self._seen.append((now, step))
        while len(self._seen) > 2 and self._seen[1][0] < now - self._window:
            self._seen.popleft()

    def remaining(self, step: int, total: int | None) -> float | None:
        """Seconds until ``total`` at the pace of the window; None while no pace is known."""
        if total is None or len(self._seen) < 2:
            return None
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        if last <= first:
            return None
        return round((total - step) * (end - start) / (last - first), 1)
