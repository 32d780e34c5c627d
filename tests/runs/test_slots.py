"""Runs queue for a device: first come, first served, and the dead do not stand in line."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.config import ConfigError
from engine.runs import slots

pytestmark = pytest.mark.usefixtures("home")


class Waiter(threading.Thread):
    """Waits for a slot, notes that it has one, and keeps it until told to go."""

    def __init__(self, name: str, log: list[str]) -> None:
        super().__init__(daemon=True)
        self.run_path, self.log, self.leave = Path("/runs") / name, log, threading.Event()
        self.start()

    def run(self) -> None:
        with slots.slot("cpu", self.run_path, lambda: None):
            self.log.append(self.run_path.name)
            assert self.leave.wait(20)


def _until(condition: object, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def _line() -> list[str]:
    return [Path(path).name for path in slots.waiting("cpu")]


def test_runs_are_served_in_the_order_in_which_they_came() -> None:
    log: list[str] = []
    first = Waiter("a", log)
    _until(lambda: log == ["a"])
    others = []
    for number, name in enumerate("bcd", start=1):
        others.append(Waiter(name, log))
        _until(lambda number=number: len(_line()) == number)
    assert _line() == ["b", "c", "d"]
    assert slots.position(Path("/runs/c"), "cpu") == 2
    assert slots.position(Path("/runs/a"), "cpu") is None
    assert slots.before(Path("/runs/c"), "cpu") == ["/runs/a", "/runs/b"]
    for waiter, served in zip([first, *others], ["ab", "abc", "abcd", "abcd"], strict=True):
        waiter.leave.set()
        _until(lambda served=served: "".join(log) == served)
        waiter.join(5)


def test_as_many_run_at_once_as_there_are_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZSCAPE_SLOTS", "2")
    log: list[str] = []
    waiters = [Waiter(name, log) for name in "abc"]
    _until(lambda: len(log) == 2)
    time.sleep(3 * slots.POLL_SECONDS)
    assert len(log) == 2
    monkeypatch.setenv("ZSCAPE_SLOTS", "3")
    _until(lambda: len(log) == 3)
    for waiter in waiters:
        waiter.leave.set()
        waiter.join(5)


def test_fewer_slots_hold_back_new_runs_until_old_ones_have_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZSCAPE_SLOTS", "2")
    log: list[str] = []
    first = Waiter("a", log)
    _until(lambda: log == ["a"])
    second = Waiter("b", log)
    _until(lambda: log == ["a", "b"])
    monkeypatch.setenv("ZSCAPE_SLOTS", "1")
    third = Waiter("c", log)
    first.leave.set()
    first.join(5)
    time.sleep(3 * slots.POLL_SECONDS)
    assert log == ["a", "b"]
    second.leave.set()
    _until(lambda: log == ["a", "b", "c"])
    third.leave.set()


def test_a_device_has_a_queue_of_its_own() -> None:
    with (
        slots.slot("cpu", Path("/runs/a"), lambda: None),
        slots.slot("cuda:1", Path("/runs/b"), lambda: None),
    ):
        assert slots.waiting("cuda:1") == []


HOLD = """
import sys, time
from pathlib import Path
from engine.runs import slots
with slots.slot("cpu", Path("/runs/dead"), lambda: None):
    print("in", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_frees_its_slot_and_its_place() -> None:
    holder, waiter = (
        subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE) for _ in range(2)
    )
    _until(lambda: len(slots.waiting("cpu")) == 1)
    holder.kill(), waiter.kill()
    holder.wait(), waiter.wait()
    holder.stdout.close(), waiter.stdout.close()  # type: ignore[union-attr]
    assert slots.waiting("cpu") == []
    with slots.slot("cpu", Path("/runs/next"), lambda: None):
        pass


def test_waiting_can_be_given_up() -> None:
    def give_up() -> None:
        raise KeyboardInterrupt

    with slots.slot("cpu", Path("/runs/a"), lambda: None):
        with pytest.raises(KeyboardInterrupt), slots.slot("cpu", Path("/runs/b"), give_up):
            pass
        assert slots.waiting("cpu") == []


def test_the_number_of_slots_comes_from_the_environment_then_the_settings(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZSCAPE_SLOTS", raising=False)
    assert slots.slots() == 1
    (home / "settings.json").write_text('{"slots": 3}')
    assert slots.slots() == 3
    monkeypatch.setenv("ZSCAPE_SLOTS", "none")
    with pytest.raises(ConfigError, match="whole number of at least 1, got 'none'"):
        slots.slots()


def test_the_device_of_a_queue_is_the_one_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert slots.likely_device("cuda:1") == "cuda:1"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(slots.platform, "system", lambda: "Linux")
    assert slots.likely_device("auto") == "cpu"
