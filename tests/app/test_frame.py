"""The frame: pages are found, nothing heavy is loaded before a page paints."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import navigation
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


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("interpolte", "interpolate"),
        ("latent-maps", "latent_map"),
        ("dataset", "data"),
        ("myruns", "runs"),
        ("xyzzy", None),
    ],
)
def test_a_mistyped_address_has_a_nearest_page(address: str, meant: str | None) -> None:
    entry, certain = navigation.nearest(address)
    assert (entry and entry.stem) == meant and not certain


@pytest.mark.parametrize(
    ("address", "meant"), [("home", "home"), ("Runs", "runs"), ("new-run", "train")]
)
def test_an_address_that_says_a_page_in_other_letters_is_certain(address: str, meant: str) -> None:
    assert navigation.nearest(address) == (ENTRIES[meant], True)


def test_only_an_address_that_no_page_has_is_unknown() -> None:
    base = "http://localhost:8501"
    for known in ("", "/", "/runs", "/runs/", "/latent_map?run=demo", "/a%2Fb", "/%20"):
        assert navigation.unknown(base + known) == "", known
    assert navigation.unknown("") == ""
    assert navigation.unknown(f"{base}/interpolte/?run=demo") == "interpolte"
    assert navigation.unknown(f"{base}/t%C3%A9st") == "tést"
    assert navigation.unknown(f"{base}/home") == "home"


@pytest.fixture
def open_address(
    tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], AppTest]:
    """Opens an address that no page has, as a browser would."""

    def open_page(name: str) -> AppTest:
        monkeypatch.setattr(navigation, "unknown", lambda url: name)
        (tmp_path / f"{name}.py").touch()
        app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
        # Before its first run AppTest takes a page by the name of a file.
        return app.switch_page(str(tmp_path / f"{name}.py")).run()

    return open_page


def test_an_address_that_no_page_has_says_so_and_leads_on(
    open_address: Callable[[str], AppTest], said: Callable[[AppTest], str]
) -> None:
    app = open_address("interpolte")
    assert "There is no page 'interpolte'; did you mean Interpolate?" in said(app)
    assert [link.proto.page for link in app.get("page_link")] == ["interpolate", ""]
    app.run()
    assert "There is no page 'interpolte'" in said(app), "it stays through a rerun"


def test_an_address_in_other_letters_opens_its_page(
    open_address: Callable[[str], AppTest], said: Callable[[AppTest], str]
) -> None:
    app = open_address("Guide")
    assert "There is no page" not in said(app)
    assert app.title[0].value == "Guide"
