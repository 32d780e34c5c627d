"""Datasets, by name: published corpora are downloaded in the background, cancelled, or read from files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import jobs
from engine.data import library
from engine.data.corpus import Corpus, corpora
from engine.data.downloads import DOWNLOADS, fetching
from tests.data.published import SIZES, bodies, everything
from tests.data.publisher import Publisher

Open = Callable[..., AppTest]
BODIES = bodies()


@pytest.fixture
def publisher(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    with everything(monkeypatch) as server:
        yield server


def chosen(page: Open, name: str) -> AppTest:
    app = page("data")
    app.selectbox(key="published").set_value(name).run()
    assert not app.exception
    return app


def done() -> None:
    """Wait for the background work; no page is needed for it."""
    deadline = time.monotonic() + 30
    while jobs.live() and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.parametrize("name", ["yahoo", "snli"])
def test_a_published_data_set_shows_its_licence_and_what_its_files_are(
    page: Open, home: Path, name: str
) -> None:
    app = chosen(page, name)
    shown = " ".join(element.proto.body for element in app.get("html"))
    assert DOWNLOADS[name].licence.split("'")[0] in shown
    captions = " ".join(caption.value for caption in app.caption)
    assert all(file in captions for file in DOWNLOADS[name].wanted)


def test_a_download_runs_in_the_background_and_is_then_open(
    page: Open, publisher: Publisher
) -> None:
    app = chosen(page, "yelp")
    app.button(key="download-yelp").click().run()
    done()
    app = page("data")
    app.run()
    assert [card.name for card in corpora()] == ["yelp"]
    assert app.selectbox(key="data").value == "yelp"
    app.selectbox(key="published").set_value("yelp").run()
    assert app.button(key="open-yelp")
    assert Corpus.open("yelp").rows("train") == SIZES["train"]


def test_a_download_that_fails_says_why_and_how_to_do_without(
    page: Open, publisher: Publisher
) -> None:
    publisher.files.clear()
    app = chosen(page, "ptb")
    app.button(key="download-ptb").click().run()
    done()
    if not app.error:
        app.run()
    assert "404" in app.error[0].value and "by hand" in app.error[0].value
    assert corpora() == []


def test_a_cancelled_download_keeps_what_has_come_and_goes_on(
    page: Open, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go = threading.Event(), threading.Event()
    receive = fetching._receive

    def slowly(*arguments: Any) -> bool:
        reached.set()
        go.wait(10)
        return receive(*arguments)

    monkeypatch.setattr(fetching, "_receive", slowly)
    app = chosen(page, "yelp")
    app.button(key="download-yelp").click().run()
    assert reached.wait(10)
    assert page("home").run() and jobs.live("data:yelp")
    app.run()
    assert app.button(key="download-yelp").disabled
    app.button(key="cancel-data:yelp").click()
    jobs.cancel("data:yelp")
    go.set()
    done()
    app.run()
    if not app.info:
        app.run()
    assert any("goes on from there" in info.value for info in app.info)
    assert corpora() == []
    app.button(key="download-yelp").click().run()
    done()
    assert [card.name for card in corpora()] == ["yelp"]


def test_files_that_are_here_are_imported_by_their_path(
    page: Open, home: Path, tmp_path: Path
) -> None:
    for file, body in BODIES["ptb"].items():
        (tmp_path / file).write_bytes(body)
    app = chosen(page, "ptb")
    assert app.button(key="from-ptb-go").disabled
    app.text_input(key="from-ptb").set_value(str(tmp_path)).run()
    app.button(key="from-ptb-go").click().run()
    done()
    assert [card.name for card in corpora()] == ["ptb"]


def test_a_data_set_of_the_hub_is_asked_for_by_its_address(
    page: Open, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import data_by_name

    asked: list[tuple[str, Any]] = []

    def note(name: str, options: Any = None, progress: Any = None) -> Any:
        asked.append((name, options))
        raise library.DataError("enough")

    monkeypatch.setattr(data_by_name, "download", note)
    app = chosen(page, data_by_name.ANY)
    assert app.button(key="download-hub").disabled
    app.text_input(key="hub-address").set_value("nyu-mll/glue:sst2").run()
    app.text_input(key="hub-text").set_value("sentence").run()
    app.button(key="download-hub").click().run()
    done()
    name, options = asked[0]
    assert name == "hf:nyu-mll/glue:sst2"
    assert (options.text_column, options.label_column) == ("sentence", None)
