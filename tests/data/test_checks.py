"""What a check of a corpus counts, on a corpus counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.checks import check
from engine.data.importing import import_path
from engine.data.tokenizers import Tokenizer, TokenizerConfig


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "pets"
    path.mkdir()
    train = ["text,label", "a dog,x", "a dog,x", "a cat,y", "one two three four five,x", ",x"]
    (path / "train.csv").write_text("\n".join(train))
    (path / "valid.csv").write_text("text,label\na dog,x\na bird,y\na bird,y\n")
    (path / "test.csv").write_text("text,label\na caf\ufffd,y\n")
    return path


def test_a_check_counts_rows_copies_lengths_words_and_labels(home: Path, folder: Path) -> None:
    result = check(import_path(folder), max_tokens=4)
    assert result.rows == {"train": 4, "valid": 3, "test": 1}
    assert result.duplicates == {"train": 1, "valid": 1, "test": 0}
    assert result.overlap == {"valid": 1, "test": 0}
    assert result.lengths == (0, 0, 3, 0, 0, 1)
    assert result.truncated == 0.25
    assert result.coverage["train"] == 1.0
    assert result.coverage["valid"] == pytest.approx(4 / 6)
    assert result.labels == {"x": 3, "y": 1}
    assert result.encoding_problems[0].endswith("test.csv line 2")


def test_the_findings_are_said_in_words(home: Path, folder: Path) -> None:
    words = "\n".join(check(import_path(folder), max_tokens=4).sentences())
    for expected in (
        "train has only 4 sentences",
        "1 of 3 valid texts occur in train",
        "1 of 4 train texts are duplicates (25.0%)",
        "25.0% would be truncated at 4 tokens",
        "66.7% of the tokens of valid are in the vocabulary",
        "2 labels",
        "1 empty rows left out",
        "replacement character",
    ):
        assert expected in words
    assert words.count("occur in train") == 1


def test_a_check_uses_the_tokeniser_it_is_given(home: Path, folder: Path) -> None:
    corpus = import_path(folder)
    letters = Tokenizer.train(TokenizerConfig(kind="char"), corpus.iter_texts("train"))
    result = check(corpus, letters, max_tokens=5)
    assert result.lengths[5] == 3 and result.vocabulary == letters.vocab_size
    assert result.truncated == 0.25
