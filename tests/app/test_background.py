"""Results that take a while: made once, kept for all, taken up by whoever looks, never begun again unasked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from app import background, jobs


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    background.forget()
    jobs._jobs.clear()
    yield
    for job in jobs.live():
        jobs.cancel(job.key)


def _ended(key: str) -> jobs.Job:
    job = jobs.find(key)
    deadline = time.monotonic() + 20
    while job is not None and job.live and time.monotonic() < deadline:
        time.sleep(0.01)
    assert job is not None and not job.live
    return job


def test_what_a_job_has_made_is_taken_up_and_kept() -> None:
    jobs.start("answer", "Answering", lambda progress: 42)
    _ended("answer")
    assert background.kept("answer") == 42
    assert jobs.find("answer") is None
    assert background.kept("answer") == 42


def test_the_least_recently_used_result_is_forgotten() -> None:
    for number in range(background.MOST):
        background.keep(str(number), number)
    assert background.kept("0") == 0
    background.keep("another", 1)
    assert background.kept("0") == 0 and background.kept("1") is None


def page() -> None:
    import streamlit as st

    from app.background import Waiting
    from engine.config import DataError
    from tests.app import test_background as tests

    def make(progress: object) -> str:
        tests.GATE.wait(20)
        if tests.BROKEN:
            raise DataError("the rows are gone; choose others")
        return "made"

    waiting = Waiting()
    found = [waiting.result("thing", "Making a thing", make) for _ in range(2)]
    st.write(str(found))
    waiting.draw()


GATE = threading.Event()
BROKEN: list[bool] = []


def test_a_page_shows_progress_and_then_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.app import test_background as tests

    monkeypatch.setattr(tests, "GATE", threading.Event())
    app = AppTest.from_function(page).run()
    assert not app.exception and app.markdown[0].value == "[None, None]"
    assert any(button.label == "Cancel" for button in app.button)
    tests.GATE.set()
    _ended("thing")
    app.run()
    assert app.markdown[0].value == "['made', 'made']"


def test_what_broke_off_says_why_once_and_waits_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.app import test_background as tests

    monkeypatch.setattr(tests, "GATE", threading.Event())
    monkeypatch.setattr(tests, "BROKEN", [True])
    app = AppTest.from_function(page).run()
    tests.GATE.set()
    _ended("thing")
    app.run()
    assert [error.value for error in app.error] == ["the rows are gone; choose others"]
    app.run()
    assert jobs.find("thing").state == "failed", "not begun again unasked"
    monkeypatch.setattr(tests, "BROKEN", [])
    next(button for button in app.button if button.label == "Try again").click().run()
    _ended("thing") if jobs.find("thing") else None
    app.run()
    assert app.markdown[0].value == "['made', 'made']"
