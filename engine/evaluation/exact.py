r"""The likelihood itself, where a code is so few bits that all codes can be counted.

.. math:: \log p(x) = \log \sum_{z \in \{0,1\}^Z} p(z)\, p(x|z)

No posterior enters: what the encoder finds is not measured, and nothing is random.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.config import ConfigError
from engine.devices import choose_precision
from engine.evaluation.likelihood import Floats, LogWeights, sentence_nll
from engine.evaluation.mode import Progress, evaluation_mode
from engine.evaluation.rows import Indices, by_length, choose, predicted_tokens
from engine.models.latents.bernoulli import Bernoulli

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.evaluation.config import EvaluationConfig
    from engine.models.vae import VAE

# 65,536 codes: system E's 16 bits, and seconds to a minute per sentence.
MOST_BITS = 16
# Sentences counted side by side; few, because each has up to so many codes.
_SENTENCES = 4


def exact_nll(model: VAE, x: Tensor, chunk: int = 2048, *, precision: str = "float32") -> Floats:
    """-log p(x) by summing over every code, nats per sentence, (B,), float64.

    Args:
        model: a text VAE with a Bernoulli latent of at most 16 bits.
        x: token ids, shape (B, T), padded with 0; best of about one length.
        chunk: sentence-code pairs per call of the decoder; the number does not depend on it.
        precision: of the decoder's matrix products, ``float32`` or ``bfloat16`` (float32
            where the device does not support it).

    Raises:
        ConfigError: the latent family is another one, or there are too many codes.
    """
    codes = all_codes(model)
    with evaluation_mode(model, 0) as device:
        return _exact_nll(model, x, codes.to(device), chunk, choose_precision(precision, device))


def all_codes(model: VAE) -> Tensor:
    """Every code of the model's family, (2^Z, Z)."""
    require_few_codes(model)
    size = model.latent.size
    numbers = torch.arange(2**size).unsqueeze(1)
    return (numbers >> torch.arange(size).flip(0) & 1).float()


def require_few_codes(model: VAE) -> None:
    """Raises a ConfigError unless the latent is Bernoulli with at most ``MOST_BITS`` bits."""
    latent = model.latent
    if not isinstance(latent, Bernoulli) or latent.size > MOST_BITS:
        kind, size = type(latent).__name__, getattr(latent, "size", "?")
        raise ConfigError(
            f"the exact likelihood needs a Bernoulli latent of at most {MOST_BITS} bits, whose codes can "
            f"all be tried; this model's is {kind} of {size} units; use IW-NLL (iw_samples) instead"
        )


def _exact_nll(model: VAE, x: Tensor, codes: Tensor, chunk: int, precision: str) -> Floats:
    weights = LogWeights(len(x))
    for part in codes.split(max(1, chunk // len(x))):
        z = part.unsqueeze(1).expand(-1, len(x), -1)
        likelihood = -sentence_nll(model, x, z, precision).double()
        prior = model.latent.prior.log_prob(part).double().unsqueeze(1)
        weights.add((likelihood + prior).cpu().numpy())
    return -(weights.log_mean() + math.log(len(codes)))


def exact_rows(
    model: VAE,
    tokens: Tokens,
    rows: Indices,
    chunk: int = 2048,
    *,
    precision: str = "float32",
    progress: Progress | None = None,
) -> Floats:
    """Exact NLL of chosen rows of a split, in the order of ``rows``, nats per sentence, (N,).

    Args:
        model, chunk, precision: as in ``exact_nll``.
        tokens: one tokenised split.
        rows: row numbers, shape (N,).
        progress: told how many sentences are done.
    """
    codes = all_codes(model)
    ordered, nll = by_length(tokens.lengths, rows), np.zeros(len(tokens))
    with evaluation_mode(model, 0) as device:
        precision = choose_precision(precision, device)
        for start in range(0, len(ordered), _SENTENCES):
            part = ordered[start : start + _SENTENCES]
            x = torch.from_numpy(tokens.rows(part)).to(device)
            nll[part] = _exact_nll(model, x, codes.to(device), chunk, precision)
            if progress:
                progress(start + len(part), len(ordered), "exact likelihood")
    return nll[rows]


def exact_scores(
    model: VAE,
    tokens: Tokens,
    config: EvaluationConfig,
    limit: int | None = None,
    *,
    progress: Progress | None = None,
) -> dict[str, float]:
    """``nll_exact`` and ``ppl_exact`` over the rows that ``report.evaluate`` looks at."""
    rows = choose(len(tokens), limit, config.seed)
    nll = exact_rows(
        model, tokens, rows, config.iw_chunk, precision=config.iw_precision, progress=progress
    )
    predicted = predicted_tokens(model, tokens.lengths[rows])
    return {"nll_exact": float(nll.mean()), "ppl_exact": math.exp(nll.sum() / predicted)}
