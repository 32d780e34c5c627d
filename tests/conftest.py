"""Every test has a home of its own and one thread, so that numbers do not depend on the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _session_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing that a test writes ends in the user's workspace."""
    os.environ["ZSCAPE_HOME"] = str(tmp_path_factory.mktemp("home"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh ZSCAPE_HOME for one test."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.setenv("ZSCAPE_HOME", str(folder))
    return folder
