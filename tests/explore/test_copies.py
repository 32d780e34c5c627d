from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.config import ConfigError, DataError
from engine.data.tokenizers import Tokenizer
from engine.data.tokens import Tokens
from engine.decoding import DecodingConfig
from engine.evaluation.copies import row_hashes
from engine.explore.copies import TrainingSentences
from engine.explore.encoding import encode_corpus
from engine.explore.sampling import from_rows
from engine.models.vae import VAE
from tests.evaluation.tiny import random_tokens
from tests.explore.conftest import TEXTS


@pytest.fixture(scope="module")
def training(trained: VAE, tokenizer: Tokenizer) -> TrainingSentences:
    tokens = Tokens.of(tokenizer.encode(TEXTS))
    return TrainingSentences(tokens, encode_corpus(trained, tokens, reconstruction=False).codes)


def plain(tokenizer: Tokenizer, *texts: str) -> list[list[int]]:
    return [ids[1:-1] for ids in tokenizer.encode(list(texts))]


def test_a_training_sentence_is_found_as_a_copy_and_a_changed_one_by_its_edits(
    trained: VAE, tokenizer: Tokenizer, training: TrainingSentences
) -> None:
    asked = plain(tokenizer, TEXTS[2], "The cat sat on the dog.", "A dog ran to the park! the the")
    copy, one_word, longer = training.nearest(trained, asked)
    assert (copy.row, copy.edits, copy.similarity, copy.copied) == (2, 0, 1.0, True)
    assert (one_word.row, one_word.edits, one_word.copied) == (0, 1, False)
    assert one_word.similarity == pytest.approx(1 - 1 / len(asked[1]))
    assert (longer.row, longer.edits) == (1, 2)


def test_copies_are_found_among_all_rows_not_only_the_encoded_ones(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    tokens = Tokens.of(tokenizer.encode(TEXTS))
    codes = encode_corpus(trained, tokens, [0, 1], reconstruction=False).codes
    training = TrainingSentences(tokens, codes, [0, 1])
    found = training.nearest(trained, plain(tokenizer, TEXTS[4], "Is the mat on the cat?"))
    assert (found[0].row, found[0].copied) == (4, True)
    assert found[1].row in (0, 1) and not found[1].copied


def test_hashes_are_equal_for_equal_rows_and_only_for_those() -> None:
    tokens = random_tokens(4000, longest=8)
    hashes = row_hashes(np.asarray(tokens.ids), tokens.offsets)
    rows = [tuple(tokens.ids[a:b]) for a, b in zip(tokens.offsets, tokens.offsets[1:])]
    first: dict[tuple[int, ...], int] = {}
    for row, value in zip(rows, hashes.tolist(), strict=True):
        assert first.setdefault(row, value) == value
    assert len(set(first.values())) == len(first) > 1000
    assert (
        row_hashes(np.array([1, 2]), np.array([0, 2]))[0]
        != row_hashes(np.array([2, 1]), np.array([0, 2]))[0]
    )


def test_hashes_that_fall_together_are_told_apart_by_the_rows_themselves(
    trained: VAE, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.evaluation.copies._FACTOR", np.uint64(1))  # order no longer counts
    tokens = Tokens.of([[1, 4, 5, 6, 2], [1, 5, 4, 6, 2]])
    training = TrainingSentences(tokens, np.zeros((2, 4), np.float32))
    found = training.nearest(trained, [[4, 5, 6], [5, 4, 6], [6, 5, 4]])
    assert [one.copied for one in found] == [True, True, False]
    assert [one.row for one in found][:2] == [0, 1]


def test_nothing_written_is_nothing_found_and_an_empty_sentence_is_no_copy(
    trained: VAE, training: TrainingSentences
) -> None:
    assert training.nearest(trained, []) == []
    (empty,) = training.nearest(trained, [[]])
    assert not empty.copied and empty.similarity == 0


@pytest.mark.parametrize("codes", [np.zeros((0, 4)), np.zeros(4), np.zeros((3, 4))])
def test_codes_that_do_not_fit_are_refused(tokenizer: Tokenizer, codes: np.ndarray) -> None:
    tokens = Tokens.of(tokenizer.encode(TEXTS))
    with pytest.raises(ConfigError, match="a code for each row"):
        TrainingSentences(tokens, codes, [0, 1])


def test_sentences_are_drawn_around_chosen_rows(trained: VAE, tokenizer: Tokenizer) -> None:
    tokens = Tokens.of(tokenizer.encode(TEXTS))
    still = from_rows(trained, tokenizer, tokens, [0, 3], 30, spread=0)
    assert set(still.texts) == {TEXTS[0], TEXTS[3]} and len(still.ids) == 30
    assert tokenizer.decode(still.ids) == still.texts
    torch.manual_seed(1)
    assert from_rows(trained, tokenizer, tokens, [0, 3], 30, spread=0) == still
    other = from_rows(trained, tokenizer, tokens, [0, 3], 30, DecodingConfig(seed=1), spread=0)
    assert other.texts != still.texts
    with pytest.raises(DataError, match="around at least one row"):
        from_rows(trained, tokenizer, tokens, [])
