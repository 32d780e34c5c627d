"""What is measured on sentences written from the prior, and what real sentences score in their place.

Every number depends on how many sentences there are; so as many real ones are measured beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from engine.config import DataError
from engine.data.vocabulary import UNKNOWN
from engine.evaluation.copies import Originals
from engine.evaluation.diversity import diversity
from engine.evaluation.ngrams import NgramModel
from engine.evaluation.sentence_bleu import bleu_against
from engine.evaluation.validity import Check, share_valid

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.data.tokens import Tokens
    from engine.evaluation.mode import Progress

Ids = list[list[int]]
Scores = dict[str, float]
COUNTED = 50_000
_TOLD_EVERY = 100


@dataclass(frozen=True)
class RealText:
    """Real sentences that written ones are held against.

    Attributes:
        ids: N sentences of the split measured, without start and end.
        texts: the same as the tokeniser gives them back.
        counted: training sentences behind the n-gram model, none of the above, in random order; the first
            N of them stand in for samples.
        originals: all training sentences, of which a sentence may be a copy.
        vocabulary: how many ids there are, special ones included.
    """

    ids: Ids
    texts: list[str]
    counted: Ids
    originals: Originals
    vocabulary: int


@dataclass(frozen=True)
class Generation:
    """Numbers by their names in METRICS.

    Attributes:
        samples: of what was written.
        real: the same of as many real sentences.
    """

    samples: dict[str, float]
    real: dict[str, float]


def real_text(
    tokens: Tokens,
    training: Tokens,
    tokenizer: Tokenizer,
    n: int,
    *,
    same: bool = False,
    counted: int = COUNTED,
    seed: int = 42,
) -> RealText:
    """Choose real sentences: at most ``n`` of a split, and as few as there are training sentences beside them.

    Args:
        tokens: the split measured, tokenised.
        training: the training split, tokenised.
        tokenizer: turns ids into text.
        n: how many are wanted.
        same: the split measured is the training split; then half of it at most is chosen.
        counted: at most so many training sentences are behind the n-gram model.
        seed: of the choice.

    Raises:
        DataError: there are none.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(training))
    n = min(n, len(tokens), len(training) // 2 if same else len(training))
    if n < 1:
        raise DataError(
            "samples are held against real sentences; this split or the training split has none"
        )
    chosen = order[:n] if same else rng.permutation(len(tokens))[:n]
    ids = tokens.sentences(np.sort(chosen))
    others = order[n:] if same else order
    return RealText(
        ids=ids,
        texts=tokenizer.decode(ids),
        counted=training.sentences(others[:counted]),
        originals=Originals(training),
        vocabulary=tokenizer.vocab_size,
    )


def generation_scores(
    ids: Ids,
    texts: Sequence[str],
    real: RealText,
    check: Check | None = None,
    progress: Progress | None = None,
) -> Generation:
    """Measure written sentences and as many real ones: diversity, BLEU and perplexity both ways, copies.

    Args:
        ids: of the sentences written, without start and end; as many as ``real`` has.
        texts: the same as text.
        real: what they are held against.
        check: tells whether a sentence is valid.
        progress: told how many stages of the work are done.

    Raises:
        DataError: there are not as many sentences as real ones.
    """
    if len(ids) != len(real.ids):
        raise DataError(
            f"equal numbers are compared, got {len(ids)} sentences and {len(real.ids)} real ones; "
            "write as many"
        )
    stand_ins = real.counted[: len(ids)]
    stages: list[tuple[str, Callable[[], tuple[Scores, Scores]]]] = [
        ("diversity", lambda: (diversity(ids), diversity(real.ids))),
        ("BLEU", lambda: (_bleu(ids, real.ids), _bleu(stand_ins, real.ids))),
        ("n-gram perplexity", lambda: _perplexities(ids, stand_ins, real, progress)),
        ("copies", lambda: (_copies(ids, real.originals), _copies(real.ids, real.originals))),
        ("validity", lambda: (_valid(texts, check), _valid(real.texts, check))),
    ]
    found = Generation({"generated": float(len(ids))}, {})
    for name, measure in stages:
        if progress:
            progress(0, None, name)
        for scores, more in zip((found.samples, found.real), measure(), strict=True):
            scores.update(more)
    return found


def _bleu(ids: Ids, real: Ids) -> Scores:
    forward, backward = bleu_against(ids, real), bleu_against(real, ids)
    total = forward + backward
    harmonic = 2 * forward * backward / total if total else 0.0
    return {"forward_bleu": forward, "backward_bleu": backward, "harmonic_bleu": harmonic}


def _perplexities(
    ids: Ids, stand_ins: Ids, real: RealText, progress: Progress | None
) -> tuple[Scores, Scores]:
    """Forward and backward, of the written sentences and of the real ones in their place."""
    vocabulary = range(UNKNOWN, real.vocabulary)
    done, total = count(1), len(real.counted) + 6 * len(ids)  # as many real ones as written

    def tick() -> None:
        if (at := next(done)) % _TOLD_EVERY == 0 and progress:
            progress(at, total, "n-gram perplexity")

    trained = NgramModel(real.counted, vocabulary, tick=tick)
    first, second = (
        {
            "forward_ppl": trained.perplexity(scored, tick),
            "backward_ppl": NgramModel(counted, vocabulary, tick=tick).perplexity(real.ids, tick),
        }
        for scored, counted in ((ids, ids), (real.ids, stand_ins))
    )
    return first, second


def _copies(ids: Ids, originals: Originals) -> Scores:
    copied = [originals.row_of(sentence) is not None for sentence in ids]
    different = {tuple(sentence): copy for sentence, copy in zip(ids, copied, strict=True)}
    return {
        "copied": sum(copied) / len(ids),
        "novel": sum(not copy for copy in different.values()) / len(different),
    }


def _valid(texts: Sequence[str], check: Check | None) -> Scores:
    return {} if check is None else {"valid": share_valid(texts, check)}
