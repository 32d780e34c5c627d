"""Perplexity that also charges for which of the rare words an unknown one is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from engine.data.tokenizers import UNKNOWN, Tokenizer
from engine.evaluation.report import perplexity
from engine.evaluation.rows import choose

if TYPE_CHECKING:
    from engine.data.tokens import Tokens

_AT_ONCE = 10_000


def rare_scores(
    tokenizer: Tokenizer,
    texts: Iterable[str],
    tokens: Tokens,
    reconstruction: float,
    limit: int | None = None,
    seed: int = 42,
) -> dict[str, float]:
    r"""Reconstruction perplexity with an unknown word spelt out; empty where no word is unknown.

    .. math::
        \exp\frac{1}{T}\Big(\sum_t -\log p(x_t|z) + n_{unk} \ln R\Big)

    so that each of the R rare words has an equal part of the probability of <unk>. Then vocabularies of
    different sizes can be compared.

    References:
        PerplexityMetric of CoTK, https://github.com/thu-coai/cotk, which divides in the same way and
        leaves out words that are in no data; here every word of ``texts`` is counted.

    Args:
        tokenizer: of words.
        texts: all text in which a word may be rare: the training split and the one measured.
        tokens: the split measured, tokenised.
        reconstruction: nats per sentence, of the rows that ``limit`` and ``seed`` choose.
        limit, seed: as in ``evaluate``.
    """
    rows = choose(len(tokens), limit, seed)
    parts = np.array_split(rows, -(-len(rows) // _AT_ONCE))
    unknown = sum(int((tokens.rows(part) == UNKNOWN).sum()) for part in parts)
    rare = len(tokenizer.unknown_words(texts)) if unknown and tokenizer.config.kind == "word" else 0
    if not rare:
        return {}
    predicted = int((tokens.lengths[rows] - 1).sum())
    nats = reconstruction * len(rows) + unknown * math.log(rare)
    return {"rare_words": float(rare), "ppl_reconstruction_rare": perplexity(nats, predicted)}
