"""How a worker hears that it should stop: a signal, or a file that any process can leave."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from engine.runs.status import STOP_FILE


class StopRequested(BaseException):
    """Somebody asked the run to stop; not an Exception, so that nothing takes it for an error."""


class StopRequests:
    """Whether somebody asked; looked at between two steps, and by everything that reports progress."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / STOP_FILE
        self._signalled = False

    @property
    def made(self) -> bool:
        """Whether a stop has been asked for by now."""
        return self._signalled or self._file.exists()

    def check(self) -> None:
        """Raises StopRequested if a stop has been asked for."""
        if self.made:
            raise StopRequested

    def clear(self) -> None:
        """Forget the file, once the run has stopped."""
        self._file.unlink(missing_ok=True)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C ask to stop; a second Ctrl-C ends the worker at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self._hear) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._signalled = True
