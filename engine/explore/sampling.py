"""Sentences that nobody wrote: from the prior, or around a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.decoding.config import DecodingConfig
from engine.explore.sentences import padded, read

if TYPE_CHECKING:
    from torch import Tensor

    from engine.data.tokenizers import Tokenizer
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Samples:
    """Decoded codes.

    Attributes:
        texts: one sentence for each code.
        codes: shape (N, Z).
        unique: share of different sentences, 0 to 1.
        mean_length: tokens per sentence, end token not counted.
    """

    texts: list[str]
    codes: list[list[float]]
    unique: float
    mean_length: float


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


def _samples(model: VAE, tokenizer: Tokenizer, z: Tensor, decoding: DecodingConfig) -> Samples:
    from engine.decoding.search import decode

    sentences = decode(model, z, decoding)
    texts = tokenizer.decode(sentences)
    count = max(1, len(texts))
    length = sum(len(sentence) for sentence in sentences) / count
    return Samples(texts, z.float().cpu().tolist(), len(set(texts)) / count, length)
