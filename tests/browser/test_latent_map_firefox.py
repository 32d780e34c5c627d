"""The latent map in Firefox, where there is one: it draws, selects and tells Python."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from websockets.sync.client import ClientConnection, connect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FOUND = """
window.findMap ??= (root) => {
  for (const each of root.querySelectorAll("*")) {
    const found = each.latentMap ?? (each.shadowRoot && findMap(each.shadowRoot));
    if (found) return found;
  }
};
window.map = findMap(document);
"""


class Firefox:
    """As much of WebDriver BiDi as this file needs."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.numbers = count(1)
        self.errors: list[str] = []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded"])
        tree = self.call("browsingContext.getTree")
        self.tab = tree["contexts"][0]["context"]
        size = {"width": 1300, "height": 900}
        self.call("browsingContext.setViewport", context=self.tab, viewport=size)

    def call(self, method: str, **params: Any) -> Any:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            told = json.loads(self.socket.recv(timeout=60))
            if told.get("method") == "log.entryAdded" and told["params"]["level"] == "error":
                self.errors.append(told["params"]["text"])
            if told.get("id") == number:
                assert told["type"] == "success", told
                return told["result"]

    def open(self, url: str) -> None:
        self.call("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def ask(self, expression: str) -> Any:
        told = self.call(
            "script.evaluate",
            expression=f"{FOUND} JSON.stringify({expression})",
            target={"context": self.tab},
            awaitPromise=True,
        )
        assert told["type"] == "success", told
        return json.loads(told["result"].get("value", "null"))

    def until(self, condition: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.ask(f"Boolean({condition})"):
            assert time.monotonic() < deadline, f"waited in vain for {condition}"
            time.sleep(0.1)

    def picture(self) -> np.ndarray:
        shot = self.call("browsingContext.captureScreenshot", context=self.tab)["data"]
        return np.asarray(Image.open(BytesIO(base64.b64decode(shot))).convert("RGB"))


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    path = next(filter(None, map(shutil.which, ("firefox", "firefox-esr"))), None)
    if path is None:
        pytest.skip("no Firefox is installed")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [path, "--headless", "--no-remote", f"--remote-debugging-port={port}"]
    with (tmp_path / "firefox.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--profile", str(tmp_path), "about:blank"], stdout=log, stderr=log
        )
    try:
        with _connected(port) as session:
            yield Firefox(session)
    finally:
        process.terminate()
        process.wait(30)


def _connected(port: int) -> ClientConnection:
    deadline = time.monotonic() + 60
    while True:
        try:
            return connect(f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None)
        except OSError:
            assert time.monotonic() < deadline, "Firefox did not open its port"
            time.sleep(0.2)


def test_firefox_draws_selects_and_tells(firefox: Firefox, map_address: str) -> None:
    firefox.open(f"{map_address}/?n=20000")
    firefox.until("window.map?.rows && map.texts && !map.frame")
    assert (
        len({tuple(colour) for colour in firefox.picture()[200:800:7, 100:900:7].reshape(-1, 3)})
        > 50
    )
    outline = "[[200, 100], [600, 120], [580, 420], [220, 400]]"
    firefox.ask(f"map.selectInside(map.rows.panes[0], {outline}, 'replace') ?? 0")
    caught = firefox.ask("map.selectedCount")
    assert caught > 100
    firefox.until(f"document.body.innerText.includes('{caught:,} rows come back')")
    assert firefox.errors == []
