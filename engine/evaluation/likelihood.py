r"""How probable the model finds sentences: the evidence lower bound and importance weighting.

All sums are over the predicted tokens: the end token counts, the start token and padding do not.

References:
    Kingma and Welling, Auto-Encoding Variational Bayes, 2014, arXiv:1312.6114 (ELBO).
    Burda et al., Importance Weighted Autoencoders, 2016, arXiv:1509.00519 (the K-sample bound).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.config import ConfigError
from engine.devices import autocast, choose_precision
from engine.evaluation.mode import Progress, evaluation_mode
from engine.evaluation.rows import Indices, by_length

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.models.vae import VAE

Floats = NDArray[np.float64]

# Posterior draws held at once: 64 MiB of float32. A constant, so that no setting moves the numbers.
_DRAWN_FLOATS = 2**24
# Sentences that share a call of the decoder: neighbours in length, so almost nothing is padding.
IW_SENTENCES = 16


@dataclass(frozen=True)
class Bound:
    """The two halves of the ELBO, one posterior sample per sentence.

    Attributes:
        reconstruction: -log p(x|z), shape (B,), nats per sentence.
        kl: KL(q(z|x) || p(z)) of each latent unit, shape (B, Z), nats.
        latent: what the model's latent family returned.
    """

    reconstruction: Tensor
    kl: Tensor
    latent: Any

    @property
    def elbo(self) -> Tensor:
        """-(reconstruction + KL), shape (B,), nats per sentence; higher is better."""
        return -(self.reconstruction + self.kl.sum(-1))


def elbo(model: VAE, x: Tensor) -> Bound:
    """Evidence lower bound with KL weight 1 and one posterior sample, in the model's present mode.

    Args:
        model: a text VAE.
        x: token ids, shape (B, T), padded with 0.
    """
    latent = model.encode(x)
    reconstruction = model.decoder.token_nll(x, latent.z).sum(-1)
    return Bound(reconstruction, latent.kl.flatten(1), latent)


@dataclass(frozen=True)
class ImportanceWeighted:
    """-log p(x) by importance weighting, and how many of the samples carried it.

    Attributes:
        nll: shape (B,), nats per sentence.
        ess: effective sample size (Σw)²/Σw², shape (B,), between 1 and K.
    """

    nll: Floats
    ess: Floats


class LogWeights:
    """A running log-sum-exp of importance weights and of their squares, in float64."""

    def __init__(self, rows: int) -> None:
        self.count = 0
        self._peak = np.full(rows, -np.inf)
        self._sum = np.zeros(rows)
        self._squares = np.zeros(rows)

    def add(self, log_weights: Floats) -> None:
        """Take in log weights of shape (S, B)."""
        peak = np.maximum(self._peak, log_weights.max(axis=0))
        anchor = np.where(np.isneginf(peak), 0.0, peak)
        weights = np.exp(log_weights - anchor)
        scale = np.exp(self._peak - anchor)
        self._sum = self._sum * scale + weights.sum(axis=0)
        self._squares = self._squares * scale**2 + (weights**2).sum(axis=0)
        self._peak = peak
        self.count += len(log_weights)

    def log_mean(self) -> Floats:
        """log of the mean weight, shape (B,); -inf where every weight is 0."""
        with np.errstate(divide="ignore"):
            return self._peak + np.log(self._sum / self.count)

    def ess(self) -> Floats:
        """(Σw)²/Σw², shape (B,); 0 where every weight is 0."""
        squares = np.where(self._squares > 0, self._squares, 1.0)
        return self._sum**2 / squares


def iw_nll(
    model: VAE,
    x: Tensor,
    samples: int = 500,
    chunk: int = 2048,
    *,
    seed: int = 42,
    precision: str = "float32",
) -> ImportanceWeighted:
    r"""Negative log-likelihood by importance sampling from the posterior.

    .. math:: -\log \frac{1}{K} \sum_k \frac{p(x|z_k)\, p(z_k)}{q(z_k|x)}, \quad z_k \sim q(z|x)

    An upper bound of -log p(x) on average, tighter as K grows. The sentence is encoded once; sentences
    and samples are decoded together, ``chunk`` pairs at a time.

    Args:
        model: a text VAE whose family has a posterior density.
        x: token ids, shape (B, T), padded with 0; best of about one length.
        samples: K.
        chunk: sentence-sample pairs per call of the decoder; the draws do not depend on it.
        seed: of the draws.
        precision: of the decoder's matrix products, ``float32`` or ``bfloat16`` (float32 where the device
            does not support it); weights and sums are float32 and float64 in any case.

    Raises:
        ConfigError: the latent family has no posterior density.
    """
    with evaluation_mode(model, seed) as device:
        precision = choose_precision(precision, device)
        return _iw_nll(model, x, samples, chunk, precision)


def _iw_nll(model: VAE, x: Tensor, samples: int, chunk: int, precision: str) -> ImportanceWeighted:
    if samples < 1:
        raise ConfigError(f"IW-NLL needs at least 1 sample, got {samples}; the papers use 500")
    latent = model.encode(x)
    if latent.posterior is None:
        raise ConfigError(
            "IW-NLL needs the density of the posterior, which this latent family does not have; "
            "set iw_samples to 0"
        )
    weights = LogWeights(len(x))
    drawn = max(1, _DRAWN_FLOATS // max(1, latent.z.numel()))
    step = max(1, chunk // len(x))
    for start in range(0, samples, drawn):
        z = latent.posterior.sample((min(drawn, samples - start),))
        prior = model.latent.prior.log_prob(z) - latent.posterior.log_prob(z)
        for at in range(0, len(z), step):
            part = slice(at, at + step)
            likelihood = -sentence_nll(model, x, z[part], precision)
            weights.add((likelihood.double().cpu() + prior[part].double().cpu()).numpy())
    return ImportanceWeighted(-weights.log_mean(), weights.ess())


def sentence_nll(model: VAE, x: Tensor, z: Tensor, precision: str) -> Tensor:
    """-log p(x|z), shape (S, B), for z of shape (S, B, Z)."""
    with autocast(precision, z.device):
        return model.decoder.token_nll(x, z).float().sum(-1)


def iw_rows(
    model: VAE,
    tokens: Tokens,
    rows: Indices,
    samples: int = 500,
    chunk: int = 2048,
    *,
    seed: int = 42,
    precision: str = "float32",
    progress: Progress | None = None,
) -> ImportanceWeighted:
    """IW-NLL of chosen rows of a split, in the order of ``rows``; neighbours in length go together.

    Args:
        model: a text VAE whose family has a posterior density.
        tokens: one tokenised split.
        rows: row numbers, shape (N,).
        samples, chunk, seed, precision: as in ``iw_nll``.
        progress: told how many sentences are done.
    """
    ordered = by_length(tokens.lengths, rows)
    nll, ess = np.zeros(len(tokens)), np.zeros(len(tokens))
    with evaluation_mode(model, seed) as device:
        precision = choose_precision(precision, device)
        for start in range(0, len(ordered), IW_SENTENCES):
            part = ordered[start : start + IW_SENTENCES]
            x = torch.from_numpy(tokens.rows(part)).to(device)
            result = _iw_nll(model, x, samples, chunk, precision)
            nll[part], ess[part] = result.nll, result.ess
            if progress:
                progress(start + len(part), len(ordered), "importance-weighted likelihood")
    return ImportanceWeighted(nll[rows], ess[rows])
