r"""How different sentences are from one another: distinct n-grams, self-BLEU, repeats.

Tokens as the tokeniser cuts them, given as ids. A set of real sentences of the same size says what is usual:
the numbers fall or rise with how many there are.

References:
    Li, Galley, Brockett, Gao and Dolan, A Diversity-Promoting Objective Function for Neural Conversation
    Models, 2016, arXiv:1510.03055 (distinct-n).
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.evaluation.sentence_bleu import grams, self_bleu

Tokens = Sequence[int]


def diversity(sentences: Sequence[Tokens], most: int = 1000) -> dict[str, float]:
    """unique, distinct_1, distinct_2, self_bleu and mean_length by their names in METRICS.

    Args:
        sentences: token ids without start and end.
        most: self-BLEU is of the first so many.
    """
    if not sentences:
        return {}
    found = {
        "unique": unique(sentences),
        "mean_length": sum(map(len, sentences)) / len(sentences),
    }
    for order in (1, 2):
        if (share := distinct(sentences, order)) is not None:
            found[f"distinct_{order}"] = share
    if len(sentences) > 1:
        found["self_bleu"] = self_bleu(sentences[:most])
    return found


def unique(sentences: Sequence[Tokens]) -> float:
    """Different sentences over all of them, 0 to 1; at least one."""
    return len(set(map(tuple, sentences))) / len(sentences)


def distinct(sentences: Sequence[Tokens], order: int) -> float | None:
    """Different n-grams over all n-grams, 0 to 1; None where no sentence is so long."""
    found = [gram for ids in sentences for gram in grams(ids, order)]
    return len(set(found)) / len(found) if found else None
