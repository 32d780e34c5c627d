"""Pictures come from arrays, folders and zips as they are, with their labels and splits."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.data import pictures
from engine.data.corpus import Corpus, corpora
from engine.data.fingerprints import content_fingerprint
from engine.data.importing import ImportOptions, import_path
from engine.data.library import resolve
from engine.data.pictures.folders import arranged
from engine.data.pictures.importing import guess_pictures
from engine.data.pictures.sources import holds_pictures


def digits(n: int = 40, side: int = 6, seed: int = 0) -> np.ndarray:
    """Grey pictures with a dark border, no two alike."""
    table = np.random.default_rng(seed).integers(0, 256, (n, side, side)).astype(np.uint8)
    table[:, [0, -1]] = table[:, :, [0, -1]] = 0
    return table


def saved(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "mine.npz", **arrays)
    return folder / "mine.npz"


def all_texts(corpus: Corpus) -> list[str]:
    return [text for split in ("train", "valid", "test") for text in corpus.texts(split)]


def labelled(corpus: Corpus) -> dict[str, str]:
    found: dict[str, str] = {}
    for split in ("train", "valid", "test"):
        found |= zip(corpus.texts(split), corpus.labels(split) or [], strict=True)
    return found


def put(folder: Path, name: str, grey: np.ndarray) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey).save(folder / name)


def kept(corpus: Corpus, table: np.ndarray) -> bool:
    return sorted(all_texts(corpus)) == sorted(pictures.write(one) for one in table)


# -- arrays -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x,
        lambda x: x.reshape(len(x), -1),
        lambda x: x[..., None],
        lambda x: x[:, None],
        lambda x: np.stack([x] * 3, axis=-1),
        lambda x: (x / 255).astype(np.float32),
        lambda x: x.astype(np.float64),
        lambda x: x.astype(np.int64),
        lambda x: x.astype(np.uint16) * 257,
        lambda x: x.astype(">i4"),
        np.asfortranarray,
    ],
)
def test_arrays_of_any_shape_and_range_are_the_same_pictures(
    home: Path, tmp_path: Path, form: Any
) -> None:
    table = digits()
    table[0, 2, 2] = 255  # the range is seen in the data
    corpus = import_path(saved(tmp_path, images=form(table)))
    assert kept(corpus, table) and corpus.card.kind == "images"
    assert corpus.card.name == "mine" and corpus.card.label_column is None


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_noughts_and_ones_are_black_and_white(home: Path, tmp_path: Path, kind: type) -> None:
    table = digits() > 99
    corpus = import_path(saved(tmp_path, x=table.astype(kind)))
    assert kept(corpus, table.astype(np.uint8) * 255)


@pytest.mark.parametrize("name", ["y", "label", "labels", "targets"])
def test_labels_are_found_by_name(home: Path, tmp_path: Path, name: str) -> None:
    table, others = digits(), np.arange(40) % 2
    corpus = import_path(saved(tmp_path, x=table, place=others, **{name: np.arange(40) % 5}))
    expected = {pictures.write(one): str(i % 5) for i, one in enumerate(table)}
    assert labelled(corpus) == expected
    assert set(corpus.card.columns) == {"text", "label", "place"}


def test_labels_may_be_words_and_whole_floats(home: Path, tmp_path: Path) -> None:
    for kind, expected in (("U", {"a", "b"}), ("S", {"a", "b"})):
        names = np.array(["a", "b"] * 20).astype(kind)
        corpus = import_path(saved(tmp_path, x=digits(), y=names), f"words-{kind.lower()}")
        assert set(labelled(corpus).values()) == expected
    corpus = import_path(saved(tmp_path, x=digits(), y=np.arange(40) % 2.0), "floats")
    assert set(labelled(corpus).values()) == {"0", "1"}


def test_splits_in_the_names_of_arrays_are_kept(home: Path, tmp_path: Path) -> None:
    parts = {"train": digits(30), "valid": digits(10, seed=1), "test": digits(10, seed=2)}
    arrays: dict[str, Any] = {f"x_{split}": table for split, table in parts.items()}
    arrays |= {f"alphabet_{split}": np.arange(len(t)) % 3 for split, t in parts.items()}
    arrays |= {f"char_{split}": np.arange(len(t)) % 5 for split, t in parts.items()}
    path = saved(tmp_path, **arrays)
    corpus = import_path(path)
    for split, table in parts.items():
        assert corpus.texts(split) == [pictures.write(one) for one in table]
        assert corpus.labels(split) == [str(i % 3) for i in range(len(table))]
        assert corpus.column(split, "char").tolist() == [i % 5 for i in range(len(table))]
    other = import_path(path, "by-char", ImportOptions(label_column="char"))
    assert set(other.labels("train") or []) == set("01234")
    assert import_path(path, "none", ImportOptions(label_column="")).labels("train") is None


def test_a_test_split_alone_comes_and_validation_is_taken_from_training(
    home: Path, tmp_path: Path
) -> None:
    path = saved(tmp_path, x_train=digits(50), y_train=np.arange(50) % 2,
                 x_test=digits(9, seed=1), y_test=np.arange(9) % 2)  # fmt: skip
    corpus = import_path(path)
    assert corpus.card.rows == {"train": 45, "valid": 5, "test": 9}


def test_a_file_of_arrays_alone_in_a_folder_is_meant(home: Path, tmp_path: Path) -> None:
    saved(tmp_path, x=digits())
    (tmp_path / "SOURCE.md").write_text("where from")
    assert import_path(tmp_path, "mine").rows("train") == 32


def test_same_content_is_not_imported_twice(home: Path, tmp_path: Path) -> None:
    path = saved(tmp_path, x=digits())
    first = resolve(path)
    moved = tmp_path / "moved.npz"
    shutil.copy(path, moved)
    assert resolve(moved).name == first.name and len(corpora()) == 1
    assert content_fingerprint(moved) != content_fingerprint(saved(tmp_path, x=digits(seed=9)))


def test_large_pictures_are_scaled_down_and_it_is_said(home: Path, tmp_path: Path) -> None:
    table = np.random.default_rng(0).integers(0, 256, (4, 300, 150)).astype(np.uint8)
    corpus = import_path(saved(tmp_path, x=table), options=ImportOptions(invert=False))
    assert {pictures.read(text).shape for text in all_texts(corpus)} == {(256, 128)}
    assert any("larger than 256" in note for note in corpus.card.notes)


def test_faint_levels_are_pointed_out(home: Path, tmp_path: Path) -> None:
    corpus = import_path(saved(tmp_path, x=digits() // 16))
    assert any("the highest level is 15 of 255" in note for note in corpus.card.notes)


@pytest.mark.parametrize("axis", [1, 3])
def test_arrays_in_colour_are_told(home: Path, tmp_path: Path, axis: int) -> None:
    colour = np.stack([digits()] * 3, axis)
    notes = [import_path(saved(tmp_path, x=x)).card.notes for x in (colour, digits())]
    assert ["the pictures were in colour" in told for told in notes] == [True, False]


# -- folders and zips -------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Thirty pictures in two folders, and what else lies about."""
    folder = tmp_path / "shelf"
    for number, grey in enumerate(digits(30)):
        put(folder, f"{'even' if number % 2 == 0 else 'odd'}/{number}.png", grey)
    (folder / "README.txt").write_text("about")
    (folder / ".hidden.png").write_bytes(b"no picture")
    return folder


