"""Starting the server: the warm-up begins with it, and flags reach Streamlit."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from app import serve, warmup
from engine.runs import store


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_the_warm_up_begins_before_the_server_and_flags_are_passed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[object] = []
    monkeypatch.setattr("app.warmup.start", lambda: happened.append("warm-up"))
    monkeypatch.setattr("streamlit.web.cli.main", lambda arguments, **_: happened.append(arguments))
    serve.serve(["--server.port", "8600"])
    assert happened == ["warm-up", ["run", str(serve.MAIN), "--server.port", "8600"]]


def test_a_warm_up_that_breaks_off_is_logged_and_harms_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(warmup, "HEAVY", ("engine.no_such_module",))
    warmup._warm_up()
    assert "the warm-up broke off" in caplog.text


@pytest.mark.skipif(not store.is_run(store.demo_path()), reason="there is no assets/demo_run")
def test_the_warm_up_decodes_a_path_with_the_demonstration_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    warmup._warm_up()
    assert not caplog.records


def test_what_was_imported_is_not_looked_at_by_every_collection() -> None:
    warmup._settle()
    assert gc.get_freeze_count() > 10_000
