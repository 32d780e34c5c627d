"""A corpus on disk: what is written comes back, and nothing half-written is ever seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.config import DataError
from engine.data.corpus import Corpus, corpora, delete
from engine.data.importing import import_text
from engine.data.writing import Draft

TEXTS = [f"sentence number {i} of the test" for i in range(100)]


def write(name: str = "numbers", **columns: object) -> Corpus:
    with Draft(name) as draft:
        draft.add({"text": TEXTS, **columns})
        return draft.finish(title=name, source="test")


def everything(corpus: Corpus) -> list[str]:
    return [text for split in ("train", "valid", "test") for text in corpus.texts(split)]


def test_every_text_lands_in_exactly_one_split_with_the_asked_shares(home: Path) -> None:
    corpus = write()
    assert sorted(everything(corpus)) == sorted(TEXTS)
    assert corpus.card.rows == {"train": 80, "valid": 10, "test": 10}


def test_rows_are_read_in_the_order_asked_for(home: Path) -> None:
    corpus = write()
    texts = corpus.texts("train")
    assert corpus.texts("train", [5, 0, 5]) == [texts[5], texts[0], texts[5]]
    assert [t for part in corpus.iter_texts("train", 7) for t in part] == texts


def test_labels_and_columns_stay_with_their_rows(home: Path) -> None:
    corpus = write(label=[str(i % 3) for i in range(100)], number=np.arange(100.0))
    for split in ("train", "valid", "test"):
        numbers = [int(text.split()[2]) for text in corpus.texts(split)]
        assert corpus.column(split, "number").tolist() == numbers
        assert corpus.labels(split) == [str(n % 3) for n in numbers]
    assert write("plain").labels("train") is None


def test_a_column_of_numbers_written_as_text_is_read_as_numbers(home: Path) -> None:
    corpus = write(score=[str(i / 4) for i in range(100)], code=["x1"] * 100)
    assert corpus.column("train", "score").dtype == np.float64
    assert corpus.column("train", "code", [0]).tolist() == ["x1"]


def test_the_split_depends_on_the_seed_and_on_nothing_else(home: Path) -> None:
    def split(name: str, texts: list[str], seed: int) -> set[str]:
        with Draft(name) as draft:
            draft.add({"text": texts})
            return set(draft.finish(seed=seed, title=name, source="test").texts("test"))

    assert split("a", TEXTS, 1) == split("b", TEXTS[::-1], 1)
    assert split("c", TEXTS, 2) != split("d", TEXTS, 1)


def test_the_fingerprint_tells_contents_apart(home: Path) -> None:
    first = write("a").card.fingerprint
    assert write("b").card.fingerprint == first
    assert write("c", label=["x"] * 100).card.fingerprint != first
    assert import_text("\n".join(TEXTS[1:]), "d").card.fingerprint != first


def test_copies_of_a_text_never_lie_on_both_sides_of_the_split(home: Path) -> None:
    with Draft("copies") as draft:
        draft.add({"text": TEXTS * 5})
        corpus = draft.finish(title="copies", source="test", valid=0.2, test=0.2)
    train, valid, test = (set(corpus.texts(split)) for split in ("train", "valid", "test"))
    assert not train & valid and not train & test and not valid & test
    assert corpus.card.rows == {"train": 300, "valid": 20, "test": 20}
    assert "160 repeated rows left out of the held-out splits" in corpus.card.notes


def test_a_draft_that_fails_leaves_nothing(home: Path) -> None:
    with pytest.raises(RuntimeError), Draft("broken") as draft:
        draft.add({"text": TEXTS})
        raise RuntimeError("power cut")
    assert corpora() == []
    assert list((home / "datasets").iterdir()) == []


def test_what_a_killed_process_left_is_swept_away(home: Path) -> None:
    left = home / "datasets" / ".draft-999999999-abc"
    left.mkdir(parents=True)
    write()
    assert not left.exists()


def test_a_name_is_given_once(home: Path) -> None:
    write()
    with pytest.raises(DataError, match="exists already"):
        write()


def test_opening_what_is_not_there_names_what_is(home: Path) -> None:
    with pytest.raises(DataError, match="none has been imported"):
        Corpus.open("numbers")
    write()
    with pytest.raises(DataError, match="did you mean 'numbers'"):
        Corpus.open("number")
    with pytest.raises(DataError, match="unknown split 'dev'"):
        Corpus.open("numbers").rows("dev")
    with pytest.raises(DataError, match="unknown column"):
        Corpus.open("numbers").column("train", "z0")
    with pytest.raises(DataError, match="between 0 and 79"):
        Corpus.open("numbers").texts("train", [80])


def test_a_deleted_corpus_is_gone(home: Path) -> None:
    write()
    delete("numbers")
    assert corpora() == [] and list((home / "datasets").iterdir()) == []


def test_a_damaged_corpus_says_so(home: Path) -> None:
    corpus = write()
    (corpus.path / "train.arrow").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="delete it and import it again"):
        Corpus.open("numbers").rows("train")
    (corpus.path / "card.json").write_text("{}")
    with pytest.raises(DataError, match="cannot be read as the card"):
        corpora()
