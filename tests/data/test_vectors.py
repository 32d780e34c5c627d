"""Word vectors are read as their publishers write them, and a bad line is named."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from engine.config import ConfigError, DataError
from engine.data.vectors import look_at_vectors, read_vectors
from engine.experiment import check, override
from engine.presets import preset

WORDS = ["<pad>", "<s>", "</s>", "<unk>", "the", "cat", "The", "dog"]
GLOVE = "the 0.1 0.2 -3e-1\nof 1 2 3\ncat -1 0 1\n"


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str | bytes, name: str = "glove.txt") -> Path:
        data = text.encode() if isinstance(text, str) else text
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


def test_words_of_the_vocabulary_get_their_rows_and_the_others_none(write, caplog):
    with caplog.at_level("INFO"):
        rows, known = read_vectors(write(GLOVE), WORDS, 3)
    assert rows.dtype == np.float32 and rows.shape == (8, 3)
    assert [WORDS[i] for i in known.nonzero()[0]] == ["the", "cat"]
    np.testing.assert_allclose(rows[4:6], [[0.1, 0.2, -0.3], [-1, 0, 1]], rtol=1e-6)
    assert not rows[~known].any()
    assert "glove.txt has vectors for 2 of 8 words" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "3 3\n" + GLOVE,
        GLOVE.rstrip("\n"),
        GLOVE.replace("\n", " \r\n"),
        GLOVE.replace(" ", "\t"),
        "\ufeff" + GLOVE,
        GLOVE + "\nthe 9 9 9\n",
        "a 1 2 3\nat home.com 1 2 3\n. . . 1 2 3\nnon\u00a0breaking 1 2 3\nnext\x85line 1 2 3\n"
        + GLOVE,
    ],
    ids=["count first", "no last end", "CRLF", "tabs", "mark", "twice", "blanks in words"],
)
def test_what_publishers_do_differently_changes_nothing(write, text):
    rows, known = read_vectors(write(text), WORDS, 3)
    expected, where = read_vectors(write(GLOVE, "plain.txt"), WORDS, 3)
    assert (rows == expected).all() and (known == where).all()


def test_a_gzipped_file_is_read_as_it_is(write):
    rows, known = read_vectors(write(gzip.compress(GLOVE.encode()), "glove.gz"), WORDS, 3)
    assert known.sum() == 2 and rows[5, 2] == 1


def test_a_vector_of_the_unknown_token_is_taken_as_well(write):
    _, known = read_vectors(write(GLOVE + "<unk> 1 1 1\n"), WORDS, 3)
    assert known[3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GLOVE + "dog 1 2\n", "line 4 of glove.txt .* got 2"),
        (GLOVE + "dog 1 2 3 4\n", "line 4 of glove.txt .* got 4"),
        (GLOVE + "dog\n", "line 4 of glove.txt .* got 0"),
        (GLOVE + "dog 1 x 3\n", "line 4 of glove.txt .* got 'x'"),
        (GLOVE + "dog 1 nan 3\n", "line 4 of glove.txt .* got 'nan'"),
        ("a line of prose\n" + GLOVE, "line 1 of glove.txt .* got 'line'"),
        ("", "empty"),
        ("of 1 2 3\n", "8 words of the vocabulary, and has none"),
        (b"\x00\x01\x02 1 2 3", "not text"),
        (gzip.compress(GLOVE.encode() * 999)[:-20], "damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained(write, text, words):
    with pytest.raises(DataError, match=words):
        read_vectors(write(text), WORDS, 3)


@pytest.mark.parametrize("text", [GLOVE, "3 3\n" + GLOVE])
def test_another_width_says_what_to_set(write, text):
    with pytest.raises(
        DataError, match="3 numbers.* 5 wide; set model.encoder.embedding and .* 3,"
    ):
        read_vectors(write(text), WORDS, 5)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="no file .*none.txt"):
        read_vectors(tmp_path / "none.txt", WORDS, 3)


def test_vectors_are_looked_at_before_there_is_a_run(write):
    """Another width or a bad line near the beginning is told by the check of an experiment."""
    look_at_vectors(write(GLOVE), 3)
    with pytest.raises(DataError, match="3 numbers.*4 wide"):
        look_at_vectors(write(GLOVE), 4)
    settings = [f"model.word_vectors={write(GLOVE)}", "model.share_embedding=no"]
    sizes = ["model.encoder.embedding=3", "model.decoder.embedding=3"]
    config = override(preset("vanilla"), [*settings, *sizes])
    assert check(config, 100) == []
    with pytest.raises(ConfigError, match="3 numbers.*4 wide"):
        check(
            override(config, [f"model.{part}.embedding=4" for part in ("encoder", "decoder")]), 100
        )
    write(GLOVE.replace("of 1 2 3", "of 1 two 3"))
    with pytest.raises(ConfigError, match="line 2 of glove.txt"):
        check(config, 100)
