r"""An n-gram model of sentences: how likely texts are where nothing is known but which words follow which.

References:
    Ney, Essen and Kneser, On Structuring Probabilistic Dependences in Stochastic Language Modelling, 1994,
    Computer Speech and Language 8 (interpolated absolute discounting).
    Zhao, Kim, Zhang, Rush and LeCun, Adversarially Regularized Autoencoders, 2018, arXiv:1706.04223 (forward
    and reverse perplexity of samples).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.config import DataError

if TYPE_CHECKING:
    from nltk.lm.models import AbsoluteDiscountingInterpolated

Tokens = Sequence[int]
Gram = tuple[int, ...]

ORDER = 4
DISCOUNT = 0.75
# What stands before a sentence and behind it; ids of tokens are not negative.
_BEFORE, _END = -1, -2


class NgramModel:
    r"""An n-gram model with interpolated absolute discounting, counted once and asked many times.

    .. math::
        p(w|c) = \frac{\max(n(c w) - D, 0)}{n(c)} + \frac{D \, N(c)}{n(c)} \, p(w|c'), \qquad
        p(w) = \frac{n(w) + 1}{n + V}

    with N(c) the number of different words after the context c, c' the context without its first word, and
    p(w|c') where c was never seen. The last line gives every word of the vocabulary a probability, so
    that no perplexity is infinite. The end of a sentence is a word; its beginning is context only. The
    counts and the probabilities of contexts are nltk's.

    Args:
        sentences: token ids without start and end, to be counted.
        vocabulary: every id that a sentence may have.
        order: the longest n-gram.

    Raises:
        DataError: there is no sentence to count.
    """

    def __init__(
        self, sentences: Sequence[Tokens], vocabulary: Iterable[int], order: int = ORDER
    ) -> None:
        from nltk.lm import NgramCounter, Vocabulary
        from nltk.lm.models import AbsoluteDiscountingInterpolated as Discounted

        if not len(sentences):
            raise DataError("an n-gram model needs at least one sentence to count, got none")
        self.order = order
        once = [(word,) for word in {_END, *vocabulary}]
        grams = (list(_all_grams(ids, order)) for ids in sentences)
        counts = NgramCounter(grams)
        counts.update([once])
        self._model: AbsoluteDiscountingInterpolated = Discounted(
            order, discount=DISCOUNT, vocabulary=Vocabulary(), counter=counts
        )

    def probability(self, word: int | None, context: Tokens = ()) -> float:
        """p(word | context); the end of the sentence for None, and a context of a whole beginning."""
        asked = (*(_BEFORE,) * self.order, *context, _END if word is None else word)[-self.order :]
        return self._probability(asked)

    def perplexity(self, sentences: Sequence[Tokens]) -> float:
        """exp(nats per token) of sentences (ids without start and end), end tokens counted.

        Raises:
            DataError: there is no sentence.
        """
        if not len(sentences):
            raise DataError("a perplexity needs at least one sentence, got none")
        asked = Counter(gram for ids in sentences for gram in _grams(ids, self.order))
        nats = math.fsum(-n * math.log(self._probability(gram)) for gram, n in asked.items())
        return math.exp(nats / asked.total())

    def _probability(self, gram: Gram) -> float:
        return float(self._model.unmasked_score(gram[-1], gram[:-1]))


def _grams(ids: Tokens, order: int) -> Iterator[Gram]:
    """One n-gram of full order for each token and the end."""
    padded = (*(_BEFORE,) * (order - 1), *ids, _END)
    return (padded[at : at + order] for at in range(len(ids) + 1))


def _all_grams(ids: Tokens, order: int) -> Iterator[Gram]:
    """The same with all their ends: for each token its n-grams from one word to the full order."""
    return (gram[-size:] for gram in _grams(ids, order) for size in range(1, order + 1))
