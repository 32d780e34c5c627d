"""Background jobs: progress, time left, cancel, one at a time for the same thing."""

from __future__ import annotations

import threading
import time

from app import jobs
from engine.config import DataError


def ended(job: jobs.Job) -> jobs.Job:
    deadline = time.monotonic() + 10
    while job.live:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return job


def test_a_job_gives_its_result() -> None:
    job = ended(jobs.start("test:a", "A", lambda tell: tell(1, 2, "half") or "made"))
    assert (job.state, job.result, job.share, job.what) == ("done", "made", 0.5, "half")
    jobs.dismiss("test:a")
    assert jobs.find("test:a") is None


def test_the_same_work_is_not_begun_twice() -> None:
    gate = threading.Event()
    first = jobs.start("test:b", "B", lambda tell: gate.wait(10))
    second = jobs.start("test:b", "B", lambda tell: None)
    assert first is second
    assert first in jobs.live("test:")
    gate.set()
    ended(first)
    jobs.dismiss("test:b")


def test_cancel_takes_effect_at_the_next_sign_of_progress() -> None:
    reached = threading.Event()

    def work(tell: jobs.Progress) -> None:
        for step in range(10_000):
            tell(step, 10_000, "counting")
            reached.set()
            time.sleep(0.001)

    job = jobs.start("test:c", "C", work)
    assert reached.wait(10)
    jobs.cancel("test:c")
    assert ended(job).state == "cancelled"
    assert job.done < 10_000
    jobs.dismiss("test:c")


def test_an_error_is_kept_for_the_page() -> None:
    def work(tell: jobs.Progress) -> None:
        raise DataError("no such file")

    job = ended(jobs.start("test:d", "D", work))
    assert job.state == "failed" and isinstance(job.error, DataError)
    assert job in jobs.ended("test:")
    jobs.dismiss("test:d")


def test_time_left_follows_the_pace(monkeypatch) -> None:
    job = jobs.Job("test:e", "E", done=25, total=100, started=time.monotonic() - 10)
    assert 29 < job.seconds_left < 31
    assert jobs.Job("test:f", "F").seconds_left is None


def test_time_left_is_of_the_part_that_is_at_work() -> None:
    job = jobs.Job("test:g", "G", done=90, total=100, what="a", started=time.monotonic() - 50)
    job.progress(1, 100, "b")
    assert job.seconds_left is None, "the part b has no pace yet"
    job.started -= 10
    job.progress(50, 100, "b")
    assert 9 < job.seconds_left < 11
