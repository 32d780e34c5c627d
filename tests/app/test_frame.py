"""The frame: pages are found, nothing heavy is loaded before a page paints."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from app.navigation import ENTRIES, FOLDER, PAGES

ROOT = Path(__file__).resolve().parents[2]


def test_every_page_file_has_one_line_in_the_navigation_and_back() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == set(ENTRIES)
    assert sum(len(section) for section in PAGES.values()) == len(ENTRIES)


def test_pages_stay_short() -> None:
    for entry in ENTRIES.values():
        assert len(Path(entry.path).read_text().splitlines()) <= 120, entry.stem


def test_pages_that_need_no_model_paint_without_torch(workshop: Path) -> None:
    code = f"""
import os, sys
os.environ.update(ZSCAPE_HOME={str(workshop)!r}, ZSCAPE_WARM_UP="0")
sys.path.insert(0, {str(ROOT)!r})
from streamlit.testing.v1 import AppTest
from app.navigation import ENTRIES
app = AppTest.from_file({str(ROOT / "app" / "main.py")!r}, default_timeout=60).run()
for stem in ("home", "data", "runs", "guide"):
    app.switch_page(ENTRIES[stem].path).run()
    assert not app.exception, app.exception
    assert "torch" not in sys.modules, stem
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_link_carries_run_and_checkpoint(page: Callable[..., AppTest], trained: Path) -> None:
    app = page("runs", run="tiny")
    app.session_state["link"] = True
    app.run()
    link = next(block.value for block in app.code if block.value.startswith("http"))
    assert "run=tiny" in link and "checkpoint=" in link
