"""What commands show while they work: bars on a terminal, plain lines elsewhere; results on stdout."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from engine.runs.files import finite
from engine.runs.status import Status

LINE_SECONDS = 10.0
FORMAT = "%(asctime)s %(message)s"
GAP, INDENT = "  ", "    "


def on_terminal() -> bool:
    """Whether somebody watches: progress goes to stderr, so that is what must be a terminal."""
    return sys.stderr.isatty()


def show_json(value: Any) -> None:
    """Print ``value`` as JSON, and nothing else, on stdout; numbers that are not finite become null."""
    typer.echo(json.dumps(finite(value), ensure_ascii=False, indent=2, allow_nan=False))


def show_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as what is in them; where a terminal is narrower, its lines are wrapped.

    Elsewhere a row stays one line, for whoever searches and cuts.
    """
    table = [list(titles), *[list(row) for row in rows]]
    widths = [max(len(row[column]) for row in table) for column in range(len(titles))]
    if sys.stdout.isatty() and sum(widths) + len(GAP) * (len(widths) - 1) > _columns():
        _show_wrapped(table)
        return
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(GAP.join(cells).rstrip())


def _columns() -> int:
    return shutil.get_terminal_size().columns


def _show_wrapped(table: Sequence[Sequence[str]]) -> None:
    """Columns narrow enough for the terminal, each cell in several lines where it must be."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, show_header=False, pad_edge=False, padding=(0, len(GAP), 0, 0))
    for _ in table[0]:
        shown.add_column(overflow="fold")
    for row in table:
        shown.add_row(*map(Text, row))
    Console(width=_columns()).print(shown)


def show_entry(title: str, *paragraphs: str) -> None:
    """Print a title and, indented beneath it, what is said of it, as wide as the terminal is."""
    fit = textwrap.TextWrapper(
        width=max(_columns(), len(INDENT) + 20),
        subsequent_indent=INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    typer.echo(fit.fill(title))
    fit.initial_indent = INDENT
    for text in filter(None, paragraphs):
        typer.echo(fit.fill(text))


def note(text: str) -> None:
    """Say something that is not the result: on stderr."""
    typer.echo(text, err=True)


class Progress:
    """A bar on a terminal, a line every ten seconds elsewhere, nothing for what is quick."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._what = ""
        self._next_line = time.monotonic() + LINE_SECONDS

    def __call__(self, done: int, total: int | None, what: str) -> None:
        """Take note of what is done, of how much, and of what."""
        if on_terminal():
            self._draw(done, total, what)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_SECONDS
            note(f"{what}: {done:,}" + (f" of {total:,}" if total else ""))

    def _draw(self, done: int, total: int | None, what: str) -> None:
        from tqdm import tqdm

        if self._bar is None or what != self._what:
            self.close()
            self._what = what
            self._bar = tqdm(total=total, desc=what, leave=False, file=sys.stderr)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress callback for the time of a task."""
    shown = Progress()
    try:
        yield shown
    finally:
        shown.close()


def time_left(status: Status) -> str:
    """The time that a run will still take, as its status has it; nothing where that is not known."""
    if not status.live or status.eta_seconds is None:
        return ""
    minutes, seconds = divmod(round(status.eta_seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


class TrainingBar:
    """A run's status as a bar: steps, tokens per second, and the time left that the status has."""

    # Without tqdm's own estimate, which knows nothing of validations.
    _FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, status: Status) -> None:
        """Draw ``status``; a run that waits or prepares has words instead of steps."""
        from tqdm import tqdm

        if self._bar is None:
            shown = {"unit": "step", "dynamic_ncols": True, "bar_format": self._FORMAT}
            self._bar = tqdm(file=sys.stderr, leave=False, **shown)
        if status.total_steps and self._bar.total is None:
            self._bar.reset(total=status.total_steps)
            self._bar.initial = self._bar.n = self._bar.last_print_n = status.step
        self._bar.set_description_str(status.activity, refresh=False)
        left, speed = time_left(status), status.tokens_per_second
        facts = [f"{left} left"] if left else []
        facts += [f"{speed:,.0f} tokens/s"] if speed else []
        self._bar.set_postfix_str(", ".join(facts), refresh=False)
        self._bar.update(status.step - self._bar.n)
        if status.activity != "training":
            self._bar.refresh()
        if not status.live and self._bar is not None:
            self._bar.close()


class AboveTheBar(logging.Handler):
    """Writes log lines above a bar that is being drawn."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        from tqdm import tqdm

        tqdm.write(self.format(record), file=sys.stderr)


def log_to(handlers: Sequence[logging.Handler]) -> None:
    """Send what the engine says to ``handlers``; their levels decide what they take."""
    logger = logging.getLogger("engine")
    logger.setLevel(logging.INFO)
    logging.getLogger("engine.runs").setLevel(logging.DEBUG)
    logging.captureWarnings(True)
    for handler in handlers:
        handler.setFormatter(logging.Formatter(FORMAT, datefmt="%H:%M:%S"))
        logger.addHandler(handler)
        logging.getLogger("py.warnings").addHandler(handler)


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """Log to the file at ``path`` and, in what is of interest there, to the terminal."""
    screen: logging.Handler = AboveTheBar(logging.INFO) if on_terminal() else _lines()
    handlers = [logging.FileHandler(path, encoding="utf-8"), screen]
    log_to(handlers)
    try:
        yield
    finally:
        for handler in handlers:
            for name in ("engine", "py.warnings"):
                logging.getLogger(name).removeHandler(handler)
            handler.close()
        logging.captureWarnings(False)


def _lines() -> logging.Handler:
    return logging.StreamHandler(sys.stderr)
