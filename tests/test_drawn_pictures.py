"""Pictures on the command line: half blocks in a terminal, and what is given as a picture."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.commands import drawn
from engine.commands.inputs import read_sentences
from engine.config import ConfigError, DataError
from engine.data import pictures
from engine.data.vocabulary import TokenizerConfig


def hosted(kind: str) -> Any:
    tokenizer = SimpleNamespace(config=TokenizerConfig(kind=kind))
    return SimpleNamespace(tokenizer=tokenizer, run=SimpleNamespace(name="mine"))


def test_two_rows_of_pixels_are_one_line_of_half_blocks() -> None:
    grey = np.array([[255, 0, 255], [255, 255, 0], [0, 0, 255]], np.uint8)
    assert list(drawn.lines([pictures.write(grey)])) == ["█▄▀", "  ▀", ""]


def test_pictures_stand_side_by_side_and_large_ones_are_not_drawn() -> None:
    small, large = (pictures.write(np.full((n, n), 255, np.uint8)) for n in (2, 40))
    assert list(drawn.lines([small, small])) == ["██  ██", ""]
    assert len(list(drawn.lines([small] * 40))) == 6  # 19 in a line
    assert list(drawn.lines([large])) == [] == list(drawn.lines([]))


def test_a_sheet_is_written_and_nothing_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = pictures.write(np.full((4, 4), 255, np.uint8))
    drawn.show([text] * 3, tmp_path / "out.png", 3)
    said = capsys.readouterr()
    assert said.out == "" and "3 pictures in" in said.err
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (3 * 57 + 1, 58)
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_a_picture_is_given_as_a_file_or_a_data_uri(tmp_path: Path) -> None:
    grey = np.zeros((5, 5), np.uint8)
    grey[2] = 200
    Image.fromarray(grey).save(tmp_path / "mine.png")
    text = pictures.write(grey)
    assert drawn.taken(hosted("pixels"), str(tmp_path / "mine.png")) == text
    assert drawn.taken(hosted("pixels"), text) == text
    assert drawn.taken(hosted("word"), "a sentence") == "a sentence"
    assert read_sentences(tmp_path / "mine.png") == [text]
    with pytest.raises(DataError, match="give the file of a picture"):
        drawn.taken(hosted("pixels"), "a sentence")


def test_a_png_of_sentences_is_refused() -> None:
    with pytest.raises(ConfigError, match="run of text"):
        drawn.of_images(hosted("word"), Path("out.png"))
