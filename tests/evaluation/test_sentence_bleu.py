"""Forward and backward BLEU against sacrebleu, asked sentence by sentence."""

from __future__ import annotations

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU

from engine.config import DataError
from engine.evaluation.sentence_bleu import bleu_against, self_bleu

RNG = np.random.default_rng(3)


def random_sentences(n: int, words: int, longest: int = 12) -> list[list[int]]:
    return [RNG.integers(4, 4 + words, RNG.integers(1, longest + 1)).tolist() for _ in range(n)]


def words(ids: list[int]) -> str:
    return " ".join(map(str, ids))


@pytest.mark.parametrize("vocabulary", [3, 12, 500])
@pytest.mark.parametrize(("n", "references"), [(1, 1), (7, 2), (20, 40)])
def test_bleu_against_many_is_sacrebleu_s_with_all_of_them_as_references(
    vocabulary: int, n: int, references: int
) -> None:
    sentences, real = random_sentences(n, vocabulary), random_sentences(references, vocabulary)
    metric = BLEU(tokenize="none", effective_order=True, force=True)
    scores = [
        metric.sentence_score(words(ids), [words(r) for r in real]).score for ids in sentences
    ]
    assert bleu_against(sentences, real) == pytest.approx(np.mean(scores), abs=1e-6)


def test_what_is_among_the_references_scores_100_and_an_empty_sentence_0() -> None:
    real = random_sentences(10, 50)
    assert bleu_against(real[:4], real) == pytest.approx(100)
    assert bleu_against([[]], real) == 0
    assert bleu_against(real, [[]]) == 0


def test_one_sentence_repeated_is_precise_and_covers_little() -> None:
    real = [[4 + k, 5 + k, 6 + k, 7 + k, 8 + k] for k in range(0, 100, 10)]
    repeated = [real[0]] * 10
    assert bleu_against(repeated, real) == pytest.approx(100)
    assert bleu_against(real, repeated) == pytest.approx(10)


def test_too_few_sentences_are_an_error() -> None:
    with pytest.raises(DataError, match="references"):
        bleu_against([[4]], [])
    with pytest.raises(DataError, match="references"):
        bleu_against([], [[4]])
    with pytest.raises(DataError, match="at least two"):
        self_bleu([[4]])
