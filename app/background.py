"""Results that take a while: made once in the background, waited for by a page, kept for all sessions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from app import blocks, jobs
from engine.config import EngineError

Make = Callable[[jobs.Progress], Any]
POLL_SECONDS = 1.0
MOST = 24

_kept: OrderedDict[str, Any] = OrderedDict()
_lock = threading.Lock()


def kept(key: str) -> Any | None:
    """A result that was made, if it still is in memory; what its job left behind is taken up."""
    job = jobs.find(key)
    if job is not None and job.state == "done":
        keep(key, job.result)
        jobs.dismiss(key)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def keep(key: str, result: Any) -> None:
    """Keep a result for every session; the least recently used ones are forgotten."""
    with _lock:
        _kept[key] = result
        _kept.move_to_end(key)
        while len(_kept) > MOST:
            _kept.popitem(last=False)


def forget() -> None:
    """Forget every result."""
    with _lock:
        _kept.clear()


class Waiting:
    """What this run of a page waits for; ``draw`` follows it and draws the page again when it is there.

    Args:
        place: where progress is shown, and what went wrong; where it was asked for if absent.
        line: where a few words about quiet work fit; the place if absent.
    """

    def __init__(self, place: Any | None = None, line: Any | None = None) -> None:
        self._place, self.line = place, line if line is not None else place
        self._shown: list[tuple[Any, list[str], bool]] = []
        self._asked: set[str] = set()
        self._files: list[Path] = []

    @staticmethod
    def known(key: str) -> bool:
        """Whether there is such a job, at work or ended and not yet taken up."""
        return jobs.find(key) is not None

    def result(
        self, key: str, title: str, make: Make, place: Any | None = None, quiet: bool = False
    ) -> Any | None:
        """What a job makes, kept for every session, or None while it is made.

        Args:
            key: names the result and the job that makes it.
            title: what is made, in words.
            make: called in a thread with what it shall tell its progress.
            place: where progress is shown, if not where all of it is.
            quiet: the page can be used meanwhile, so that a line of text is enough.
        """
        if (found := kept(key)) is not None:
            return found
        if key not in self._asked:
            self._asked.add(key)
            self._begin(key, title, make, place, quiet)
        return None

    def begin(
        self, key: str, title: str, work: Make, file: Path | None = None, quiet: bool = False
    ) -> bool:
        """Begin work whose result lies on disk, or find the job that does it.

        Args:
            key: the job's.
            title: what it does, in words.
            work: called with what it shall tell its progress.
            file: the page is drawn again when this file appears, even if the work goes on.
            quiet: a line of text is enough, because the page can be used meanwhile.

        Returns:
            Whether the job is at work.
        """
        job = jobs.find(key)
        if job is not None and job.state == "done":
            # It ended between the look for its result and this one.
            jobs.dismiss(key)
            st.rerun()
        begun = self._begin(key, title, work, None, quiet)
        if begun and file is not None and not file.exists():
            self._files.append(file)
        return begun

    def _begin(self, key: str, title: str, work: Make, place: Any | None, quiet: bool) -> bool:
        """Start it or find it; one that broke off is not begun again unasked."""
        if place is None:
            place = self.line if quiet else self._place
        job = jobs.find(key)
        if job is not None and not job.live and job.state != "done":
            where = place if self._place is None else self._place
            with st.container() if where is None else where:
                _broke_off(job)
            return False
        jobs.start(key, title, work)
        together = [shown for shown in self._shown if shown[0] is place and shown[2] == quiet]
        if place is not None and together:
            together[0][1].append(key)
        else:
            self._shown.append((st.container() if place is None else place, [key], quiet))
        return True

    def draw(self) -> None:
        """Show how far it is, each in its place; called once, when the page has been drawn."""
        everything = [key for _, keys, _ in self._shown for key in keys]
        for place, keys, quiet in self._shown:
            with place.container():
                st.fragment(_watch, run_every=POLL_SECONDS)(keys, everything, self._files, quiet)


def _watch(keys: list[str], everything: list[str], files: list[Path], quiet: bool) -> None:
    jobs_found = {key: jobs.find(key) for key in everything}
    if any(file.exists() for file in files) or not all(
        job and job.live for job in jobs_found.values()
    ):
        st.rerun()
    for job in filter(None, map(jobs_found.get, keys)):
        if quiet:
            _words(job)
        else:
            blocks.job_progress(job)


def _words(job: jobs.Job) -> None:
    stopping = job.cancelled.is_set()
    share = f" {job.share:.0%}" if job.share is not None else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        what = ", stopping" if stopping else f": {job.what}" if job.what else ""
        st.caption(
            f":material/hourglass_top: {blocks.plain(f'{job.title}{what}{share}')}", width="content"
        )
        st.button(
            "Cancel", type="tertiary", key=f"cancel-{job.key}", on_click=jobs.cancel, args=(job.key,),
            disabled=stopping,
        )  # fmt: skip


def _broke_off(job: jobs.Job) -> None:
    if not isinstance(job.error, EngineError):
        raise job.error or RuntimeError(f"{job.title} ended without a word")
    blocks.error_box(job.error, f"{job.title} did not work")
    st.button(
        "Try again", icon=":material/refresh:", key=f"again-{job.key}",
        on_click=jobs.dismiss, args=(job.key,),
    )  # fmt: skip
