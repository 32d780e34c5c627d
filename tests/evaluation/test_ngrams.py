"""The n-gram model against counts by hand, and as a distribution."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.config import DataError
from engine.evaluation.ngrams import NgramModel

A, B, C, UNSEEN = 4, 5, 6, 7
WORDS = (A, B, C, UNSEEN)
# "a b", "a c": a b </s>, a c </s>.
TINY = [[A, B], [A, C]]
D = 0.75


def test_a_bigram_model_of_two_sentences_is_what_one_counts_by_hand() -> None:
    model = NgramModel(TINY, WORDS, order=2)
    # Six tokens, of which two ends; five words with the end, each counted once more.
    unigram = {A: 3 / 11, B: 2 / 11, C: 2 / 11, None: 3 / 11, UNSEEN: 1 / 11}
    for word, p in unigram.items():
        # After a context that was never seen only the word itself counts.
        assert model.probability(word, [UNSEEN]) == pytest.approx(p)
    # A sentence began twice, always with a: one kind of word after the beginning.
    assert model.probability(A) == pytest.approx((2 - D) / 2 + D * 1 / 2 * unigram[A])
    # a was followed by b and by c, once each.
    b_after_a = (1 - D) / 2 + D * 2 / 2 * unigram[B]
    assert model.probability(B, [A]) == pytest.approx(b_after_a)
    assert model.probability(UNSEEN, [A]) == pytest.approx(D * 2 / 2 * unigram[UNSEEN])
    end_after_b = (1 - D) / 1 + D * 1 / 1 * unigram[None]
    nats = -math.log(model.probability(A) * b_after_a * end_after_b)
    assert model.perplexity([[A, B]]) == pytest.approx(math.exp(nats / 3))


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_probabilities_of_all_words_sum_to_one_after_any_context(order: int) -> None:
    rng = np.random.default_rng(1)
    sentences = [rng.integers(4, 7, rng.integers(0, 7)).tolist() for _ in range(30)]
    model = NgramModel(sentences, WORDS, order)
    for context in ([], [A], [A, B, C], [UNSEEN, A], [A, UNSEEN], [B, B, B, B, B]):
        total = sum(model.probability(word, context) for word in (*WORDS, None))
        assert total == pytest.approx(1)


def test_a_sentence_of_words_that_were_never_seen_is_dear_and_not_infinitely_so() -> None:
    model = NgramModel(TINY, WORDS)
    strange = model.perplexity([[UNSEEN, UNSEEN]])
    assert model.perplexity(TINY) < strange < math.inf
    assert model.perplexity([[]]) < math.inf


def test_a_perplexity_is_that_of_all_sentences_together() -> None:
    model = NgramModel(TINY, WORDS)
    one, other = [A, B], [B, C, C, UNSEEN]
    nats = [math.log(model.perplexity([ids])) * (len(ids) + 1) for ids in (one, other, one)]
    assert model.perplexity([one, other, one]) == pytest.approx(math.exp(sum(nats) / 11))


def test_nothing_cannot_be_counted_or_scored() -> None:
    with pytest.raises(DataError, match="at least one sentence"):
        NgramModel([], WORDS)
    with pytest.raises(DataError, match="at least one sentence"):
        NgramModel(TINY, WORDS).perplexity([])
