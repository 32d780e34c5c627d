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


def file_of(run: Run, split: str, checkpoint: str, limit: int | None = None) -> Path:
    """Where the table of a split and a checkpoint is kept; one of so many rows beside that of all."""
    rows = "" if limit is None else f"-{limit}"
    return _folder(run) / f"evaluation-{split}-{checkpoint}{rows}.json"


def keep(
    run: Run, split: str, checkpoint: str, table: dict[str, Any], limit: int | None = None
) -> Path:
    """Keep a table in place of the one before, and tell where; numbers that are not finite become null.

    Numbers of the one before that this one has not measured stay, where both are of the same step, seed and
    rows; a note says so.

    Args:
        run: the run measured.
        split, checkpoint: what was measured.
        table: what was found.
        limit: how many rows at most; all where absent.
    """
    path = file_of(run, split, checkpoint, limit)
    table = _with_earlier(path, table)
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


def _with_earlier(path: Path, table: dict[str, Any]) -> dict[str, Any]:
    """The table with what only the one before has, if that is of the same model and rows."""
    if not path.exists():
        return table
    try:
        earlier = files.read_json(path)
    except DataError as error:
        logger.warning("%s is replaced: %s", path, error)
        return table
    same = ("step", "limit", "seed")
    if any(_told(earlier, name) != _told(table, name) for name in same):
        return table
    left = [name for name in earlier.get("metrics", {}) if name not in table["metrics"]]
    if not left:
        return table
    joined = {
        part: {
            **{name: earlier[part][name] for name in left if name in earlier.get(part, {})},
            **table[part],
        }
        for part in ("metrics", "real", "units")
        if part in table
    }
    note = f"measured earlier at the same step: {', '.join(left)}"
    return table | joined | {"notes": [*table.get("notes", []), note]}


def _told(table: dict[str, Any], name: str) -> Any:
    """The step of a table, or its limit or seed, which are among its settings."""
    if name == "step":
        return table.get("step")
    return table.get({"limit": "amounts", "seed": "evaluation"}[name], {}).get(name)


def _folder(run: Run) -> Path:
    return run.cache if run.read_only else run.path
