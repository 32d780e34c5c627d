"""Tables that `evaluate` made of a run's checkpoints, kept in its folder: ``evaluation-test-best.json``.

Those of a run that came with Zscape, whose folder is not changed, are kept in its cache.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from engine.config import DataError
from engine.runs import files
from engine.runs.store import Run

logger = logging.getLogger(__name__)


def file_of(run: Run, split: str, checkpoint: str) -> Path:
    """Where the table of a split and a checkpoint is kept."""
    return _folder(run) / f"evaluation-{split}-{checkpoint}.json"


def keep(run: Run, split: str, checkpoint: str, table: dict[str, Any]) -> Path:
    """Keep a table in place of the one before, and tell where; numbers that are not finite become null."""
    path = file_of(run, split, checkpoint)
    files.write_json(path, files.finite(table))
    return path


def kept(run: Run) -> list[dict[str, Any]]:
    """Every table of a run, the newest first; one that is damaged is left out, with a line in the log."""
    found = []
    # What a study has measured has no split and checkpoint in its name.
    for path in _folder(run).glob("evaluation-*-*.json"):
        try:
            table = files.read_json(path)
        except FileNotFoundError:
            continue  # the run was deleted meanwhile
        except DataError as error:
            logger.warning("%s is left out: %s", path, error)
            continue
        if isinstance(table, dict) and isinstance(table.get("metrics"), dict):
            found.append(table)
    return sorted(found, key=lambda table: table.get("made", 0), reverse=True)


def _folder(run: Run) -> Path:
    return run.cache if run.read_only else run.path
