"""Twenty browser sessions interpolate at once on the demonstration run: how long each waits, and that none is lost.

    python -m tests.benchmarks.sessions

The app runs as a user starts it; a session is what a browser tab is to the server, a web socket that speaks
Streamlit's own messages. Each opens Interpolate, and in every round all of them type another A and B at the
same moment. An answer is there when the element that shows the path has arrived with the right ends. Every
pair is asked for once, so that nothing comes from a cache. Beside it: one session alone.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[2]
TARGET_SECONDS = 1.5
PATIENCE = 60.0
WORDS = [
    "list",
    "file",
    "array",
    "string",
    "value",
    "index",
    "module",
    "class",
    "object",
    "path",
    "table",
    "axis",
    "image",
    "key",
    "tree",
    "row",
]


def sentences(count: int, seed: int) -> list[str]:
    """Different short sentences of the kind that the demonstration has read."""
    verbs = ("Return the", "Compute the", "Create a", "Remove the", "Test the")
    parts = list(itertools.product(verbs, WORDS, WORDS))
    return [
        f"{verb} {first} of the {second}."
        for verb, first, second in random.Random(seed).sample(parts, count)
    ]


@contextmanager
def app(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The app in a process of its own, on a free port; yields host and port, and the process."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "app.serve", "--server.port", place.split(":")[1]]
    environment = os.environ | {"ZSCAPE_HOME": str(home)}
    started = subprocess.Popen(
        [*command, "--server.headless", "true"], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _until_ready(f"http://{place}/_stcore/health", started)
        yield place, psutil.Process(started.pid)
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(30)


def _until_ready(url: str, started: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            if started.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the app did not start") from None
            time.sleep(0.2)


class Session:
    """One tab: its socket, and the fields of the page by their keys."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.fields: dict[str, str] = {}

    async def open(self, a: str, b: str) -> None:
        """Load the page as a link to it does."""
        message = BackMsg()
        message.rerun_script.page_name = "interpolate"
        message.rerun_script.query_string = ""
        await self.connection.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            await self._hear(None)
        await self.ask(a, b)

    async def ask(self, a: str, b: str) -> float:
        """Type two sentences; seconds until their path has arrived."""
        began = time.perf_counter()
        message = BackMsg()
        message.rerun_script.page_name = "interpolate"
        for key, text in (("a", a), ("b", b)):
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.string_value = self.fields[key], text
        await self.connection.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            return await self._hear((a, b)) - began

    async def _hear(self, pair: tuple[str, str] | None) -> float:
        """Read what the server says until the run has ended; when the path was there."""
        arrived = 0.0
        while True:
            message = ForwardMsg()
            message.ParseFromString(await self.connection.recv())  # type: ignore[arg-type]
            if message.WhichOneof("type") == "delta":
                self._note(message.delta.new_element)
                if self._is_path(message.delta.new_element):
                    arrived = time.perf_counter()
            elif message.WhichOneof("type") == "script_finished":
                # A run that was overtaken by the next one ends early.
                if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    continue
                if pair is not None and not arrived:
                    raise RuntimeError(f"no path from {pair[0]!r} to {pair[1]!r} came back")
                return arrived

    def _note(self, element: Any) -> None:
        if element.WhichOneof("type") == "text_input":
            key = element.text_input.label.lower()
            self.fields[key] = element.text_input.id

    @staticmethod
    def _is_path(element: Any) -> bool:
        if element.WhichOneof("type") != "bidi_component":
            return False
        found = element.bidi_component
        return found.component_name == "zscape_walk" and bool(json.loads(found.json)["tracks"])


async def rounds(
    place: str, server: psutil.Process, sessions: int, times: int, seed: int
) -> tuple[list[float], int, float]:
    """Seconds that each answer took, how many answers were lost, and processor seconds a round."""
    texts = iter(sentences(2 * sessions * (times + 1), seed))
    tabs = []
    for _ in range(sessions):
        connection = await connect(
            f"ws://{place}/_stcore/stream", origin=f"http://{place}", subprotocols=["streamlit"],  # type: ignore[arg-type,list-item]
            max_size=None, ping_interval=None,
        )  # fmt: skip
        tab = Session(connection)
        await tab.open(next(texts), next(texts))
        tabs.append(tab)
    seconds: list[float] = []
    lost, before = 0, _worked(server)
    for _ in range(times):
        asked = [tab.ask(next(texts), next(texts)) for tab in tabs]
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(answer, BaseException):
                lost += 1
            else:
                seconds.append(answer)
        await asyncio.sleep(1)
    worked = (_worked(server) - before) / times
    for tab in tabs:
        await tab.connection.close()
    return seconds, lost, worked


def _worked(server: psutil.Process) -> float:
    """Processor seconds that it has used: unlike the waits, these do not depend on who else is at work."""
    times = server.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Prints a Markdown table; exit status 1 where the target is missed or an answer is lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as home, app(Path(home)) as (place, server):
        found = {
            count: asyncio.run(rounds(place, server, count, options.rounds, count))
            for count in (1, options.sessions)
        }
    print(f"{os.cpu_count()} processors, load before {load:.1f}, {options.rounds} rounds\n")
    print("| sessions | median, s | 95th percentile, s | longest, s | lost | processor s a round |")
    print("|---|---|---|---|---|---|")
    for count, (seconds, lost, worked) in found.items():
        median, late = np.quantile(seconds, [0.5, 0.95])
        told = f"{median:.2f} | {late:.2f} | {max(seconds):.2f} | {lost} | {worked:.2f}"
        print(f"| {count} | {told} |")
    raise SystemExit(int(late > TARGET_SECONDS or lost > 0))


if __name__ == "__main__":
    main()
