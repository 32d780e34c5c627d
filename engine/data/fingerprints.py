"""Tells whether what somebody imports is what is here already."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from engine.data.folders import files_of
from engine.data.pictures.sources import holds_pictures, picture_files


def content_fingerprint(path: Path | str) -> str:
    """Equal for files, or folders of splits or pictures, with the same content, whatever they are called."""
    path = Path(path).expanduser()
    parts: Sequence[tuple[str | None, Path]]
    parts = picture_files(path) if holds_pictures(path) else files_of(path)
    digest = hashlib.blake2b(digest_size=16)
    for place, file in parts:
        digest.update(f"{place}\0".encode())
        with open(file, "rb") as body:
            while block := body.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()
