"""Free-running reconstruction: encode a sentence, decode its code, compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from engine.config import DataError
from engine.decoding.config import DecodingConfig
from engine.decoding.search import decode
from engine.evaluation.mode import Progress, evaluation_mode
from engine.evaluation.rows import Indices, by_length
from engine.evaluation.text import corpus_bleu, edit_similarities, exact_match

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.data.tokens import Tokens
    from engine.models.vae import VAE

_ROWS = 256


@dataclass(frozen=True)
class Reconstructions:
    """Sentences and what came back, in the order of ``rows``.

    Attributes:
        rows: row numbers in the split, shape (N,).
        sources: token ids that were encoded, without start and end.
        outputs: token ids that were decoded.
        similarity: 1 - token edit distance / longer length, shape (N,), 0 to 1.
    """

    rows: Indices
    sources: list[list[int]]
    outputs: list[list[int]]
    similarity: NDArray[np.float64]

    def scores(self) -> dict[str, float]:
        """bleu, edit_similarity, exact_match and rows, by their names in METRICS."""
        pairs = list(zip(self.outputs, self.sources, strict=True))
        return {
            "bleu": corpus_bleu(pairs),
            "edit_similarity": float(self.similarity.mean()),
            "exact_match": exact_match(pairs),
            "rows": float(len(pairs)),
        }


def reconstruct_rows(
    model: VAE,
    tokens: Tokens,
    rows: Indices,
    decoding: DecodingConfig | None = None,
    *,
    sampled: bool = False,
    progress: Progress | None = None,
) -> Reconstructions:
    """Decode the codes of chosen rows without showing the decoder the sentence.

    Args:
        model: a text VAE.
        tokens: one tokenised split.
        rows: row numbers, shape (N,).
        decoding: how to decode; greedy where absent.
        sampled: decode one posterior sample, as system A does, instead of the code (the mean).
        progress: told how many sentences are done.

    Raises:
        DataError: there is no row.
    """
    decoding = decoding or DecodingConfig()
    rows = np.asarray(rows, dtype=np.int64)
    if not len(rows):
        raise DataError("a reconstruction needs at least one sentence, got none")
    outputs: dict[int, list[int]] = {}
    sources: dict[int, list[int]] = {}
    for part in _parts(by_length(tokens.lengths, np.unique(rows))):
        x = tokens.rows(part)
        with evaluation_mode(model, decoding.seed + len(outputs)) as device:
            given = torch.from_numpy(x).to(device)
            z = model.encode(given).z if sampled else model.code(given)
        outputs |= zip(part.tolist(), decode(model, z, decoding), strict=True)
        sources |= zip(part.tolist(), _plain(x, tokens.lengths[part]), strict=True)
        if progress:
            progress(len(outputs), len(rows), "reconstruction")
    ordered = rows.tolist()
    pairs = [(outputs[row], sources[row]) for row in ordered]
    return Reconstructions(
        rows, [source for _, source in pairs], [out for out, _ in pairs], edit_similarities(pairs)
    )


def reconstruct_scores(
    model: VAE,
    tokens: Tokens,
    tokenizer: Tokenizer,
    *,
    limit: int | None = None,
    max_words: int | None = None,
    decoding: DecodingConfig | None = None,
    sampled: bool = False,
    seed: int = 42,
    progress: Progress | None = None,
) -> dict[str, float]:
    """bleu, edit_similarity, exact_match and rows of free-running reconstruction from the code.

    Args:
        model: a text VAE.
        tokens: one tokenised split.
        tokenizer: the run's tokeniser; turns ids into words.
        limit: this many random rows at most; all where absent.
        max_words: only sentences of up to so many words (split at white space).
        decoding: how to decode; greedy, capped at the longest sentence of the split, where absent.
        sampled: decode a posterior sample instead of the code.
        seed: of the choice of rows.
        progress: told how many sentences are done.

    Raises:
        DataError: no sentence is short enough.
    """
    decoding = decoding or DecodingConfig(max_tokens=max(1, int(max(tokens.lengths)) - 2))
    order = np.random.default_rng(seed).permutation(len(tokens))
    if max_words is not None:
        order = _short(tokens, tokenizer, order, max_words, limit)
    rows = np.sort(order[:limit])
    if not len(rows):
        raise DataError(
            f"no sentence of this split has at most {max_words} words; allow more words"
        )
    found = reconstruct_rows(model, tokens, rows, decoding, sampled=sampled, progress=progress)
    return found.scores()


def _short(
    tokens: Tokens, tokenizer: Tokenizer, order: Indices, max_words: int, limit: int | None
) -> Indices:
    """The first ``limit`` rows of ``order`` whose text has at most ``max_words`` words."""
    short: list[int] = []
    for part in _parts(order):
        texts = tokenizer.decode(_plain(tokens.rows(part), tokens.lengths[part]))
        short += [
            row
            for row, text in zip(part.tolist(), texts, strict=True)
            if len(text.split()) <= max_words
        ]
        if limit is not None and len(short) >= limit:
            break
    return np.array(short, dtype=np.int64)


def _parts(rows: Indices) -> Iterator[Indices]:
    return (rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS))


def _plain(x: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[list[int]]:
    """Rows of ids without start, end and padding."""
    return [row[1 : length - 1].tolist() for row, length in zip(x, lengths, strict=True)]
