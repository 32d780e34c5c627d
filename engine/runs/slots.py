"""Slots: how many runs share a device, and who is next.

Every worker draws a ticket; the one with the oldest ticket takes a slot as soon as one is free. Tickets and
slots are files under ``home()/queue/<device>`` on which their owner holds a lock of the operating system,
so that a worker that dies, however it dies, leaves the queue and frees its slot at once. Waiting needs no
torch: a queued run costs a few megabytes.
"""

from __future__ import annotations

import fcntl
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.config import ConfigError, home
from engine.runs.files import read_json

POLL_SECONDS = 0.2


def slots() -> int:
    """How many runs may train on one device at once: ZSCAPE_SLOTS, else settings.json, else 1."""
    value = os.environ.get("ZSCAPE_SLOTS") or _settings().get("slots", 1)
    if not str(value).isdigit() or int(value) < 1:
        raise ConfigError(
            f"the number of slots per device must be a whole number of at least 1, got {value!r}; "
            f"set ZSCAPE_SLOTS or 'slots' in {home() / 'settings.json'}"
        )
    return int(value)


def _settings() -> dict[str, Any]:
    path = home() / "settings.json"
    return read_json(path) if path.exists() else {}


def likely_device(wanted: str) -> str:
    """The device that ``wanted`` ("auto", "cpu", "cuda:1" ...) will most likely mean, without torch."""
    if wanted != "auto":
        return "cuda:0" if wanted == "cuda" else wanted
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    if Path("/dev/nvidia0").exists() and not hidden:
        return "cuda:0"
    return "mps" if (platform.system(), platform.machine()) == ("Darwin", "arm64") else "cpu"


def waiting(device: str) -> list[str]:
    """The folders of the runs that wait for ``device``, first come first."""
    return [text for ticket in _tickets(device) if (text := _owner(ticket))]


def _owner(ticket: Path) -> str:
    """The folder written on a ticket or slot; nothing if its owner has just left the queue."""
    try:
        return ticket.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def position(run: Path, device: str) -> int | None:
    """The place of a run in its queue, 1 being next; None if it does not wait."""
    line = waiting(device)
    return line.index(str(run)) + 1 if str(run) in line else None


def before(run: Path, device: str) -> list[str]:
    """The folders of the runs that a waiting one waits for: those in a slot, then those ahead of it."""
    taken = [_owner(path) for path in _taken(device)]
    line = waiting(device)
    ahead = line[: line.index(str(run))] if str(run) in line else line
    return [text for text in taken if text] + ahead


@contextmanager
def slot(device: str, run: Path, check: Callable[[], None]) -> Iterator[None]:
    """Wait for a slot of ``device`` and keep it; ``check`` is called while waiting and may raise."""
    ticket, handle = _draw_ticket(device, run)
    try:
        while (held := _try_to_take(device, ticket, run)) is None:
            check()
            time.sleep(POLL_SECONDS)
    finally:
        ticket.unlink(missing_ok=True)
        os.close(handle)
    try:
        yield
    finally:
        os.close(held)


def _folder(device: str) -> Path:
    folder = home() / "queue" / device.replace(":", "-")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _draw_ticket(device: str, run: Path) -> tuple[Path, int]:
    """A locked ticket; it gets its visible name only when it is locked, so none looks abandoned."""
    name = f"{time.time_ns():020d}-{os.getpid()}"
    draft = _folder(device) / f".{name}"
    handle = os.open(draft, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.write(handle, str(run).encode())
    return draft.rename(_folder(device) / f"{name}.ticket"), handle


def _tickets(device: str) -> list[Path]:
    """The tickets whose owners live, oldest first; those of the dead are thrown away."""
    living = []
    for ticket in sorted(_folder(device).glob("*.ticket")):
        if _locked_by_another(ticket):
            living.append(ticket)
        else:
            ticket.unlink(missing_ok=True)
    return living


def _try_to_take(device: str, ticket: Path, run: Path) -> int | None:
    """The handle of a slot, if this ticket is the oldest and a slot is free."""
    line, allowed = _tickets(device), slots()
    if not line or line[0] != ticket or len(_taken(device)) >= allowed:
        return None
    places = (_folder(device) / f"slot-{number}.lock" for number in range(allowed))
    handles = (_try_lock(place, str(run)) for place in places)
    return next((handle for handle in handles if handle is not None), None)


def _taken(device: str) -> list[Path]:
    """The slots that somebody is in."""
    return [
        path for path in sorted(_folder(device).glob("slot-*.lock")) if _locked_by_another(path)
    ]


def _try_lock(path: Path, owner: str) -> int | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    os.write(handle, owner.encode())
    return handle


def _locked_by_another(path: Path) -> bool:
    """Whether somebody holds the lock; a shared try, so that two onlookers do not block each other."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)
