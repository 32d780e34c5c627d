"""Batches: every row once, little padding, the same from the same seed, another in every epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.config import ConfigError, DataError, home
from engine.data.batches import Batches, Tokens, tokenize
from engine.data.corpus import Corpus
from engine.data.importing import import_text
from engine.data.tokenizers import Tokenizer, TokenizerConfig


def captions(rows: int = 20_007) -> Tokens:
    """Rows with the lengths of image captions: 12 words on average, a long tail."""
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.gamma(20, 0.6, rows).round(), 5, 46).astype(int)
    offsets = np.concatenate([[0], (lengths + 2).cumsum()])
    return Tokens(rng.integers(4, 900, offsets[-1]).astype(np.int32), offsets)


def key(batches: list[np.ndarray]) -> list[tuple[int, ...]]:
    return [tuple(batch.tolist()) for batch in batches]


@pytest.mark.parametrize("rows, size", [(20_007, 32), (100, 32), (7, 32), (1, 1), (64, 32)])
def test_every_row_comes_once_and_the_partial_batch_is_kept(rows: int, size: int) -> None:
    batches = Batches(captions(rows), size, seed=1)
    dealt = batches.epoch(0)
    assert len(dealt) == len(batches) == -(-rows // size)
    assert sorted(np.concatenate(dealt).tolist()) == list(range(rows))
    sizes = sorted(map(len, dealt))
    assert sizes[1:] == [size] * (len(dealt) - 1) and sizes[0] == (rows - 1) % size + 1


@pytest.mark.parametrize("size", [16, 32, 64, 128])
def test_padding_wastes_less_than_a_tenth(size: int) -> None:
    batches = Batches(captions(), size, seed=1)
    share = batches.padding_share(0)
    assert 0 <= share < 0.1
    padded = sum((batches.rows(batch) == 0).sum() for batch in batches.epoch(0))
    cells = sum(batches.rows(batch).size for batch in batches.epoch(0))
    assert share == pytest.approx(padded / cells)


def test_seed_and_epoch_decide_everything() -> None:
    tokens = captions(2_000)
    first = key(Batches(tokens, 32, seed=1).epoch(3))
    assert key(Batches(tokens, 32, seed=1).epoch(3)) == first
    assert key(Batches(tokens, 32, seed=2).epoch(3)) != first


def test_no_batch_of_one_epoch_comes_back_in_the_next() -> None:
    batches = Batches(captions(5_000), 32, seed=1)
    one, two = ({frozenset(b) for b in key(batches.epoch(e))} for e in (0, 1))
    assert not one & two


def test_batches_do_not_come_sorted_by_length() -> None:
    tokens = captions(10_000)
    means = [tokens.lengths[b].mean() for b in Batches(tokens, 32, seed=1).epoch(0)]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.2


def test_random_batches_repeat_for_a_draw_and_are_not_those_of_an_epoch() -> None:
    batches, again = (Batches(captions(5_000), 32, seed=1) for _ in range(2))
    backwards = {draw: again.random(draw) for draw in (900, 157, 156, 3, 0)}
    for draw, batch in backwards.items():
        assert batches.random(draw).tolist() == batch.tolist()
    drawn = {frozenset(batches.random(d).tolist()) for d in range(len(batches))}
    assert len(drawn) == len(batches)
    assert not drawn & {frozenset(b) for b in key(batches.epoch(0))}


def test_random_batches_are_dealt_once_per_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    batches, dealt = Batches(captions(5_000), 32, seed=1), []
    deal = batches._partition
    monkeypatch.setattr(batches, "_partition", lambda *key: dealt.append(key) or deal(*key))
    for draw in range(len(batches) + 50):
        batches.random(draw)
    assert len(dealt) == 2


def test_rows_are_padded_on_the_right_with_0() -> None:
    tokens = Tokens.of([[1, 7, 8, 2], [1, 2], [1, 9, 2]])
    assert tokens.rows([2, 0]).tolist() == [[1, 9, 2, 0], [1, 7, 8, 2]]
    assert tokens.rows([1]).tolist() == [[1, 2]]
    assert tokens.rows([0]).dtype == np.int64
    assert tokens.lengths.tolist() == [4, 2, 3]
    assert len(tokens.head(2)) == 2 and tokens.head(None) is tokens
    assert tokens.head(2).rows([1]).tolist() == [[1, 2]]
    assert tokens.sentences([2, 1, 0, 0]) == [[9], [], [7, 8], [7, 8]]


def test_faults_have_sentences() -> None:
    with pytest.raises(DataError, match="empty split"):
        Batches(Tokens.of([]), 32, seed=1)
    with pytest.raises(ConfigError, match="at least 1 row"):
        Batches(captions(10), 0, seed=1)


def corpus_and_tokenizer(name: str = "numbers") -> tuple[Corpus, Tokenizer]:
    corpus = import_text("\n".join(f"the number {i} is big" for i in range(50)), name)
    return corpus, Tokenizer.train(TokenizerConfig(), corpus.iter_texts("train"))


def test_a_split_as_tokens_is_what_the_tokeniser_says(home: Path) -> None:
    corpus, tokenizer = corpus_and_tokenizer()
    tokens = tokenize(corpus, "valid", tokenizer, max_tokens=4)
    rows = [tokens.rows([i])[0].tolist() for i in range(len(tokens))]
    assert rows == tokenizer.encode(corpus.texts("valid"), max_tokens=4)
    assert isinstance(tokens.ids, np.memmap)


def test_tokens_are_cut_once_per_content_and_settings(home: Path) -> None:
    corpus, tokenizer = corpus_and_tokenizer()
    calls: list[int] = []

    def cut(corpus: Corpus, tokenizer: Tokenizer, max_tokens: int | None) -> None:
        tokenize(
            corpus, "train", tokenizer, max_tokens, lambda done, total, what: calls.append(done)
        )

    cut(corpus, tokenizer, 10)
    cut(corpus, tokenizer, 10)
    assert len(calls) == 1
    cut(corpus, tokenizer, None)
    lower = Tokenizer.train(TokenizerConfig(lowercase=True), corpus.iter_texts("train"))
    cut(corpus, lower, 10)
    assert len(calls) == 3
    assert not list((_cache()).glob(".draft-*"))


def test_cutting_that_fails_leaves_nothing(home: Path) -> None:
    corpus, tokenizer = corpus_and_tokenizer()

    def stop(done: int, total: int | None, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tokenize(corpus, "train", tokenizer, 10, stop)
    assert list(_cache().iterdir()) == []


def _cache() -> Path:
    return home() / "cache" / "tokens"
