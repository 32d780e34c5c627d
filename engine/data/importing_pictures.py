"""Turns an .npz, a folder or a zip of pictures into a corpus, whole or not at all."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.config import DataError, one_of
from engine.data import pictures
from engine.data.cleaning import UNLABELLED
from engine.data.corpus import Corpus, Progress
from engine.data.folders import FORMATS, split_of
from engine.data.picture_files import border, on_light
from engine.data.picture_folders import Batch, PictureFolder, folder_names, is_picture
from engine.data.picture_levels import PictureArrays

if TYPE_CHECKING:
    from engine.data.importing import ImportOptions

SAMPLE = 200
"""Pictures whose border decides whether ink is dark."""
PREVIEW = 10
FEWEST = 3
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"


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


def holds_pictures(path: Path) -> bool:
    """Whether a path is an .npz, a zip, a picture or a folder of pictures rather than of text."""
    if path.is_dir():
        files = list(path.iterdir())
        texts = [
            f for f in files if f.suffix.lower().removesuffix(".gz") in FORMATS and split_of(f)
        ]
        return not texts and (
            _only_npz(path) is not None or any(map(is_picture, folder_names(path)))
        )
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        packed = file.read(4) in (_ZIP, _EMPTY_ZIP)
    named = path.suffix.lower()
    return named in (".npz", ".zip") or is_picture(path.name) or (packed and _npz(path))


def guess_pictures(path: Path, options: ImportOptions) -> PictureGuess:
    """What a file or folder of pictures seems to be, from a few hundred of them.

    Raises:
        DataError: it cannot be read at all.
    """
    source = _source(path, options)
    sample = source.sample(SAMPLE)
    inverted = _inverted(sample, options)
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

    source = _source(path, options)
    sample = source.sample(SAMPLE)
    inverted = _inverted(sample, options)
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
            source_fingerprint=fingerprint(path),
        )


def fingerprint(path: Path) -> str:
    """Equal for files, or folders, with the same pictures in the same places."""
    digest = hashlib.blake2b(digest_size=16)
    names = [n for n in folder_names(path) if _counts(n)] if path.is_dir() else [""]
    for name in names:
        digest.update(f"{name}\0".encode())
        with open(path / name if name else path, "rb") as body:
            while block := body.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


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


def _source(path: Path, options: ImportOptions) -> PictureArrays | PictureFolder:
    """What the pictures come from.

    Raises:
        DataError: it cannot be read, or holds too few.
    """
    source = _opened(path, options)
    if source.total < FEWEST:
        raise DataError(
            f"{path.name} must hold at least {FEWEST} pictures, one for each of train, valid and test; it holds "
            f"{source.total or 'none'}. Add pictures (PNG, JPEG, BMP, GIF, TIFF, WebP); text must not be zipped"
        )
    return source


def _opened(path: Path, options: ImportOptions) -> PictureArrays | PictureFolder:
    found = _only_npz(path) if path.is_dir() else path
    if found is not None and _npz(found):
        return PictureArrays(found, options.label_column)
    if not path.is_dir() and is_picture(path.name):
        raise DataError(
            f"{path.name} is one picture; a data set needs many: give a folder, a zip or an .npz of them"
        )
    folder = PictureFolder(path)
    if options.label_column == "":
        folder.label = None
    elif options.label_column is not None and options.label_column not in folder.columns:
        raise DataError(
            one_of("column of labels", options.label_column, folder.columns or ["(no folders)"])
        )
    return folder


def _inverted(sample: Sequence[np.ndarray], options: ImportOptions) -> bool:
    if options.invert is not None:
        return options.invert
    return on_light(float(np.mean([border(grey) for grey in sample])))


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


def _only_npz(path: Path) -> Path | None:
    """The .npz that a folder without pictures holds, if it is the only one."""
    found = [file for file in path.iterdir() if file.suffix.lower() == ".npz"]
    return found[0] if len(found) == 1 and not any(map(is_picture, folder_names(path))) else None


def _npz(path: Path) -> bool:
    """Whether a file is an .npz, by its name or because arrays are in it."""
    if path.suffix.lower() == ".npz":
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _counts(name: str) -> bool:
    return is_picture(name) or name.endswith(".npz")
