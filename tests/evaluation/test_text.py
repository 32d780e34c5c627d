from __future__ import annotations

import pytest

from engine.config import DataError
from engine.evaluation.text import corpus_bleu, edit_similarities, edit_similarity, exact_match


def test_edit_similarity_is_one_less_the_distance_over_the_longer_length() -> None:
    pairs = [([4, 5, 6], [4, 5, 6]), ([4, 5], [4, 6, 5]), ([], [4, 5]), ([], []), ([7], [8])]
    assert edit_similarities(pairs).tolist() == pytest.approx([1, 2 / 3, 0, 1, 0])
    assert edit_similarity(pairs) == pytest.approx((1 + 2 / 3 + 0 + 1 + 0) / 5)


def test_an_exact_match_is_token_by_token() -> None:
    assert exact_match([([4, 5], (4, 5)), ([4], [4, 5]), ([], [])]) == pytest.approx(2 / 3)


def test_bleu_is_a_hundred_for_copies_and_the_known_number_otherwise() -> None:
    source = list(range(10, 20))
    assert corpus_bleu([(source, source)] * 3) == pytest.approx(100)
    # One token of ten differs at the end: precisions 9/10, 8/9, 7/8, 6/7.
    expected = 100 * (9 / 10 * 8 / 9 * 7 / 8 * 6 / 7) ** 0.25
    assert corpus_bleu([([*source[:-1], 99], source)]) == pytest.approx(expected)


def test_bleu_takes_an_empty_output() -> None:
    assert corpus_bleu([([], [4, 5]), ([4, 5, 6, 7], [4, 5, 6, 7])]) > 0


def test_no_pair_at_all_is_an_error() -> None:
    for score in (edit_similarity, exact_match, corpus_bleu):
        with pytest.raises(DataError, match="at least one pair"):
            score([])
