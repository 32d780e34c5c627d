"""A run on trial: made outside the list of runs, and deleted whatever comes of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.config import home
from engine.runs.store import Run, create

# Tokens that a model on trial writes at most: untrained, it knows no end, and may write a thousand.
LONGEST = 8


def trials() -> Path:
    """Where they are: on the disk that a real run would fill, among what may be deleted at any time."""
    return home() / "cache" / "dry-runs"


def is_trial(run: Run) -> bool:
    """Whether a run is on trial."""
    return run.path.parent == trials()


@contextmanager
def on_trial(config: dict[str, Any]) -> Iterator[Run]:
    """A run of this experiment for as long as the block lasts; what killed ones have left goes first."""
    for left in trials().glob("[!.]*"):
        if not Run(left).status().live:
            shutil.rmtree(left)
    run = create(config, f"dry-run-{os.getpid()}", folder=trials())
    try:
        yield run
    finally:
        shutil.rmtree(run.path)
