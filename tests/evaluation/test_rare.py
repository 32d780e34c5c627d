"""Reconstruction perplexity that charges for which of the rare words an unknown one is."""

from __future__ import annotations

import math

import pytest

from engine.data.batches import Tokens
from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.evaluation.rare import rare_scores

TRAIN = ["the cat sleeps", "the dog sleeps", "the cat barks", "the dog barks", "the axolotl sleeps"]
TEST = ["the newt sleeps", "the axolotl barks", "the cat barks"]


def words(min_count: int) -> Tokenizer:
    return Tokenizer.train(TokenizerConfig(min_count=min_count), TRAIN)


def test_an_unknown_word_is_one_of_the_rare_ones() -> None:
    tokenizer = words(2)
    tokens = Tokens.of(tokenizer.encode(TEST))
    found = rare_scores(tokenizer, [*TRAIN, *TEST], tokens, reconstruction=8.0)
    # Rare: axolotl and newt. Two of the twelve predicted tokens are unknown.
    assert found["rare_words"] == 2
    expected = math.exp((3 * 8.0 + 2 * math.log(2)) / 12)
    assert found["ppl_reconstruction_rare"] == pytest.approx(expected)


def test_a_vocabulary_that_knows_every_word_has_nothing_rare() -> None:
    tokenizer = Tokenizer.train(TokenizerConfig(), [*TRAIN, *TEST])
    assert rare_scores(tokenizer, TRAIN, Tokens.of(tokenizer.encode(TEST)), 8.0) == {}


def test_characters_and_byte_pairs_have_no_rare_words() -> None:
    tokenizer = Tokenizer.train(TokenizerConfig(kind="char"), ["abc"])
    assert rare_scores(tokenizer, ["xyz"], Tokens.of(tokenizer.encode(["xyz"])), 8.0) == {}


def test_only_the_rows_that_were_measured_count() -> None:
    tokenizer = words(2)
    tokens = Tokens.of(tokenizer.encode(["the newt sleeps"] * 5 + ["the cat sleeps"] * 95))
    one = rare_scores(tokenizer, ["newt", "emu"], tokens, 4.0, limit=1, seed=0)
    every = rare_scores(tokenizer, ["newt", "emu"], tokens, 4.0)
    assert one == {} or one["ppl_reconstruction_rare"] == pytest.approx(
        math.exp((4.0 + math.log(2)) / 4)
    )
    assert every["ppl_reconstruction_rare"] == pytest.approx(
        math.exp((400 + 5 * math.log(2)) / 400)
    )
