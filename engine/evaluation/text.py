"""How much of a text comes back: token edit similarity, exact match, BLEU.

All three look at tokens as the tokeniser cuts them, given as ids; nothing here decodes (see
``engine.decoding.reconstruction``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.config import DataError

Tokens = Sequence[int]
Pair = tuple[Tokens, Tokens]


def edit_similarities(pairs: Iterable[Pair]) -> NDArray[np.float64]:
    """1 - token edit distance / longer length for each pair, 0 to 1; two empty texts are equal."""
    from rapidfuzz.distance import Levenshtein

    return np.array([Levenshtein.normalized_similarity(a, b) for a, b in pairs])


def similarities(pairs: Iterable[Pair], pictures: bool = False) -> NDArray[np.float64]:
    """How alike each pair is, 0 to 1: of texts the edit similarity, of pictures the share of equal pixels.

    A pixel has its place, so that one which moved is wrong twice; both pictures have as many.
    """
    if not pictures:
        return edit_similarities(pairs)
    return np.array([float(np.mean(np.asarray(a) == np.asarray(b))) for a, b in pairs])


def edit_similarity(pairs: Iterable[Pair]) -> float:
    """Mean of 1 - token edit distance / longer length, 0 to 1."""
    return float(_some(edit_similarities(pairs)).mean())


def exact_match(pairs: Iterable[Pair]) -> float:
    """Share of pairs that are equal token by token."""
    return float(_some([list(a) == list(b) for a, b in pairs]).mean())


def corpus_bleu(pairs: Iterable[Pair]) -> float:
    """Corpus BLEU-4 of (output, source) pairs, 0 to 100.

    sacrebleu with ``tokenize="none"`` over token ids, so that the score does not depend on how a
    token is spelled; its exponential smoothing stands in where no 4-gram matches.

    References:
        Post, A Call for Clarity in Reporting BLEU Scores, 2018, arXiv:1804.08771.
    """
    from sacrebleu.metrics.bleu import BLEU

    outputs, sources = [], []
    for output, source in pairs:
        outputs.append(" ".join(map(str, output)))
        sources.append(" ".join(map(str, source)))
    _some(outputs)
    return float(BLEU(tokenize="none", force=True).corpus_score(outputs, [sources]).score)


def _some(values: Sequence | NDArray[np.float64]) -> NDArray:
    if not len(values):
        raise DataError("a text score needs at least one pair of texts, got none")
    return np.asarray(values)
