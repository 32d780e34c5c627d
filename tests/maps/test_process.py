"""A process that is followed: what it says is heard, and however it ends nothing of it is left."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from engine.config import EngineError
from engine.maps import process
from engine.maps.process import follow

Told = list[tuple[int, "int | None", str]]

# Stands in for the engine package, so that `python -m engine` is this program.
HEAD = """
import json, os, pathlib, subprocess, sys, time
def tell(*told): print(json.dumps(told), flush=True)
here = pathlib.Path(__file__).parent.parent
(here / "pid").write_text(str(os.getpid()))
(here / f".map.npz.{os.getpid()}-1.tmp").write_text("half")
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes the given code what is run; returns the folder that it writes to."""

    def prepare(code: str) -> Path:
        (tmp_path / "engine").mkdir()
        (tmp_path / "engine" / "__main__.py").write_text(HEAD + code)
        monkeypatch.setattr(process, "ROOT", tmp_path)
        monkeypatch.setattr(process, "TICK_SECONDS", 0.02)
        monkeypatch.delenv("PYTHONPATH", raising=False)
        return tmp_path

    return prepare


def gone(folder: Path) -> bool:
    """Whether the process has ended and been reaped, and its draft removed."""
    pid = int((folder / "pid").read_text())
    return not psutil.pid_exists(pid) and not list(folder.glob(".*.tmp"))


def test_progress_is_heard_and_the_request_reaches_the_process(
    program: Callable[[str], Path],
) -> None:
    folder = program(
        "asked = json.loads(sys.stdin.read())\n"
        "print('some library talks')\n"
        "tell(1, 2, asked['what']); tell(2, 2, ' '.join(sys.argv[1:])); tell(3, None, 'end')"
    )
    told: Told = []
    request = json.dumps({"what": "x" * 200_000})
    follow(["do", "it"], request, folder, lambda *heard: told.append(heard), "the map")
    heard = [(1, 2, "x" * 200_000), (2, 2, "do it"), (3, None, "end")]
    assert list(dict.fromkeys(told)) == [(0, None, "starting"), *heard]
    assert gone(folder)


def test_it_runs_alone_in_a_group_of_its_own_with_this_home(
    program: Callable[[str], Path], home: Path
) -> None:
    folder = program(
        "tell(os.getpgid(0) == os.getpid(), None, os.environ['ZSCAPE_HOME'])\n"
        "tell(int(os.environ['OMP_NUM_THREADS']), None, 'threads')"
    )
    told: Told = []
    follow([], "", folder, lambda *heard: told.append(heard), "the map")
    assert (1, None, str(home)) in told and (1, None, "threads") in told


def test_whoever_raises_in_progress_kills_the_process_and_all_that_it_started(
    program: Callable[[str], Path],
) -> None:
    folder = program(
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "tell(child.pid, None, 'begun')\ntime.sleep(60)"
    )
    seen: list[int] = []

    class Cancelled(EngineError):
        pass

    def cancel(done: int, total: int | None, what: str) -> None:
        if what == "begun":
            seen.append(done)
        if len(seen) > 3:  # silent by now: it is asked again and again all the same
            raise Cancelled("stopped")

    start = time.monotonic()
    with pytest.raises(Cancelled, match="stopped"):
        follow([], "", folder, cancel, "the map")
    assert time.monotonic() - start < 20 and gone(folder)
    _until(lambda: not _runs(seen[0]))


def _runs(pid: int) -> bool:
    """Whether a process is at work; somebody else's child is reaped by somebody else."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_what_the_user_can_mend_is_told_in_its_own_words(program: Callable[[str], Path]) -> None:
    folder = program("print('error: take fewer', file=sys.stderr)\nsys.exit(2)")
    with pytest.raises(EngineError, match="^take fewer$"):
        follow([], "", folder, lambda *_: None, "the map")
    assert gone(folder)


def test_a_bug_keeps_its_trace_in_the_log_and_its_last_line_in_the_message(
    program: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    folder = program("raise ZeroDivisionError('nought')")
    with pytest.raises(EngineError, match="ZeroDivisionError: nought; try other settings"):
        follow([], "", folder, lambda *_: None, "the map")
    assert "Traceback" in caplog.text and gone(folder)


def test_a_process_that_is_killed_from_outside_says_what_usually_helps(
    program: Callable[[str], Path],
) -> None:
    folder = program("tell(1, None, 'ready')\ntime.sleep(60)")

    def kill(done: int, total: int | None, what: str) -> None:
        if what == "ready":
            with suppress(ProcessLookupError):  # told again when it is gone
                os.kill(int((folder / "pid").read_text()), signal.SIGKILL)

    with pytest.raises(EngineError, match="ended from outside .SIGKILL.*take fewer sentences"):
        follow([], "", folder, kill, "the map")
    assert gone(folder)


def test_a_process_that_says_nothing_has_still_done_its_work(
    program: Callable[[str], Path],
) -> None:
    folder = program("os.close(1)\ntime.sleep(0.2)")
    told: Told = []
    follow([], "", folder, lambda *heard: told.append(heard), "the map")
    assert set(told) == {(0, None, "starting")} and gone(folder)
