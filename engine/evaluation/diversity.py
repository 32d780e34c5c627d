r"""How different sentences are from one another: distinct n-grams, self-BLEU, repeats.

Tokens as the tokeniser cuts them, given as ids. A set of real sentences of the same size says what is usual:
the numbers fall or rise with how many there are.

References:
    Li, Galley, Brockett, Gao and Dolan, A Diversity-Promoting Objective Function for Neural Conversation
    Models, 2016, arXiv:1510.03055 (distinct-n).
    Zhu et al., Texygen: A Benchmarking Platform for Text Generation Models, 2018, arXiv:1802.01886
    (self-BLEU).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

Tokens = Sequence[int]
_ORDERS = (1, 2, 3, 4)


def diversity(sentences: Sequence[Tokens], most: int = 1000) -> dict[str, float]:
    """unique, distinct_1, distinct_2, self_bleu and mean_length by their names in METRICS.

    Args:
        sentences: token ids without start and end.
        most: self-BLEU is of the first so many.
    """
    if not sentences:
        return {}
    found = {
        "unique": len(set(map(tuple, sentences))) / len(sentences),
        "mean_length": sum(map(len, sentences)) / len(sentences),
    }
    for order in (1, 2):
        if (share := distinct(sentences, order)) is not None:
            found[f"distinct_{order}"] = share
    if len(sentences) > 1:
        found["self_bleu"] = self_bleu(sentences[:most])
    return found


def distinct(sentences: Sequence[Tokens], order: int) -> float | None:
    """Different n-grams over all n-grams, 0 to 1; None where no sentence is so long."""
    grams = [gram for ids in sentences for gram in _grams(ids, order)]
    return len(set(grams)) / len(grams) if grams else None


def self_bleu(sentences: Sequence[Tokens]) -> float:
    r"""Mean BLEU-4 of each sentence with all others as its references, 0 to 100: 100 where all are one.

    Sentence BLEU as sacrebleu has it (exponential smoothing, orders that a sentence is too short for left
    out), at the price of one pass: an n-gram's largest count among the others is the largest of all, or
    the second where that is the sentence's own.

    Args:
        sentences: token ids without start and end, at least two.
    """
    counts = [[Counter(_grams(ids, order)) for order in _ORDERS] for ids in sentences]
    largest = [_two_largest([one[at] for one in counts]) for at in range(len(_ORDERS))]
    lengths = sorted(map(len, sentences))
    scores = [
        _bleu(ids, mine, largest, _nearest_other(lengths, len(ids)))
        for ids, mine in zip(sentences, counts, strict=True)
    ]
    return sum(scores) / len(scores)


def _grams(ids: Tokens, order: int) -> list[tuple[int, ...]]:
    return [tuple(ids[at : at + order]) for at in range(len(ids) - order + 1)]


def _two_largest(counts: Sequence[Counter]) -> dict[tuple[int, ...], tuple[int, int]]:
    """For each n-gram the largest and the second largest count in one sentence."""
    found: dict[tuple[int, ...], tuple[int, int]] = {}
    for one in counts:
        for gram, count in one.items():
            first, second = found.get(gram, (0, 0))
            found[gram] = (count, first) if count > first else (first, max(second, count))
    return found


def _nearest_other(lengths: list[int], own: int) -> int:
    """The length nearest ``own`` among the others, the shorter of two; ``lengths`` are sorted."""
    at = bisect_left(lengths, own)
    others = lengths[max(at - 1, 0) : at] + lengths[at + 1 : at + 2]
    return min(others, key=lambda length: (abs(length - own), length))


def _bleu(
    ids: Tokens,
    mine: list[Counter],
    largest: list[dict[tuple[int, ...], tuple[int, int]]],
    reference: int,
) -> float:
    logs, smooth, any_match = [], 1.0, False
    for counts, most in zip(mine, largest, strict=True):
        total = counts.total()
        if not total:
            break
        matches = 0
        for gram, count in counts.items():
            first, second = most[gram]
            matches += min(count, second if count == first else first)
        any_match = any_match or matches > 0
        if not matches:
            smooth *= 2
        logs.append(math.log(matches / total if matches else 1 / (smooth * total)))
    if not any_match:
        return 0.0
    shorter = 1 - reference / len(ids) if len(ids) < reference else 0.0
    return 100 * math.exp(shorter + sum(logs) / len(logs))
