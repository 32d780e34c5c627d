from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.config import DataError
from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.data.tokens import Tokens
from engine.decoding import DecodingConfig
from engine.decoding.reconstruction import reconstruct_rows, reconstruct_scores
from engine.decoding.search import decode
from engine.metrics import METRICS
from tests.evaluation.tiny import lstm_vae, random_tokens

TEXTS = [" ".join(["ab", "cd", "ef"][: 1 + i % 3]) for i in range(30)]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(TokenizerConfig(kind="char"), TEXTS)


def test_rows_are_decoded_from_their_codes_in_the_order_asked_for() -> None:
    model, tokens = lstm_vae(2), random_tokens(40)
    rows = np.array([9, 2, 30, 2, 0])
    found = reconstruct_rows(model, tokens, rows)
    assert found.rows.tolist() == rows.tolist()
    for row, source, output in zip(rows, found.sources, found.outputs, strict=True):
        x = torch.from_numpy(tokens.rows([row]))
        assert source == x[0, 1:-1].tolist()
        assert output == decode(model, model.eval().code(x), DecodingConfig())[0]
    assert ((found.similarity >= 0) & (found.similarity <= 1)).all()


def test_a_sample_of_the_posterior_is_another_question_than_its_mean() -> None:
    model, tokens = lstm_vae(2), random_tokens(200)
    rows = np.arange(200)
    mean, sampled = (reconstruct_rows(model, tokens, rows, sampled=s) for s in (False, True))
    assert mean.outputs != sampled.outputs
    assert reconstruct_rows(model, tokens, rows, sampled=True).outputs == sampled.outputs


def test_scores_bear_the_names_of_metrics(tokenizer: Tokenizer) -> None:
    model, tokens = lstm_vae(2, vocab=tokenizer.vocab_size), Tokens.of(tokenizer.encode(TEXTS))
    scores = reconstruct_scores(model, tokens, tokenizer, limit=7)
    assert set(scores) == {"bleu", "edit_similarity", "exact_match", "rows"} <= set(METRICS)
    assert scores["rows"] == 7
    assert reconstruct_scores(model, tokens, tokenizer)["rows"] == 30


def test_a_model_that_copies_scores_full_marks(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, tokens = lstm_vae(2, vocab=tokenizer.vocab_size), Tokens.of(tokenizer.encode(TEXTS))
    rows = iter(np.argsort(tokens.lengths, kind="stable"))

    def copy(model: object, z: torch.Tensor, config: object) -> list[list[int]]:
        return [tokens.rows([next(rows)])[0, 1:-1].tolist() for _ in z]

    monkeypatch.setattr("engine.decoding.reconstruction.decode", copy)
    scores = reconstruct_scores(model, tokens, tokenizer)
    assert scores["edit_similarity"] == scores["exact_match"] == 1
    assert scores["bleu"] == pytest.approx(100)


def test_only_sentences_of_few_words_are_scored_where_asked(tokenizer: Tokenizer) -> None:
    model, tokens = lstm_vae(2, vocab=tokenizer.vocab_size), Tokens.of(tokenizer.encode(TEXTS))
    assert reconstruct_scores(model, tokens, tokenizer, max_words=2)["rows"] == 20
    assert reconstruct_scores(model, tokens, tokenizer, max_words=1)["rows"] == 10
    assert reconstruct_scores(model, tokens, tokenizer, max_words=1, limit=3)["rows"] == 3
    with pytest.raises(DataError, match="at most 0 words"):
        reconstruct_scores(model, tokens, tokenizer, max_words=0)


def test_progress_counts_sentences() -> None:
    said: list[int] = []
    reconstruct_rows(
        lstm_vae(2),
        random_tokens(5),
        np.arange(5),
        progress=lambda done, total, what: said.append(done),
    )
    assert said == [5]
    with pytest.raises(DataError, match="at least one sentence"):
        reconstruct_rows(lstm_vae(2), random_tokens(5), np.array([], dtype=np.int64))
