r"""The posterior mean space: where the model puts a sentence's code, and where the encoder does.

.. math:: \mu_\theta(x) = E_{p_\theta(z|x)}[z], \qquad \mu_\phi(x) = E_{q_\phi(z|x)}[z]

Both at 0: collapse. The model's means spread and the encoder's at 0: the encoder lags behind. Both equal:
the encoder has caught up.

References:
    He, Spokoyny, Neubig and Berg-Kirkpatrick, Lagging Inference Networks and Posterior Collapse in
    Variational Autoencoders, 2019, https://arxiv.org/abs/1901.05534
    Hesterberg, Weighted Average Importance Sampling and Defensive Mixture Distributions, 1995,
    Technometrics 37 (half the samples from the prior)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution

from engine.config import ConfigError
from engine.evaluation.grid import grid_means, is_integrated, nll_of
from engine.evaluation.information import mutual_information
from engine.evaluation.means import Means
from engine.evaluation.mode import Progress, evaluation_mode
from engine.evaluation.rows import Indices

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.models.vae import VAE

Floats = NDArray[np.float64]

# Sentences that are looked at side by side.
_SENTENCES = 64
_START, _END = 1, 2


@dataclass(frozen=True)
class Estimate:
    """The model's posterior mean of a few sentences, and how well it is known.

    Attributes:
        mean: E_p[z|x], shape (B, Z).
        error: standard error of each, shape (B, Z); 0 where it was integrated.
        ess: effective sample size (Σw)²/Σw², shape (B,), between 1 and K; nan where it was integrated.
    """

    mean: Floats
    error: Floats
    ess: Floats


def require_density(model: VAE) -> None:
    """Raises a ConfigError where the latent family has no posterior, and so no mean of it."""
    with evaluation_mode(model, 0) as device:
        latent = model.encode(torch.tensor([[_START, _END]] * 2, device=device))
    if latent.posterior is None:
        raise ConfigError(
            f"the posterior mean space needs a latent family with a posterior, and "
            f"{type(model.latent).__name__} has none; leave mean_space out or choose another family"
        )


def posterior_means(
    model: VAE,
    tokens: Tokens,
    rows: Indices,
    *,
    samples: int = 500,
    chunk: int = 2048,
    seed: int = 42,
    progress: Progress | None = None,
) -> Means:
    """Both means of chosen rows: on the published grid for a scalar code, by importance sampling otherwise.

    Args:
        model: a text VAE whose family has a posterior.
        tokens: one tokenised split.
        rows: row numbers, shape (N,), at least one.
        samples: K, where the mean is sampled.
        chunk: sentence-code pairs per call of the decoder; the numbers do not depend on it.
        seed: of the draws.
        progress: told how many sentences are done.

    Raises:
        ConfigError: the latent family has no posterior.
    """
    require_density(model)
    order = np.argsort(tokens.lengths[rows], kind="stable")
    parts: list[tuple[Estimate, Tensor, Tensor]] = []
    posteriors, drawn = [], []
    integrated = is_integrated(model)
    with evaluation_mode(model, seed) as device:
        for start in range(0, len(rows), _SENTENCES):
            x = torch.from_numpy(tokens.rows(rows[order[start : start + _SENTENCES]])).to(device)
            latent = model.encode(x)
            posterior = latent.posterior
            assert posterior is not None
            found = (
                _integrated(grid_means(model, x, chunk=chunk))
                if integrated
                else _sampled(model, x, posterior, samples, chunk)
            )
            parts.append((found, inference_mean(posterior), latent.kl.flatten(1).sum(1)))
            posteriors.append(posterior)
            drawn.append(latent.z)
            if progress:
                progress(start + len(x), len(rows), "posterior means")
        known = mutual_information(posteriors, torch.cat(drawn)).value
    back = np.argsort(order)
    single = np.float32
    return Means(
        model=np.concatenate([part.mean for part, _, _ in parts])[back].astype(single),
        inference=torch.cat([mean for _, mean, _ in parts]).cpu().numpy()[back].astype(single),
        error=np.concatenate([part.error for part, _, _ in parts])[back].astype(single),
        ess=np.concatenate([part.ess for part, _, _ in parts])[back].astype(single),
        samples=0 if integrated else samples,
        kl=torch.cat([kl for _, _, kl in parts]).double().cpu().numpy()[back],
        mutual_information=known,
    )


def inference_mean(posterior: Distribution, draws: int = 1000) -> Tensor:
    """E_q[z|x], shape (B, Z): in closed form, or else the mean of so many draws."""
    try:
        return posterior.mean
    except NotImplementedError:
        return posterior.sample((draws,)).mean(0)


def sampled_means(
    model: VAE, x: Tensor, samples: int = 500, chunk: int = 2048, *, seed: int = 42
) -> Estimate:
    r"""The mean of the model's posterior over any code, by self-normalised importance sampling.

    .. math::
        \mu_\theta(x) \approx \sum_k \frac{w_k}{\sum_l w_l} z_k, \quad
        w_k = \frac{p(x|z_k)\, p(z_k)}{\tfrac12 q(z_k|x) + \tfrac12 p(z_k)}

    Half of the draws are the posterior's and half the prior's, so that no weight exceeds twice p(x|z)
    and a mode that the encoder misses is still found. The standard error is that of a ratio,
    :math:`\sqrt{\sum_k \bar w_k^2 (z_k - \mu)^2}`; it can be trusted where the effective sample size is
    not small.

    Args:
        model: a text VAE whose family has a posterior.
        x: token ids, shape (B, T), padded with 0; best of about one length.
        samples: K.
        chunk: sentence-code pairs per call of the decoder; the numbers do not depend on it.
        seed: of the draws.

    Raises:
        ConfigError: the latent family has no posterior.
    """
    require_density(model)
    with evaluation_mode(model, seed):
        posterior = model.encode(x).posterior
        assert posterior is not None
        return _sampled(model, x, posterior, samples, chunk)


def _integrated(mean: Tensor) -> Estimate:
    known = mean.cpu().numpy()
    return Estimate(known, np.zeros_like(known), np.full(len(known), np.nan))


def _sampled(model: VAE, x: Tensor, posterior: Distribution, samples: int, chunk: int) -> Estimate:
    prior, half = model.latent.prior, samples // 2
    z = torch.cat([posterior.sample((samples - half,)), prior.sample((half, len(x)))])
    from_prior = prior.log_prob(z).double()
    from_posterior = posterior.log_prob(z).double()
    proposal = torch.logaddexp(
        from_posterior + math.log((samples - half) / samples),
        from_prior + math.log(half / samples),
    )
    weights = torch.softmax(from_prior - proposal - nll_of(model, x, z, chunk), 0)
    codes = z.double()
    mean = torch.einsum("sb,sbz->bz", weights, codes)
    variance = torch.einsum("sb,sbz->bz", weights.square(), (codes - mean).square())
    ess = 1 / weights.square().sum(0)
    return Estimate(mean.cpu().numpy(), variance.sqrt().cpu().numpy(), ess.cpu().numpy())
