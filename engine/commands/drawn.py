"""Pictures on the command line: read from files, drawn in a terminal, written as one PNG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands import terminal
from engine.commands.outputs import require_fitting, write
from engine.config import ConfigError, DataError

if TYPE_CHECKING:
    import numpy as np

    from engine.hosting import Hosted

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Of a run of images: a PNG of all pictures. Without it small ones are drawn here.",
    ),
]
OR_PICTURE = "; of a run of images the file of a picture, or its data URI"
"""What the help of a sentence goes on with."""
COLUMNS, GAP = 78, 2
"""Characters of a line, and between two pictures."""
MOST_SIDE, MOST_DRAWN = 32, 48
_BLOCKS = " ▄▀█"


def of_images(hosted: Hosted, output: Path | None = None) -> bool:
    """Whether the run is of images.

    Args:
        hosted: its model.
        output: the PNG that a command is to write, one that writes nothing else.

    Raises:
        ConfigError: the run is of text, or the file's ending is not that of a PNG.
        DataError: there is no such folder.
    """
    images = hosted.tokenizer.config.reads == "images"
    if output is not None and not images:
        raise ConfigError(
            f"--output writes pictures, and {hosted.run.name} is a run of text: leave it out, or use --json"
        )
    require_fitting(output, images)
    return images


def taken(hosted: Hosted, given: str) -> str:
    """What a model reads: a sentence as it stands, a picture from its file or data URI.

    Raises:
        DataError: there is no such picture, or it is given to a model of text.
    """
    from engine.data.pictures import is_picture
    from engine.data.pictures.importing import from_file

    images, picture = of_images(hosted), is_picture(given)
    if picture and not images:
        raise DataError(
            f"{hosted.run.name} is a run of text and cannot read a picture: give sentences, or a run of "
            "images"
        )
    if picture or not images:
        return given
    path = Path(given).expanduser()
    if not path.is_file():
        raise DataError(
            f"{hosted.run.name} is a run of images: give the file of a picture or a data URI, there is no "
            f"file {given!r}"
        )
    return from_file(path.read_bytes(), path.name)


def show(texts: Sequence[str], output: Path | None, columns: int | None = None) -> None:
    """Write pictures into a PNG where one is asked for, else draw them where they are small.

    Args:
        texts: data URIs.
        output: the PNG.
        columns: pictures in a row of it.
    """
    from engine.data.pictures.sheets import sheet

    count = "one picture" if len(texts) == 1 else f"{len(texts)} pictures"
    if output is not None:
        write(output, sheet(texts, columns))
        terminal.note(f"{count} in {output}")
        return
    for line in lines(texts[:MOST_DRAWN]):
        typer.echo(line)
    terminal.note(f"{count}; --output pictures.png writes them, --json gives their data URIs")


def lines(texts: Sequence[str]) -> Iterator[str]:
    """Small pictures as lines of half blocks, side by side; larger ones give none."""
    from engine.data import pictures

    found = [pictures.read(text) > pictures.WHITE // 2 for text in texts]
    if not found or max(max(one.shape) for one in found) > MOST_SIDE:
        return
    width = max(one.shape[1] for one in found) + GAP
    across = max(1, COLUMNS // width)
    for start in range(0, len(found), across):
        row = [_blocks(one) for one in found[start : start + across]]
        for at in range(max(map(len, row))):
            parts = (block[at] if at < len(block) else "" for block in row)
            yield "".join(part.ljust(width) for part in parts).rstrip()
        yield ""


def _blocks(on: np.ndarray) -> list[str]:
    """Two rows of pixels a line."""
    import numpy as np

    even = np.pad(on, ((0, len(on) % 2), (0, 0))).astype(int)
    return ["".join(_BLOCKS[at] for at in row) for row in 2 * even[::2] + even[1::2]]
