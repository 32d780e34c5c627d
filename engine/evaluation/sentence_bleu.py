r"""BLEU of single sentences against many references at once: self-BLEU, forward and backward BLEU.

Sentence BLEU-4 as sacrebleu has it (exponential smoothing, orders that a sentence is too short for left out)
over token ids, at the price of one pass: what counts of the references is, for each n-gram, the largest count
in one of them, and the nearest length.

References:
    Zhu et al., Texygen: A Benchmarking Platform for Text Generation Models, 2018, arXiv:1802.01886
    (self-BLEU).
    Shi, Chen, Qiu and Huang, Toward Diverse Text Generation with Inverse Reinforcement Learning, 2018,
    arXiv:1804.11258 (forward and backward BLEU).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence

from engine.config import DataError

Tokens = Sequence[int]
Gram = tuple[int, ...]
Largest = list[dict[Gram, tuple[int, int]]]
_ORDERS = (1, 2, 3, 4)


def self_bleu(sentences: Sequence[Tokens]) -> float:
    """Mean BLEU-4 of each sentence with all others as its references, 0 to 100: 100 where all are one.

    Args:
        sentences: token ids without start and end, at least two.

    Raises:
        DataError: there are fewer than two.
    """
    if len(sentences) < 2:
        raise DataError(f"self-BLEU compares at least two sentences, got {len(sentences)}")
    counts = [_counts(ids) for ids in sentences]
    largest = _largest(counts)
    lengths = sorted(map(len, sentences))

    def among_others(at: int, gram: Gram, count: int) -> int:
        first, second = largest[at][gram]
        return second if count == first else first

    scores = [
        _bleu(len(ids), mine, among_others, _nearest_other(lengths, len(ids)))
        for ids, mine in zip(sentences, counts, strict=True)
    ]
    return sum(scores) / len(scores)


def bleu_against(sentences: Sequence[Tokens], references: Sequence[Tokens]) -> float:
    """Mean BLEU-4 of each sentence with all ``references`` as its references, 0 to 100.

    Forward BLEU where samples are held against real text, backward BLEU where real text is held against
    samples.

    Args:
        sentences: token ids without start and end, at least one.
        references: the same, at least one.

    Raises:
        DataError: there is no sentence, or no reference.
    """
    if not len(sentences) or not len(references):
        raise DataError(
            f"BLEU needs sentences and references, got {len(sentences)} and {len(references)}"
        )
    largest = _largest([_counts(ids) for ids in references])
    lengths = sorted(map(len, references))

    def among_all(at: int, gram: Gram, count: int) -> int:
        return largest[at].get(gram, (0, 0))[0]

    scores = [
        _bleu(len(ids), _counts(ids), among_all, _nearest(lengths, len(ids))) for ids in sentences
    ]
    return sum(scores) / len(scores)


def grams(ids: Tokens, order: int) -> list[Gram]:
    """The n-grams of a sentence in order."""
    return [tuple(ids[at : at + order]) for at in range(len(ids) - order + 1)]


def _counts(ids: Tokens) -> list[Counter[Gram]]:
    return [Counter(grams(ids, order)) for order in _ORDERS]


def _largest(counts: Sequence[list[Counter[Gram]]]) -> Largest:
    """For each order and n-gram the largest and the second largest count in one sentence."""
    return [_two_largest([one[at] for one in counts]) for at in range(len(_ORDERS))]


def _two_largest(counts: Sequence[Counter[Gram]]) -> dict[Gram, tuple[int, int]]:
    found: dict[Gram, tuple[int, int]] = {}
    for one in counts:
        for gram, count in one.items():
            first, second = found.get(gram, (0, 0))
            found[gram] = (count, first) if count > first else (first, max(second, count))
    return found


def _nearest_other(lengths: list[int], own: int) -> int:
    """The length nearest ``own`` among the others; ``lengths`` are sorted."""
    at = bisect_left(lengths, own)
    return _nearer(lengths[max(at - 1, 0) : at] + lengths[at + 1 : at + 2], own)


def _nearest(lengths: list[int], own: int) -> int:
    at = bisect_left(lengths, own)
    return _nearer(lengths[max(at - 1, 0) : at + 1], own)


def _nearer(lengths: list[int], own: int) -> int:
    """The nearest, the shorter of two."""
    return min(lengths, key=lambda length: (abs(length - own), length))


def _bleu(
    length: int,
    mine: list[Counter[Gram]],
    allowed: Callable[[int, Gram, int], int],
    reference: int,
) -> float:
    """BLEU of one sentence; ``allowed(order, gram, count)`` is how many of these the references have."""
    logs, smooth, any_match = [], 1.0, False
    for at, counts in enumerate(mine):
        total = counts.total()
        if not total:
            break
        matches = sum(min(count, allowed(at, gram, count)) for gram, count in counts.items())
        any_match = any_match or matches > 0
        if not matches:
            smooth *= 2
        logs.append(math.log(matches / total if matches else 1 / (smooth * total)))
    if not any_match:
        return 0.0
    shorter = 1 - reference / length if length < reference else 0.0
    return 100 * math.exp(shorter + sum(logs) / len(logs))
