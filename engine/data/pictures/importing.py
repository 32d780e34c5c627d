"""Turns an .npz, a folder or a zip of pictures into a corpus, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.config import DataError
from engine.data import pictures
from engine.data.cleaning import UNLABELLED
from engine.data.corpus import Corpus, Progress
from engine.data.fingerprints import content_fingerprint
from engine.data.pictures.files import opened, shrunk
from engine.data.pictures.folders import Batch
from engine.data.pictures.levels import PictureArrays
from engine.data.pictures.sources import open_source

if TYPE_CHECKING:
    from engine.data.importing import ImportOptions

SAMPLE = 200
"""Pictures whose border decides whether ink is dark."""
PREVIEW = 10


@dataclass(frozen=True)
class PictureGuess:
    """What a file or folder of pictures seems to be; ``ImportOptions`` correct it.

    Attributes:
        format: npz, zip or folder.
        size: bytes on disk; 0 of a folder.
        rows: how many pictures.
        label_columns: what can be the labels.
        label_column: the one that is.
        inverted: whether light and dark will be exchanged, because the border is light.
        preview: the first few as data URIs, as the corpus will have them.
    """

    path: Path
    format: str
    size: int
    rows: int
    label_columns: tuple[str, ...]
    label_column: str | None
    inverted: bool
    preview: tuple[str, ...]


def guess_pictures(path: Path, options: ImportOptions) -> PictureGuess:
    """What a file or folder of pictures seems to be, from a few hundred of them.

    Raises:
        DataError: it cannot be read at all.
    """
    source = open_source(path, options.label_column)
    sample = source.sample(SAMPLE)
    inverted = _inverted(sample, options.invert)
    return PictureGuess(
        path,
        "folder" if path.is_dir() else "npz" if isinstance(source, PictureArrays) else "zip",
        0 if path.is_dir() else path.stat().st_size,
        source.total,
        source.columns,
        source.label,
        inverted,
        tuple(pictures.write(_inked(grey, inverted)) for grey in sample[:PREVIEW]),
    )


def import_pictures(
    path: Path,
    name: str,
    options: ImportOptions,
    progress: Progress | None = None,
    origin: str | None = None,
) -> Corpus:
    """Import an .npz, a folder or a zip of pictures; its splits are kept.

    Args:
        path: the file or folder.
        name: of the data set.
        options: how it becomes a corpus.
        progress: told how many pictures are read.
        origin: where it is from, as its card says; the path where absent.

    Raises:
        DataError: with the picture and the cure; nothing half-imported stays behind.
    """
    from engine.data.writing import Draft

    source = open_source(path, options.label_column)
    sample = source.sample(SAMPLE)
    inverted = _inverted(sample, options.invert)
    labels = _Labels(source.label, options)
    sizes: set[tuple[int, ...]] = set()
    with Draft(name) as draft:
        for batch in source.batches():
            sizes |= {grey.shape for grey in batch.pictures}
            texts = [pictures.write(_inked(grey, inverted)) for grey in batch.pictures]
            draft.add({"text": texts, **labels.stored(batch)}, batch.split)
            if progress:
                progress(draft.rows, source.total, f"importing {name}: {draft.rows:,} pictures")
        return draft.finish(
            valid=options.valid,
            test=options.test,
            seed=options.seed,
            drop_overlap=options.drop_overlap,
            progress=progress,
            title=name,
            kind="images",
            source=origin or str(path.resolve()),
            notes=(*source.notes(), *labels.notes(), _about(sizes), _about_ink(inverted, options)),
            source_fingerprint=content_fingerprint(path),
        )


def from_file(content: bytes, name: str, invert: bool | None = None) -> str:
    """The data URI of a picture's file as a corpus would hold it: at most 256 pixels a side, ink high.

    Args:
        content: the file.
        name: what it is called in messages.
        invert: whether light and dark are exchanged; None does so where the border is light.

    Raises:
        DataError: it is no picture.
    """
    grey = np.asarray(shrunk(opened(content, name).grey))
    return pictures.write(_inked(grey, _inverted([grey], invert)))


class _Labels:
    """The columns of batches as a corpus stores them; forgets labels that label nothing."""

    def __init__(self, column: str | None, options: ImportOptions) -> None:
        self._column = column
        self._asked = bool(options.label_column)
        self._most = options.max_labels
        self._seen: set[str] = set()

    def stored(self, batch: Batch) -> dict[str, Any]:
        """Columns by the names that they have in the corpus."""
        found: dict[str, Any] = {}
        for name, values in batch.columns.items():
            if name == self._column:
                found["label"] = [_label(value) for value in values]
                self._check(found["label"])
            else:
                found[f"{name} (file)" if name in ("text", "label") else name] = values
        return found

    def notes(self) -> Iterator[str]:
        if self._column:
            yield f"{len(self._seen):,} labels"

    def _check(self, values: Sequence[str]) -> None:
        self._seen |= set(values)
        if len(self._seen) > self._most:
            raise DataError(
                f"{self._column!r} has more than {self._most:,} different labels; "
                + ("choose another column of labels, " if self._asked else "")
                + "import without labels, or raise max_labels"
            )


def _inverted(sample: Sequence[np.ndarray], asked: bool | None) -> bool:
    """Whether light and dark are exchanged: as asked, else where the borders are light paper."""
    if asked is not None:
        return asked
    return float(np.mean([_border(grey) for grey in sample])) > pictures.WHITE / 2


def _border(grey: np.ndarray) -> float:
    """Mean level of the outermost pixels of a picture (H, W), 0..255."""
    edges = (grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1])
    return float(np.concatenate(edges).mean())


def _inked(grey: np.ndarray, inverted: bool) -> np.ndarray:
    return pictures.WHITE - grey if inverted else grey


def _about(sizes: set[tuple[int, ...]]) -> str:
    if len(sizes) == 1:
        height, width = next(iter(sizes))
        return f"pictures of {width} by {height} pixels"
    edges = [side for size in sizes for side in size]
    return f"pictures of {len(sizes):,} sizes, sides of {min(edges)} to {max(edges)} pixels"


def _about_ink(inverted: bool, options: ImportOptions) -> str:
    if options.invert is not None:
        return "light and dark exchanged, as asked" if inverted else "light and dark kept, as asked"
    if inverted:
        return "light borders: light and dark exchanged, so that ink is high (set invert to off if not)"
    return "dark borders: light and dark kept, ink is high (set invert to on if not)"


def _label(value: Any) -> str:
    """A label as text; whole numbers without a point."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip() or UNLABELLED
