"""Results that take a while: made once in the background, waited for by a page, kept for all sessions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import streamlit as st

from app import blocks, jobs
from engine.config import EngineError

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
    """What this run of a page waits for; ``draw`` follows it and draws the page again when it is there."""

    def __init__(self) -> None:
        self._shown: list[tuple[str, Any, bool]] = []
        self._asked: set[str] = set()

    def result(
        self,
        key: str,
        title: str,
        make: Callable[[jobs.Progress], Any],
        place: Any | None = None,
        quiet: bool = False,
    ) -> Any | None:
        """The result, or None while it is made; one that broke off is not begun again unasked.

        Args:
            key: names the result and the job that makes it.
            title: what is made, in words.
            make: called in a thread with what it shall tell its progress.
            place: where progress is shown; here if absent.
            quiet: the page can be used meanwhile, so that a line of text is enough.
        """
        if (found := kept(key)) is not None:
            return found
        if key in self._asked:
            return None
        self._asked.add(key)
        place = st.container() if place is None else place
        job = jobs.find(key)
        if job is not None and not job.live and job.state != "done":
            with place:
                _broke_off(job)
            return None
        jobs.start(key, title, make)
        self._shown.append((key, place.container(), quiet))
        return None

    @property
    def waits(self) -> bool:
        """Whether anything is being made."""
        return bool(self._shown)

    def draw(self) -> None:
        """Show how far it is, each in its place; called once, when the page has been drawn."""
        if not self._shown:
            return
        keys = [key for key, _, _ in self._shown]
        for key, place, quiet in self._shown:
            with place:
                st.fragment(_watch, run_every=POLL_SECONDS)(key, keys, quiet)


def _watch(key: str, keys: list[str], quiet: bool) -> None:
    found = [jobs.find(one) for one in keys]
    if not all(job and job.live for job in found):
        st.rerun()
    job = jobs.find(key)
    if job is None:
        return
    if quiet:
        _words(job)
    else:
        blocks.job_progress(job)


def _words(job: jobs.Job) -> None:
    share = f" {job.share:.0%}" if job.share is not None else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        what = f": {job.what}" if job.what else ""
        st.caption(
            f":material/hourglass_top: {blocks.plain(f'{job.title}{what}{share}')}", width="content"
        )
        st.button(
            "Cancel", type="tertiary", key=f"cancel-{job.key}", on_click=jobs.cancel, args=(job.key,)
        )  # fmt: skip


def _broke_off(job: jobs.Job) -> None:
    if not isinstance(job.error, EngineError):
        raise job.error or RuntimeError(f"{job.title} ended without a word")
    blocks.error_box(job.error, f"{job.title} did not work")
    st.button(
        "Try again", icon=":material/refresh:", key=f"again-{job.key}",
        on_click=jobs.dismiss, args=(job.key,),
    )  # fmt: skip
