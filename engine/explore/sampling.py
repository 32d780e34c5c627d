"""Sentences that nobody wrote: from the prior, around a sentence, or around chosen rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from engine.config import DataError
from engine.decoding.config import DecodingConfig
from engine.explore.sentences import padded, read

if TYPE_CHECKING:
    from torch import Tensor

    from engine.data.tokenizers import Tokenizer
    from engine.data.tokens import Tokens
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Samples:
    """Decoded codes.

    Attributes:
        texts: one sentence for each code.
        codes: shape (N, Z).
        unique: share of different sentences, 0 to 1.
        mean_length: tokens per sentence, end token not counted.
        ids: of the sentences, without start and end.
    """

    texts: list[str]
    codes: list[list[float]]
    unique: float
    mean_length: float
    ids: list[list[int]] = field(default_factory=list)


def from_prior(
    model: VAE, tokenizer: Tokenizer, n: int = 10, decoding: DecodingConfig | None = None
) -> Samples:
    """Decode ``n`` draws of the prior; the seed of ``decoding`` chooses them."""
    from engine.evaluation.mode import evaluation_mode

    decoding = decoding or DecodingConfig()
    with evaluation_mode(model, decoding.seed):
        z = model.latent.sample_prior(n)
    return _samples(model, tokenizer, z, decoding)


def around(
    model: VAE,
    tokenizer: Tokenizer,
    text: str,
    n: int = 10,
    decoding: DecodingConfig | None = None,
    spread: float = 1.0,
) -> Samples:
    """Decode ``n`` draws of a sentence's posterior, their distance from its code times ``spread``.

    Raises:
        DataError: the sentence is blank.
        ConfigError: the latent family has no posterior.
    """
    from engine.evaluation.mode import evaluation_mode

    decoding = decoding or DecodingConfig()
    sentence = read(tokenizer, [text], decoding.max_tokens)
    with evaluation_mode(model, decoding.seed) as device:
        h = model.summary(padded(sentence).to(device))
        z = model.latent.around(h, n, spread)[:, 0]
    return _samples(model, tokenizer, z, decoding)


def from_rows(
    model: VAE,
    tokenizer: Tokenizer,
    tokens: Tokens,
    rows: Sequence[int],
    n: int = 10,
    decoding: DecodingConfig | None = None,
    spread: float = 1.0,
) -> Samples:
    """Decode draws of the posteriors of chosen rows, of a slice or a label: each of a random row of them.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        tokens: the tokenised split that the rows are of.
        rows: row numbers, at least one.
        n: how many draws.
        decoding: how to decode; greedy where absent. Its seed chooses rows and draws.
        spread: factor of the draws' distance from the code of their row.

    Raises:
        DataError: there is no row.
        ConfigError: the latent family has no posterior.
    """
    import torch

    from engine.evaluation.mode import evaluation_mode

    decoding = decoding or DecodingConfig()
    if not len(rows):
        raise DataError("sentences are drawn around at least one row, got none; choose others")
    chosen = np.random.default_rng(decoding.seed).choice(np.asarray(rows), n)
    with evaluation_mode(model, decoding.seed) as device:
        h = model.summary(torch.from_numpy(tokens.rows(chosen)).to(device))
        z = model.latent.around(h, 1, spread)[0]
    return _samples(model, tokenizer, z, decoding)


def _samples(model: VAE, tokenizer: Tokenizer, z: Tensor, decoding: DecodingConfig) -> Samples:
    from engine.decoding.search import decode

    sentences = decode(model, z, decoding)
    texts = tokenizer.decode(sentences)
    count = max(1, len(texts))
    length = sum(len(sentence) for sentence in sentences) / count
    different = len(set(texts)) / count
    return Samples(texts, z.float().cpu().tolist(), different, length, sentences)
