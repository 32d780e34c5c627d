from __future__ import annotations

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU

from engine.evaluation.diversity import distinct, diversity
from engine.evaluation.sentence_bleu import self_bleu
from engine.metrics import METRICS

RNG = np.random.default_rng(0)


def random_sentences(n: int, words: int = 12, longest: int = 12) -> list[list[int]]:
    return [RNG.integers(4, 4 + words, RNG.integers(1, longest + 1)).tolist() for _ in range(n)]


def reference(sentences: list[list[int]]) -> float:
    """Self-BLEU by asking sacrebleu for every sentence."""
    texts = [" ".join(map(str, ids)) for ids in sentences]
    metric = BLEU(tokenize="none", effective_order=True, force=True)
    scores = [
        metric.sentence_score(text, texts[:at] + texts[at + 1 :]).score
        for at, text in enumerate(texts)
    ]
    return float(np.mean(scores))


@pytest.mark.parametrize("words", [3, 12, 500])
@pytest.mark.parametrize("n", [2, 5, 40])
def test_self_bleu_is_sacrebleu_s_of_each_against_the_others(n: int, words: int) -> None:
    sentences = random_sentences(n, words)
    assert self_bleu(sentences) == pytest.approx(reference(sentences), abs=1e-6)


def test_sentences_that_are_all_one_have_a_self_bleu_of_100_and_strangers_one_near_0() -> None:
    assert self_bleu([[4, 5, 6, 7, 8]] * 5) == pytest.approx(100)
    strangers = [[4 + 10 * at + k for k in range(8)] for at in range(10)]
    assert self_bleu(strangers) < 5


def test_distinct_counts_different_n_grams_over_all() -> None:
    assert distinct([[4, 4, 5], [4, 5]], 1) == pytest.approx(2 / 5)
    assert distinct([[4, 4, 5], [4, 5]], 2) == pytest.approx(2 / 3)
    assert distinct([[4]], 2) is None


def test_the_numbers_are_explained_and_what_cannot_be_counted_is_absent() -> None:
    found = diversity(random_sentences(30))
    assert set(found) <= set(METRICS) and len(found) == 5
    assert diversity([]) == {}
    assert set(diversity([[4]])) == {"unique", "mean_length", "distinct_1"}
    assert diversity([[4, 5], [4, 5], [6, 7], []])["unique"] == 0.75


def test_a_thousand_sentences_take_a_moment() -> None:
    import time

    sentences = random_sentences(1000, 200, 20)
    began = time.process_time()
    diversity(sentences)
    assert time.process_time() - began < 5
