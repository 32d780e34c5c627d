"""Sentences that nobody wrote: from the prior, around a sentence, or around chosen rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    from engine.evaluation.mode import Progress
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


def in_parts(
    draw: Callable[[int, DecodingConfig], Samples],
    n: int,
    decoding: DecodingConfig,
    part: int = 200,
    progress: Progress | None = None,
) -> Samples:
    """Draw many sentences a part at a time, each part with a seed of its own that follows from the first.

    Args:
        draw: draws and decodes so many.
        n: how many in all.
        decoding: how; the first part takes its seed as it is, so that few are the first of many.
        part: drawn at once.
        progress: told after every part; whatever it raises ends the work.
    """
    parts: list[Samples] = []
    for number, start in enumerate(range(0, n, part)):
        if progress:
            progress(start, n, "drawing")
        seed = decoding.seed
        if number:
            seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0] >> 1)
        parts.append(draw(min(part, n - start), decoding.model_copy(update={"seed": seed})))
    texts = [text for one in parts for text in one.texts]
    ids = [sentence for one in parts for sentence in one.ids]
    return Samples(
        texts=texts,
        codes=[code for one in parts for code in one.codes],
        unique=len(set(texts)) / max(1, len(texts)),
        mean_length=sum(map(len, ids)) / max(1, len(ids)),
        ids=ids,
    )


def _samples(model: VAE, tokenizer: Tokenizer, z: Tensor, decoding: DecodingConfig) -> Samples:
    from engine.decoding.search import decode

    sentences = decode(model, z, decoding)
    texts = tokenizer.decode(sentences)
    count = max(1, len(texts))
    length = sum(len(sentence) for sentence in sentences) / count
    different = len(set(texts)) / count
    return Samples(texts, z.float().cpu().tolist(), different, length, sentences)
