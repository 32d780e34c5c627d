"""What holds pictures, and which reader it is opened with: an .npz, a folder, or a zip of one."""

from __future__ import annotations

import zipfile
from pathlib import Path

from engine.config import DataError
from engine.data.files import is_zip
from engine.data.folders import text_split
from engine.data.pictures.files import is_named_picture
from engine.data.pictures.folders import PictureFolder, folder_names
from engine.data.pictures.levels import PictureArrays

FEWEST = 3
Source = PictureArrays | PictureFolder


def holds_pictures(path: Path) -> bool:
    """Whether a path is an .npz, a zip, a picture or a folder of pictures rather than of text."""
    if path.is_dir():
        return not any(map(text_split, path.iterdir())) and (
            _only_npz(path) is not None or any(map(is_named_picture, folder_names(path)))
        )
    if not path.is_file():
        return False
    named = path.suffix.lower()
    return named in (".npz", ".zip") or is_named_picture(path.name) or (is_zip(path) and _npz(path))


def picture_files(path: Path) -> list[tuple[str, Path]]:
    """The files that make up a data set of pictures, each with its place in the folder."""
    if not path.is_dir():
        return [("", path)]
    names = (name for name in folder_names(path) if is_named_picture(name) or name.endswith(".npz"))
    return [(name, path / name) for name in names]


def open_source(path: Path, label: str | None = None) -> Source:
    """What the pictures of a path come from.

    Args:
        path: an .npz, a folder or a zip.
        label: the name of the labels; guessed for None, none for "".

    Raises:
        DataError: it cannot be read, holds too few, or has no such labels.
    """
    source = _opened(path, label)
    if source.total < FEWEST:
        raise DataError(
            f"{path.name} must hold at least {FEWEST} pictures, one for each of train, valid and test; it holds "
            f"{source.total or 'none'}. Add pictures (PNG, JPEG, BMP, GIF, TIFF, WebP); text must not be zipped"
        )
    return source


def _opened(path: Path, label: str | None) -> Source:
    found = _only_npz(path) if path.is_dir() else path
    if found is not None and _npz(found):
        return PictureArrays(found, label)
    if not path.is_dir() and is_named_picture(path.name):
        raise DataError(
            f"{path.name} is one picture; a data set needs many: give a folder, a zip or an .npz of them"
        )
    return PictureFolder(path, label)


def _only_npz(path: Path) -> Path | None:
    """The .npz that a folder without pictures holds, if it is the only one."""
    found = [file for file in path.iterdir() if file.suffix.lower() == ".npz"]
    return (
        found[0] if len(found) == 1 and not any(map(is_named_picture, folder_names(path))) else None
    )


def _npz(path: Path) -> bool:
    """Whether a file is an .npz, by its name or because arrays are in it."""
    if path.suffix.lower() == ".npz":
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False
