"""Files that came through the browser, on disk for as long as somebody may read them."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from engine.config import home

ABANDONED_SECONDS = 24 * 3600.0


def save(upload: Any) -> Path:
    """A file that came through the browser, on disk under its own name, for the importer to read."""
    folder = home() / "cache" / "uploads" / upload.file_id
    target = folder / Path(upload.name).name
    if not target.exists():
        _forget_abandoned(folder.parent)
        folder.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.part")
        upload.seek(0)
        with partial.open("wb") as file:
            shutil.copyfileobj(upload, file)
        partial.rename(target)
    return target


def forget(path: Path) -> None:
    """Remove an uploaded file once it is imported."""
    if path.is_relative_to(home() / "cache" / "uploads"):
        shutil.rmtree(path.parent, ignore_errors=True)


def _forget_abandoned(uploads: Path) -> None:
    """Remove what tabs that were closed have left behind."""
    for folder in uploads.glob("*"):
        if time.time() - folder.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
