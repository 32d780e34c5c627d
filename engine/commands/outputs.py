"""Files that commands write: asked about before the work, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.config import ConfigError, DataError

PICTURE = ".png"


def require_folder(output: Path | None) -> None:
    """A file can be written there, as far as its folder says; DataError before work is done in vain."""
    if output is not None and not output.resolve().parent.is_dir():
        raise DataError(f"the folder of {output} must exist; make it or choose another place")


def require_fitting(output: Path | None, images: bool) -> None:
    """The same, and the file's ending is of what will be in it: pictures as a PNG, sentences as text.

    Raises:
        ConfigError: sentences would be in a file that calls itself a picture, or pictures in another.
        DataError: there is no such folder.
    """
    from engine.data.pictures.files import SUFFIXES

    require_folder(output)
    if output is None:
        return
    ending = output.suffix.lower()
    if images and ending != PICTURE:
        raise ConfigError(
            f"pictures are written as one PNG, got --output {output}; give it the ending {PICTURE}"
        )
    if not images and ending in SUFFIXES:
        raise ConfigError(
            f"a run of text writes sentences, one a line, and {output} has the ending of a picture; give "
            "it the ending .txt"
        )


def write_lines(path: Path, texts: Iterable[str]) -> None:
    """One text a line, UTF-8, whole or not at all; a line break within a text becomes a space.

    Raises:
        DataError: the file cannot be written.
    """
    write(path, "".join(" ".join(text.splitlines()) + "\n" for text in texts))


def write(path: Path, content: str | bytes) -> None:
    """A whole file, or none.

    Raises:
        DataError: it cannot be written.
    """
    from engine.runs.files import write_atomic

    try:
        write_atomic(path, content)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error}; choose another place") from error