@pytest.mark.parametrize("zipped", [False, True])
def test_folders_are_labels(home: Path, tmp_path: Path, shelf: Path, zipped: bool) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "z"), "zip", shelf)) if zipped else shelf
    corpus = import_path(path)
    table = digits(30)
    expected = {pictures.write(one): ("even", "odd")[i % 2] for i, one in enumerate(table)}
    assert labelled(corpus) == expected
    assert "file" in corpus.card.columns
    assert any("README.txt" in note for note in corpus.card.notes)


def test_a_zip_of_the_folder_itself_is_the_same(home: Path, tmp_path: Path, shelf: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "whole"), "zip", tmp_path, shelf.name)
    assert set(labelled(import_path(Path(archive))).values()) == {"even", "odd"}


def test_folders_called_as_splits_are_splits(home: Path, tmp_path: Path) -> None:
    for split, n, seed in (("train", 20, 0), ("val", 6, 1), ("test", 5, 2)):
        for number, grey in enumerate(digits(n, seed=seed)):
            put(tmp_path / "set", f"{split}/{'ab'[number % 2]}/{number}.png", grey)
    corpus = import_path(tmp_path / "set")
    assert corpus.card.rows == {"train": 20, "valid": 6, "test": 5}
    assert set(corpus.texts("valid")) == {pictures.write(one) for one in digits(6, seed=1)}
    assert Counter(corpus.labels("train") or []) == {"a": 10, "b": 10}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.png", "b.png"], [(None, ""), (None, "")]),
        (["x/a.png", "x/b.png"], [(None, ""), (None, "")]),
        (["x/a.png", "y/b.png"], [(None, "x"), (None, "y")]),
        (["x/a.png", "b.png"], [(None, "x"), (None, "")]),
        (["top/x/a.png", "top/y/b.png"], [(None, "x"), (None, "y")]),
        (["x/deep/a.png", "y/b.png"], [(None, "x"), (None, "y")]),
        (["train/x/a.png", "Test/y/b.png"], [("train", "x"), ("test", "y")]),
        (["test/x/a.png", "valid/y/b.png"], [(None, "test"), (None, "valid")]),
        (["train/x/a.png", "other/y/b.png"], [(None, "train"), (None, "other")]),
    ],
)
def test_what_folders_say(names: list[str], expected: list[tuple[str | None, str]]) -> None:
    assert [(entry.split, entry.label) for entry in arranged(names)] == expected


