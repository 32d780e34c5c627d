"""The app in a process of its own, and a real Chromium that looks at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


PATIENCE = 240_000  # milliseconds; a shared machine can be very slow
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's executable; skips in one line where there is none, fails where one is required."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = f"no browser for the browser tests: none of {', '.join(NAMES)} is installed"
        if os.environ.get("ZSCAPE_REQUIRE_BROWSER"):
            pytest.fail(f"{reason}, and ZSCAPE_REQUIRE_BROWSER is set")
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's ZSCAPE_HOME."""
    return tmp_path_factory.mktemp("browser") / "workspace"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A ZSCAPE_HOME that is this process's as well, so that runs can be planted in it."""
    home = tmp_path_factory.mktemp("browser") / "workspace"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCAPE_HOME", str(home))
        yield home


@pytest.fixture(scope="module")
def address(home: Path, chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, started as a user starts it, on a free port."""
    log = tmp_path_factory.mktemp("log") / "app.log"
    with serving([sys.executable, "-m", "app.serve"], home, log) as url:
        yield url
    _end_workers(home)


@pytest.fixture(scope="module")
def map_address(
    home: Path, chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A page with nothing but the latent map, under the app's own settings."""
    log = tmp_path_factory.mktemp("log") / "map.log"
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "tests/browser/map_app.py")]
    with serving(command, home, log, ROOT / "app") as url:
        yield url


@contextmanager
def serving(command: list[str], home: Path, log: Path, folder: Path = ROOT) -> Iterator[str]:
    """A server on a free port, until the block ends; yields its address."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*command, "--server.port", str(port), "--server.headless", "true"]
    environment = os.environ | {"ZSCAPE_HOME": str(home)}
    with log.open("wb") as out:
        app = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/_stcore/health", app, log)
        yield url
    finally:
        app.send_signal(signal.SIGTERM)
        app.wait(30)


def _end_workers(home: Path) -> None:
    """Workers outlive the app; a test that broke off must not leave one behind."""
    for status in home.glob("runs/*/status.json"):
        told = json.loads(status.read_text())
        if told["state"] in ("queued", "running") and told["pid"]:
            with suppress(ProcessLookupError):
                os.kill(told["pid"], signal.SIGKILL)


def _wait_for(url: str, app: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            assert app.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "the app did not start within a minute"
            time.sleep(0.1)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab that fails the test if a script of the page does."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    context.close()
    assert broken == []
