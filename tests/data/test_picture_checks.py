"""What a look over a corpus of pictures finds, against numbers counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data import pictures
from engine.data.corpus import Corpus
from engine.data.pictures.checks import check_pictures
from engine.data.writing import Draft


def corpus(texts: dict[str, list[str]], labels: dict[str, list[str]] | None = None) -> Corpus:
    with Draft("planted") as draft:
        for split, found in texts.items():
            columns = {"text": found} | ({"label": labels[split]} if labels else {})
            draft.add(columns, split)
        return draft.finish(title="Planted", kind="images", source="made for a test")


def level(value: int, shape: tuple[int, int] = (2, 2)) -> str:
    return pictures.write(np.full(shape, value, np.uint8))


def test_copies_sizes_ink_and_labels_are_counted(home: Path) -> None:
    half = pictures.write(np.array([[255, 255], [0, 0]], np.uint8))
    train = [half, half, level(0), pictures.write(np.array([[51, 0, 0, 0]], np.uint8))]
    planted = corpus(
        {"train": train, "valid": [half, level(7)], "test": [level(9)]},
        {"train": list("aaab"), "valid": list("ab"), "test": ["a"]},
    )
    found = check_pictures(planted)
    assert found.rows == {"train": 4, "valid": 2, "test": 1}
    assert found.duplicates == {"train": 1, "valid": 0, "test": 0}
    assert found.overlap == {"valid": 1, "test": 0}
    assert found.sizes == {"2 × 2": 3, "4 × 1": 1}
    assert found.ink == (1, 1, *[0] * 8, 2, *[0] * 9)  # 0 %, 5 %, twice 50 %
    assert found.mean_ink == pytest.approx((4 * 255 + 51) / (16 * 255))
    assert (found.blank, found.grey, found.labels) == (1, 1 / 16, {"a": 3, "b": 1})
    words = " ".join(found.sentences())
    for told in ("train has only 4 pictures", "1 of 2 valid pictures occur in train",
                 "1 of 4 train pictures are duplicates", "1 of 4 pictures are blank", "26.2%",
                 "2 sizes", "2 labels"):  # fmt: skip
        assert told in words


def test_inverted_and_empty_pictures_are_pointed_out(home: Path) -> None:
    light = corpus({"train": [level(250)], "valid": [level(240)], "test": [level(230)]})
    words = " ".join(check_pictures(light).sentences())
    assert "more ink than paper; import with invert" in words and "no labels" in words
    faint = check_pictures(light).model_copy(update={"mean_ink": 0.001, "grey": 0.0})
    assert "hardly any ink" in " ".join(faint.sentences())
    assert "all pixels are black or white" in faint.sentences()
