"""How other people's libraries are run: on one thread, without a word, their counting as progress.

One thread, because a seed then gives one map on every machine, and because the threads of several
libraries, or of a training beside them, spend their time waiting for one another.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout

Progress = Callable[[int, "int | None", str], None]


@contextmanager
def quietly(*loggers: str) -> Iterator[None]:
    """No warnings, nothing from these loggers, one thread of BLAS, OpenMP and numba.

    What concerns the user of a map is for us to say, in words about the map.
    """
    from threadpoolctl import threadpool_limits

    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for name in loggers:
            stack.enter_context(_muted(name))
        stack.enter_context(_one_numba_thread())
        # After numba is imported, so that its pool is found.
        stack.enter_context(threadpool_limits(1))
        yield


@contextmanager
def _muted(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _one_numba_thread() -> Iterator[None]:
    import numba

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)


class Counter(io.TextIOBase):
    """A stream that a library talks to, and that hears nothing but how far it is.

    Args:
        pattern: finds the count as its first group.
        total: what is counted up to.
        what: what is being done, in words.
        progress: told the count when it has changed.
    """

    def __init__(self, pattern: str, total: int, what: str, progress: Progress) -> None:
        self._pattern = re.compile(pattern)
        self._total, self._what, self._progress = total, what, progress
        self._last = -1

    def write(self, text: str) -> int:
        """Take note of the last count in ``text``."""
        counts = self._pattern.findall(text)
        if counts and int(counts[-1]) != self._last:
            self._last = int(counts[-1])
            self._progress(min(self._last, self._total), self._total, self._what)
        return len(text)


@contextmanager
def heard(
    progress: Progress | None, pattern: str, total: int, what: str
) -> Iterator[Counter | None]:
    """What is printed inside becomes progress, or nothing where nobody listens.

    Only for a process that does this and nothing else: what other threads print is lost as well.
    """
    counter = Counter(pattern, total, what, progress or _nobody)
    with redirect_stdout(counter):
        yield counter


def _nobody(done: int, total: int | None, what: str) -> None:
    return None
