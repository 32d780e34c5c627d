"""Whatever is cut comes together again, and ids mean what everybody thinks they mean."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.config import ConfigError, DataError
from engine.data.detokenise import join_words
from engine.data.tokenizers import Tokenizer, TokenizerConfig, looks_tokenised

RAW = [
    "He's here, isn't he?",
    "It costs $3.50 (or 1,000 yen) at 12:30.",
    'She said "yes" and left; "no" was not heard!',
    "A well-known, state-of-the-art and/or plain idea...",
    "The dogs' tails wag 'a lot' today.",
    "Ça va très bien, n'est-ce pas ?",
    "See `this' old style: 50% off @ home #1 & more.",
    "Return the value -1 - or nothing.",
]
TOKENISED = [
    "a man in a grassy area .",
    "it 's a dog , is n't it ?",
    "the so-called `` expert '' said u.s. firms ca n't win .",
    "<unk> won N % of 1,000 votes .",
]
KINDS = ("word", "char", "bpe", "wordpiece")


def train(kind: str = "word", texts: list[str] = RAW, **settings: object) -> Tokenizer:
    config = TokenizerConfig.model_validate({"kind": kind, **settings})
    return Tokenizer.train(config, texts)


@pytest.mark.parametrize("texts", [RAW, TOKENISED], ids=["raw", "tokenised"])
@pytest.mark.parametrize("kind", KINDS)
def test_cutting_what_was_put_together_gives_the_same_ids(kind: str, texts: list[str]) -> None:
    tokenizer = train(kind, texts)
    ids = tokenizer.encode(texts)
    assert tokenizer.encode(tokenizer.decode(ids)) == ids


def test_any_order_of_known_words_survives_the_round_trip() -> None:
    tokenizer = train()
    rng = np.random.default_rng(0)
    for _ in range(300):
        row = [1, *rng.integers(4, tokenizer.vocab_size, size=8).tolist(), 2]
        assert tokenizer.encode(tokenizer.decode([row])) == [row]


@pytest.mark.parametrize("kind", ["char", "bpe"])
def test_characters_and_byte_pairs_lose_nothing(kind: str) -> None:
    tokenizer = train(kind)
    assert tokenizer.decode(tokenizer.encode(RAW)) == RAW


def test_tokenised_text_is_cut_at_blanks_alone() -> None:
    tokenizer = train(texts=TOKENISED)
    assert tokenizer.tokenised
    ids = tokenizer.encode(TOKENISED)
    assert [tokenizer.pieces(row) for row in ids] == [text.split() for text in TOKENISED]
    assert tokenizer.decode(ids) == TOKENISED


def test_a_typed_sentence_is_understood_by_a_tokeniser_of_tokenised_text() -> None:
    tokenizer = train(texts=TOKENISED)
    assert tokenizer.encode(["a man in a grassy area."]) == tokenizer.encode(TOKENISED[:1])
    assert tokenizer.pieces(tokenizer.encode(["a zebra."])[0]) == ["a", "<unk>"]


def test_raw_text_is_cut_around_punctuation() -> None:
    tokenizer = train()
    assert not tokenizer.tokenised
    pieces = [tokenizer.pieces(row) for row in tokenizer.encode(RAW)]
    assert pieces[0] == ["He's", "here", ",", "isn't", "he", "?"]
    assert pieces[1] == [
        "It",
        "costs",
        "$",
        "3.50",
        "(",
        "or",
        "1,000",
        "yen",
        ")",
        "at",
        "12:30",
        ".",
    ]


@pytest.mark.parametrize("text", RAW[:5] + ['"Well," he said, "it is (almost) done!"'])
def test_punctuation_is_put_back_where_english_has_it(text: str) -> None:
    tokenizer = train(texts=[text])
    assert tokenizer.decode(tokenizer.encode([text])) == [text]


def test_two_words_never_grow_together() -> None:
    assert join_words(["a", "b", "-", "c", "'", "d", "'", "e", '"', "f"]) == "a b-c 'd' e \"f"
    assert join_words([]) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_rows_begin_with_1_end_with_2_and_are_cut_between(kind: str) -> None:
    tokenizer = train(kind)
    full = tokenizer.encode(RAW)
    cut = tokenizer.encode(RAW, max_tokens=3)
    assert all(row[0] == 1 and row[-1] == 2 and min(row[1:-1]) > 2 for row in full)
    assert cut == [[*row[:4], 2] for row in full]
    assert max(map(max, full)) < tokenizer.vocab_size


def test_decoding_stops_at_the_first_end_and_drops_padding() -> None:
    tokenizer = train(texts=["a b c d ."])
    row = tokenizer.encode(["a b"])[0]
    assert tokenizer.decode([[*row, 0, 0], [*row, *row], np.array(row)]) == ["a b"] * 3
    assert tokenizer.decode([[1, 2], []]) == ["", ""]


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_can_forge_a_special_id(kind: str) -> None:
    texts = ["a <pad> b </s> c <s> d .", "<pad>", "</s>"]
    tokenizer = train(kind, texts)
    for row in tokenizer.encode(texts):
        assert min(row[1:-1]) > 2


@pytest.mark.parametrize("kind", ["word", "char"])
def test_the_unknown_is_3_and_stays_unknown(kind: str) -> None:
    tokenizer = train(kind)
    row = tokenizer.encode(["Ω"])[0]
    assert row == [1, 3, 2]
    assert tokenizer.encode(tokenizer.decode([row])) == [row]
    assert tokenizer.known_share([row]) == 0.0
    assert tokenizer.known_share(tokenizer.encode(RAW)) == 1.0


def test_byte_pairs_know_every_text() -> None:
    tokenizer = train("bpe")
    odd = ["Ω 漢字 🙂", "a\u0301"]
    assert tokenizer.decode(tokenizer.encode(odd)) == odd


def test_the_vocabulary_keeps_the_most_frequent() -> None:
    texts = ["a a a a b b b c c d"]
    assert train(texts=texts, vocab_size=6).pieces([4, 5]) == ["a", "b"]
    assert train(texts=texts, vocab_size=6).vocab_size == 6
    assert train(texts=texts, min_count=3).vocab_size == 4 + 2
    assert train("char", texts=["aaab"], min_count=2).pieces([4]) == ["a"]


@pytest.mark.parametrize("kind", KINDS)
def test_lower_case_is_asked_for(kind: str) -> None:
    tokenizer = train(kind, lowercase=True)
    assert tokenizer.encode(["HE'S HERE"]) == tokenizer.encode(["he's here"])
    assert tokenizer.decode(tokenizer.encode(RAW[:1])) == ["he's here, isn't he?"]


def test_blanks_are_shown() -> None:
    assert train("char").pieces(train("char").encode(["He is"])[0]) == ["H", "e", "▁", "i", "s"]
    assert all("Ġ" not in p for row in train("bpe").encode(RAW) for p in train("bpe").pieces(row))


@pytest.mark.parametrize("texts", [RAW, TOKENISED], ids=["raw", "tokenised"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_tokeniser_is_the_same(tmp_path: Path, kind: str, texts: list[str]) -> None:
    tokenizer = train(kind, texts, lowercase=True)
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "tokenizer.json")
    assert loaded.encode(texts) == tokenizer.encode(texts)
    assert (loaded.config, loaded.tokenised) == (tokenizer.config, tokenizer.tokenised)
    assert loaded.fingerprint == tokenizer.fingerprint != train(kind, texts[:2]).fingerprint
    assert list(tmp_path.iterdir()) == [tmp_path / "tokenizer.json"]


def test_training_takes_sentences_or_lists_of_them_and_repeats_itself() -> None:
    config = TokenizerConfig()
    whole = Tokenizer.train(config, RAW)
    assert Tokenizer.train(config, iter([RAW[:3], RAW[3:]])).fingerprint == whole.fingerprint


def test_faults_have_sentences(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there must be a sentence"):
        train(texts=[])
    with pytest.raises(ConfigError, match="at least 260 ids"):
        train("bpe", vocab_size=100)
    with pytest.raises(DataError, match="there is no tokeniser"):
        Tokenizer.load(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").write_text(json.dumps({"version": "1.0"}))
    with pytest.raises(DataError, match="train it again"):
        Tokenizer.load(tmp_path / "tokenizer.json")


def test_tokenised_text_is_told_from_raw_text() -> None:
    assert looks_tokenised(TOKENISED)
    assert not looks_tokenised(RAW)
    assert not looks_tokenised(["655 770 210"])
