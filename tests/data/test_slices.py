"""Slices: kept, found again by any run on the data, refused when their rows are gone."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from engine.config import DataError
from engine.data import corpus as corpora
from engine.data import slices
from engine.data.corpus import Corpus
from engine.data.writing import Draft


def make(lines: list[str], name: str = "toy") -> Corpus:
    with Draft(name) as draft:
        draft.add({"text": lines}, split="train")
        for split in ("valid", "test"):
            draft.add({"text": [f"a {split} row"]}, split=split)
        return draft.finish(title="Toy", source="made for a test")


LINES = [f"sentence {number}" for number in range(50)]


@pytest.fixture
def toy(home: Path) -> Corpus:
    return make(LINES)


def test_a_slice_is_found_again_by_whoever_opens_the_data(toy: Corpus) -> None:
    kept = slices.save(toy, "Odd ones", "train", np.array([7, 3, 3, 5]), "lasso on PaCMAP of mine")
    assert kept.rows == (3, 5, 7) and kept.created.startswith("20")
    again = Corpus.open("toy")
    assert slices.find(again, "Odd ones") == kept
    assert slices.find(again, "  odd   ONES ") == kept
    assert slices.shelf(again).slices == (kept,)
    assert kept.made == "lasso on PaCMAP of mine" and kept.indices.dtype == np.int64


def test_slices_are_listed_by_name(toy: Corpus) -> None:
    for name in ("zebras", "Apples", "çedilla ☂", "apples 2"):
        slices.save(toy, name, "train", [1])
    names = [one.name for one in slices.shelf(toy).slices]
    assert names == ["Apples", "apples 2", "zebras", "çedilla ☂"]
    assert slices.shelf(toy).stale == slices.shelf(toy).problems == ()


def test_a_slice_knows_where_its_rows_are_among_those_shown(toy: Corpus) -> None:
    kept = slices.save(toy, "some", "train", [2, 9, 40])
    assert kept.positions(np.array([40, 1, 2, 3, 8])).tolist() == [0, 2]


def test_a_slice_is_renamed_and_deleted(toy: Corpus) -> None:
    kept = slices.save(toy, "first", "train", [1, 2])
    renamed = slices.rename(toy, "first", "second")
    assert renamed == kept.model_copy(update={"name": "second"})
    assert slices.shelf(toy).slices == (renamed,)
    assert slices.rename(toy, "second", "SECOND").name == "SECOND", "other capitals, the same slice"
    assert [one.name for one in slices.shelf(toy).slices] == ["SECOND"]
    slices.delete(toy, "second")
    assert slices.shelf(toy).slices == ()
    with pytest.raises(DataError, match="unknown slice 'second'; toy has none yet"):
        slices.delete(toy, "second")


def test_a_name_that_is_taken_is_refused(toy: Corpus) -> None:
    slices.save(toy, "mine", "train", [1])
    slices.save(toy, "other", "train", [2])
    with pytest.raises(DataError, match="a slice named 'Mine' exists already; choose another"):
        slices.save(toy, "Mine", "train", [2])
    with pytest.raises(DataError, match="exists already"):
        slices.rename(toy, "other", "mine")
    assert [one.rows for one in slices.shelf(toy).slices] == [(1,), (2,)]


@pytest.mark.parametrize("name", ["", "   ", "...", "a" * 61, "tab\tulator\x00", "bell\a"])
def test_a_name_that_cannot_be_one_is_refused(toy: Corpus, name: str) -> None:
    with pytest.raises(DataError, match="name must be 1 to 60 printable characters"):
        slices.save(toy, name, "train", [1])


@pytest.mark.parametrize("name", ["../../escape", "a/b", "con.", "ü" * 60, "line\nbreak"])
def test_no_name_leads_out_of_the_folder(toy: Corpus, name: str) -> None:
    slices.save(toy, name, "train", [1])
    (file,) = slices.folder("toy").iterdir()
    assert file.parent == slices.folder("toy") and file.suffix == ".json"
    assert slices.find(toy, name).rows == (1,)


@pytest.mark.parametrize(
    ("split", "rows", "words"),
    [
        ("trian", [1], "did you mean 'train'"),
        ("train", [], "at least one row number between 0 and 49, got none"),
        ("train", [3, 50], "got 3 to 50"),
        ("valid", [1], "between 0 and 0"),
        ("train", [-1], "got -1 to -1"),
    ],
)
def test_rows_that_are_not_there_are_refused(
    toy: Corpus, split: str, rows: list[int], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        slices.save(toy, "wrong", split, rows)
    assert slices.shelf(toy).slices == ()


def test_an_unknown_slice_is_answered_with_those_that_are(toy: Corpus) -> None:
    slices.save(toy, "questions", "train", [1])
    with pytest.raises(DataError, match="did you mean 'questions'"):
        slices.find(toy, "question")


def test_a_slice_of_data_that_was_made_anew_with_other_rows_is_refused_and_can_be_deleted(
    toy: Corpus,
) -> None:
    kept = slices.save(toy, "mine", "train", [1])
    corpora.delete("toy")
    other = make(LINES[1:])
    assert slices.shelf(other).slices == () and slices.shelf(other).stale == (kept,)
    with pytest.raises(
        DataError, match="slice 'mine' is of other rows: data set 'toy' was made anew"
    ):
        slices.find(other, "mine")
    slices.delete(other, "mine")
    assert slices.shelf(other).stale == ()


def test_a_slice_outlives_data_that_are_made_anew_with_the_same_rows(toy: Corpus) -> None:
    kept = slices.save(toy, "mine", "train", [1])
    corpora.delete("toy")
    assert slices.shelf(make(LINES)).slices == (kept,)


@pytest.mark.parametrize("damage", [b"", b'{"name": "x"', b"\xff\xfe", b'{"name": 3}'])
def test_a_damaged_file_is_reported_and_the_others_are_listed(toy: Corpus, damage: bytes) -> None:
    kept = slices.save(toy, "good", "train", [1])
    slices.save(toy, "bad", "train", [2])
    path = next(slices.folder("toy").glob("bad-*.json"))
    path.write_bytes(damage)
    found = slices.shelf(toy)
    assert found.slices == (kept,)
    (problem,) = found.problems
    assert str(path) in problem and "delete the file" in problem
    slices.delete(toy, "bad")
    assert slices.shelf(toy).problems == ()


def test_of_two_that_save_one_name_at_once_one_is_refused(toy: Corpus) -> None:
    outcomes: list[str] = []
    gate = threading.Barrier(8)

    def save(row: int) -> None:
        gate.wait()
        try:
            slices.save(toy, "mine", "train", [row])
            outcomes.append("kept")
        except DataError:
            outcomes.append("refused")

    threads = [threading.Thread(target=save, args=(row,)) for row in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept"] + ["refused"] * 7
    assert len(list(slices.folder("toy").iterdir())) == 1, "no draft is left"
