"""A process that is followed: its progress read line by line, its end awaited, its group killed on a word.

What takes a core for seconds has no place in the process that draws pages, and only a process can be
stopped in the midst of a library. It speaks on stdout, a line of JSON at a time; it ends with 0, with 2
and a sentence on stderr for what the user can mend, or with a trace.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from engine.config import ROOT, EngineError, home
from engine.data.corpus import Progress
from engine.runs.files import forget_drafts

TICK_SECONDS = 0.25
# One thread each: a map beside a training takes one core, and a seed gives one map.
ALONE = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
Told = tuple[int, "int | None", str]
logger = logging.getLogger(__name__)


def follow(
    arguments: Sequence[str], request: str, drafts: Path, progress: Progress, what: str
) -> None:
    """Run ``python -m engine`` with these arguments until it ends; kill it if ``progress`` raises.

    Args:
        arguments: of the command line.
        request: given to the process on stdin.
        drafts: the folder that it writes to; what it leaves half-written there is removed.
        progress: told what the process tells, and the same again a few times a second while it is
            silent, so that whoever raises in it is heard.
        what: what is being made, for messages ("the map").

    Raises:
        EngineError: the process failed or was killed; the message says why and what to do.
    """
    with tempfile.TemporaryFile() as errors, _start(arguments, request, errors) as process:
        try:
            for told in _told(process):
                progress(*told)
            _judge(process.wait(), errors, what)
        finally:
            _end(process)
            forget_drafts(drafts, process.pid)


def _start(arguments: Sequence[str], request: str, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile() as given:
        given.write(request.encode())
        given.seek(0)
        return subprocess.Popen(
            [sys.executable, "-m", "engine", *arguments],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            env=os.environ | ALONE | {"ZSCAPE_HOME": str(home())},
            start_new_session=True,
        )


def _told(process: subprocess.Popen[bytes]) -> Iterator[Told]:
    """What the process says, and its last words again at every tick, until it has ended."""
    last: Told = (0, None, "starting")
    rest, open_ = b"", True
    assert process.stdout is not None
    while open_ or process.poll() is None:
        lines: list[bytes] = []
        if not open_:
            with suppress(subprocess.TimeoutExpired):
                process.wait(TICK_SECONDS)
        elif select.select([process.stdout], [], [], TICK_SECONDS)[0]:
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            open_ = bool(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
        for told in filter(None, map(_heard, lines)):
            last = told
            yield told
        if not lines:
            yield last


def _heard(line: bytes) -> Told | None:
    """One line of progress; None where something else was printed."""
    try:
        done, total, what = json.loads(line)
        return int(done), total if total is None else int(total), str(what)
    except (ValueError, TypeError):
        return None


def _judge(code: int, errors: IO[bytes], what: str) -> None:
    """Nothing if the process has done its work, or what went wrong and what helps."""
    if code == 0:
        return
    errors.seek(0)
    said = errors.read().decode(errors="replace").strip()
    last = said.splitlines()[-1] if said else "it said nothing"
    if code == 2 and last.startswith("error: "):
        raise EngineError(last.removeprefix("error: "))
    if code < 0:
        name = signal.Signals(-code).name
        raise EngineError(
            f"the process that makes {what} was ended from outside ({name}), as happens where memory "
            "runs out; take fewer sentences, or principal components"
        )
    logger.error("the process that makes %s failed:\n%s", what, said)
    raise EngineError(
        f"the process that makes {what} failed: {last}; try other settings or fewer sentences"
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and what it has started, if it lives, and leave no zombie."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tell(done: int, total: int | None, what: str, stream: Any) -> None:
    """The other side: say how far it is, as one line."""
    stream.write(json.dumps([done, total, what]) + "\n")
    stream.flush()
