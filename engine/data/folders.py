"""Which files make up a data set: one, or one or more per split in a folder."""

from __future__ import annotations

import re
from pathlib import Path

from engine.config import DataError
from engine.data.corpus import SPLITS
from engine.data.guessing import FORMATS

SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "test": "test",
}
_PREFERRED = ("parquet", "jsonl", "csv", "tsv", "txt")


def files_of(path: Path) -> list[tuple[str | None, Path]]:
    """The files to import and the split that each is."""
    if not path.is_dir():
        return [(None, path)]
    found: dict[str, dict[str, list[Path]]] = {}
    plain: list[Path] = []
    for file in sorted(path.iterdir()):
        kind = FORMATS.get(_suffix(file))
        if kind and file.is_file():
            split = split_of(file)
            if split:
                found.setdefault(kind, {}).setdefault(split, []).append(file)
            else:
                plain.append(file)
    for kind in _PREFERRED:
        if "train" in found.get(kind, {}):
            splits = found[kind]
            return [(split, file) for split in SPLITS for file in splits.get(split, ())]
    if len(plain) == 1 and not found:
        return [(None, plain[0])]
    names = ", ".join(file.name for file in sorted(path.iterdir())[:8]) or "nothing"
    raise DataError(
        f"the folder {path} must hold a file for train (and may hold valid and test), such as "
        f"train.txt, valid.txt, test.txt, or images: pictures or one .npz; it holds {names}"
    )


def _suffix(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def split_of(path: Path) -> str | None:
    """The split that a file's name says it is, or None."""
    words = re.split(r"[._-]+", path.name.lower())
    return next((SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS), None)


def text_split(path: Path) -> str | None:
    """The same of a file of text; None for all others."""
    return split_of(path) if _suffix(path) in FORMATS else None


def derived_name(path: Path) -> str:
    if path.is_dir():
        return path.resolve().name
    stem = path.name.lower().removesuffix(".gz")
    stem = stem.removesuffix(_suffix(path))
    return f"{path.resolve().parent.name}-{stem}" if stem in SPLIT_WORDS else stem
