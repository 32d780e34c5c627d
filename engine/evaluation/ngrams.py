r"""An n-gram model of sentences: how likely texts are where nothing is known but which words follow which.

References:
    Ney, Essen and Kneser, On Structuring Probabilistic Dependences in Stochastic Language Modelling, 1994,
    Computer Speech and Language 8 (interpolated absolute discounting).
    Zhao, Kim, Zhang, Rush and LeCun, Adversarially Regularized Autoencoders, 2018, arXiv:1706.04223 (forward
    and reverse perplexity of samples).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
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
        tick: called once for each sentence counted.

    Raises:
        DataError: there is no sentence to count.
    """

    def __init__(
        self,
        sentences: Sequence[Tokens],
        vocabulary: Iterable[int],
        order: int = ORDER,
        tick: Callable[[], None] | None = None,
    ) -> None:
        from nltk.lm import NgramCounter, Vocabulary
        from nltk.lm.models import AbsoluteDiscountingInterpolated as Discounted

        if not len(sentences):
            raise DataError("an n-gram model needs at least one sentence to count, got none")
        self.order = order
        once = [(word,) for word in {_END, *vocabulary}]
        grams = (list(_all_grams(ids, order)) for ids in _told(sentences, tick))
        counts = NgramCounter(grams)
        counts.update([once])
        self._model: AbsoluteDiscountingInterpolated = Discounted(
            order, discount=DISCOUNT, vocabulary=Vocabulary(), counter=counts
        )
        # It goes through all followers of a context; nothing is counted any more, so once is enough.
        estimator = self._model.estimator
        estimator._gamma = cache(estimator._gamma)

    def probability(self, word: int | None, context: Tokens = ()) -> float:
        """p(word | context); the end of the sentence for None, and a context of a whole beginning."""
        asked = (*(_BEFORE,) * self.order, *context, _END if word is None else word)[-self.order :]
        return self._probability(asked)

    def perplexity(
        self, sentences: Sequence[Tokens], tick: Callable[[], None] | None = None
    ) -> float:
        """exp(nats per token) of sentences (ids without start and end), end tokens counted.

        Args:
            sentences: token ids.
            tick: called once for each sentence.

        Raises:
            DataError: there is no sentence.
        """
        if not len(sentences):
            raise DataError("a perplexity needs at least one sentence, got none")
        known: dict[Gram, float] = {}
        nats, tokens = [], 0
        for ids in _told(sentences, tick):
            for gram in _grams(ids, self.order):
                if gram not in known:
                    known[gram] = -math.log(self._probability(gram))
                nats.append(known[gram])
                tokens += 1
        return math.exp(math.fsum(nats) / tokens)

    def _probability(self, gram: Gram) -> float:
        return float(self._model.unmasked_score(gram[-1], gram[:-1]))


def _told(sentences: Sequence[Tokens], tick: Callable[[], None] | None) -> Iterator[Tokens]:
    for ids in sentences:
        yield ids
        if tick:
            tick()


def _grams(ids: Tokens, order: int) -> Iterator[Gram]:
    """One n-gram of full order for each token and the end."""
    padded = (*(_BEFORE,) * (order - 1), *ids, _END)
    return (padded[at : at + order] for at in range(len(ids) + 1))


def _all_grams(ids: Tokens, order: int) -> Iterator[Gram]:
    """The same with all their ends: for each token its n-grams from one word to the full order."""
    return (gram[-size:] for gram in _grams(ids, order) for size in range(1, order + 1))