def test_pictures_of_several_sizes_formats_and_kinds_go_together(
    home: Path, tmp_path: Path
) -> None:
    for number, kind in enumerate(("png", "jpg", "bmp", "gif", "tif", "webp")):
        put(tmp_path / "mixed", f"{number}.{kind}", digits(1, 10 + number, number)[0])
    colour = np.stack([digits(1, seed=s)[0] for s in range(3)], axis=-1)
    Image.fromarray(colour).save(tmp_path / "mixed" / "colour.png")
    Image.new("RGBA", (300, 20), (0, 0, 0, 0)).save(tmp_path / "mixed" / "seen-through.png")
    corpus = import_path(tmp_path / "mixed", options=ImportOptions(invert=False))
    assert sum(corpus.card.rows.values()) == 8
    notes = " ".join(corpus.card.notes)
    for words in ("1 of 8 pictures were in colour", "1 of 8 pictures were with transparent parts",
                  "1 of 8 pictures were larger than 256", "8 sizes"):  # fmt: skip
        assert words in notes


# -- ink --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("invert", [None, True, False])
def test_dark_ink_on_light_paper_is_exchanged_unless_told_otherwise(
    home: Path, tmp_path: Path, invert: bool | None
) -> None:
    table = digits()
    corpus = import_path(saved(tmp_path, x=255 - table), options=ImportOptions(invert=invert))
    assert kept(corpus, 255 - table if invert is False else table)
    said = "light borders: light and dark exchanged" if invert is None else "as asked"
    assert any(said in note for note in corpus.card.notes)


def test_light_ink_on_dark_paper_stays(home: Path, tmp_path: Path) -> None:
    corpus = import_path(saved(tmp_path, x=digits()))
    assert any("dark borders: light and dark kept" in note for note in corpus.card.notes)


def test_a_guess_shows_what_the_import_will_make(home: Path, tmp_path: Path, shelf: Path) -> None:
    found = guess_pictures(saved(tmp_path, x=255 - digits(), y=np.arange(40) % 4), ImportOptions())
    assert (found.format, found.rows, found.label_column) == ("npz", 40, "y")
    assert found.inverted and found.preview[0] == pictures.write(digits()[0])
    assert guess_pictures(shelf, ImportOptions()).label_columns == ("folder",)


@pytest.mark.parametrize("name", ["train.csv", "train.csv.gz"])
def test_a_folder_of_split_texts_is_text_though_a_picture_lies_in_it(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"text\n")
    (tmp_path / "figure.png").write_bytes(b"")
    assert not holds_pictures(tmp_path)
    (tmp_path / name).rename(tmp_path / "notes.csv")
    assert holds_pictures(tmp_path)
