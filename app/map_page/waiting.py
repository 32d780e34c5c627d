"""Background work that the page waits for: begun once, followed, its end taken up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from app import blocks, jobs
from engine.config import EngineError

POLL_SECONDS = 1.0


class Waiting:
    """The jobs that this run of the page has asked for.

    Args:
        place: where their progress is shown, and what went wrong with them.
        line: where a few words about them fit.
    """

    def __init__(self, place: Any, line: Any) -> None:
        self._place, self.line = place, line
        self._keys: list[str] = []
        self._quiet: list[str] = []
        self._files: list[Path] = []

    @staticmethod
    def known(key: str) -> bool:
        """Whether there is such a job, at work or ended and not yet taken up."""
        return jobs.find(key) is not None

    def begin(
        self,
        key: str,
        title: str,
        work: Callable[[jobs.Progress], Any],
        file: Path | None = None,
        quiet: bool = False,
    ) -> bool:
        """Begin some work, or find the job that does it; one that broke off is not begun again unasked.

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
        if job is not None and not job.live:
            self._broke_off(job)
            return False
        jobs.start(key, title, work)
        (self._quiet if quiet else self._keys).append(key)
        if file is not None and not file.exists():
            self._files.append(file)
        return True

    def _broke_off(self, job: jobs.Job) -> None:
        if not isinstance(job.error, EngineError):
            raise job.error or RuntimeError(f"{job.title} ended without a word")
        with self._place:
            blocks.error_box(job.error, f"{job.title} did not work")
            st.button(
                "Try again", icon=":material/refresh:", key=f"again-{job.key}",
                on_click=jobs.dismiss, args=(job.key,),
            )  # fmt: skip

    def draw(self) -> None:
        """Show how far they are; the page is drawn again when one of them ends."""
        for keys, place, show in (
            (self._keys, self._place, blocks.job_progress),
            (self._quiet, self.line, _words),
        ):
            if keys:
                with place:
                    st.fragment(_watch, run_every=POLL_SECONDS)(keys, self._files, show)


def _watch(keys: list[str], files: list[Path], show: Callable[[jobs.Job], None]) -> None:
    found = [jobs.find(key) for key in keys]
    if any(file.exists() for file in files) or not all(job and job.live for job in found):
        st.rerun()
    for job in found:
        if job is not None:
            show(job)


def _words(job: jobs.Job) -> None:
    share = f" {job.share:.0%}" if job.share is not None else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = f"{job.title}: {job.what}{share}" if job.what else f"{job.title}{share}"
        st.caption(f":material/hourglass_top: {blocks.plain(words)}", width="content")
        st.button(
            "Cancel",
            type="tertiary",
            key=f"cancel-{job.key}",
            on_click=jobs.cancel,
            args=(job.key,),
        )
