"""Diagonal Gaussian."""

from __future__ import annotations

from typing import Literal, Self

import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.distributions import Independent

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.latents.base import Latent, LatentFamily
from engine.models.latents.normal import (
    BatchNormalisedMean,
    VarianceDropout,
    commit,
    diagonal,
    standard,
)


class Gaussian(LatentFamily):
    r"""A diagonal Gaussian posterior against a standard normal prior.

    .. math::
        q(z|x) = N(\mu, \mathrm{diag}\,\sigma^2), \quad
        KL_d = \tfrac12 (\mu_d^2 + \sigma_d^2 - \ln \sigma_d^2 - 1)

    Mean and log variance are one bias-free linear map of the encoder's summary, as in He et al. 2019.
    Three settings keep the KL from vanishing by the way they are made from it: a batch-normalised mean
    (BN-VAE), dropout on the variance (with it, DU-VAE), or a committed rate (delta-VAE).

    References:
        Auto-Encoding Variational Bayes, Kingma and Welling, 2014, https://arxiv.org/abs/1312.6114;
        BN-VAE, Zhu et al., 2020, https://arxiv.org/abs/2004.12585;
        DU-VAE, Shen et al., 2021, https://arxiv.org/abs/2110.12381;
        delta-VAE, Razavi et al., 2019, https://arxiv.org/abs/1901.03416
    """

    class Config(BaseConfig):
        """Diagonal Gaussian latent."""

        name: Literal["gaussian"] = "gaussian"
        size: int = param(
            32,
            "Number of latent units (32 in He et al. 2019).",
            ge=1,
            le=4096,
            symbol="Z",
            basic=True,
        )
        mean: Literal["free", "batch_norm"] = param(
            "free",
            "free: as the encoder gives it. batch_norm: normalised over the batch to the scale gamma "
            "(BN-VAE), so that the KL is at least Z gamma² / 2.",
        )
        gamma: float = param(
            0.6,
            "Standard deviation of a batch-normalised mean (0.5 to 0.7 in Zhu et al. 2020); no effect "
            "on a free one.",
            gt=0,
            lt=1,
            symbol="γ",
        )
        variance_dropout: float = param(
            0.0,
            "How often a unit's variance is dropped to its floor of 0.059 in training (0.1 to 0.3 in "
            "DU-VAE, which also normalises the mean); 0 leaves the variance free.",
            ge=0,
            lt=1,
            symbol="p",
        )
        delta: float = param(
            0.0,
            "Least KL of every unit, by a bounded variance and a positive mean (delta-VAE; 0.1 to "
            "0.15). It may be paid for a constant; 0 leaves it out.",
            ge=0,
            le=10,
            unit="nats",
            symbol="δ",
        )

        @model_validator(mode="after")
        def _one_floor(self) -> Self:
            """A committed rate computes the mean from the variance: nothing else may change either."""
            if self.delta and self.mean == "batch_norm":
                raise ValueError(
                    "delta makes the mean from the variance, so batch normalisation would undo it, "
                    "set delta to 0 or mean to free"
                )
            if self.delta and self.variance_dropout:
                raise ValueError(
                    "delta keeps the variance in a range that variance dropout would leave, set one of "
                    "delta and variance_dropout to 0"
                )
            return self

    zero: Tensor

    def __init__(self, config: Config, input_size: int, input_tokens: int = 1) -> None:
        super().__init__()
        self.size = config.size
        self.delta = config.delta
        self.parameters_of = nn.Linear(input_size, 2 * config.size, bias=False)
        self.register_buffer("zero", torch.zeros(config.size), persistent=False)
        self.normalised = (
            BatchNormalisedMean(config.size, config.gamma) if config.mean == "batch_norm" else None
        )
        self.dropped = VarianceDropout(config.variance_dropout) if config.variance_dropout else None

    def _mean_and_logvar(self, h: Tensor, learn: bool = True) -> tuple[Tensor, Tensor]:
        # Half precision would round small variances and their logarithm: the posterior is float32.
        mean, logvar = self.parameters_of(h).float().chunk(2, dim=-1)
        if self.delta:
            return commit(mean, logvar, self.delta)
        if self.normalised is not None:
            mean = self.normalised(mean, learn)
        if self.dropped is not None:
            logvar = self.dropped(logvar)
        return mean, logvar

    def forward(self, h: Tensor, samples: int | None = None) -> Latent:
        """One reparameterised draw z = mu + sigma * eps per row, or ``samples`` of them.

        Args:
            h: encoder summary, (B, H).
            samples: S, or None for one draw without a leading dimension.
        """
        mean, logvar = self._mean_and_logvar(h)
        posterior = diagonal(mean, (0.5 * logvar).exp())
        z = posterior.rsample() if samples is None else posterior.rsample((samples,))
        kl = 0.5 * (mean.square() + logvar.exp() - logvar - 1)
        return Latent(z, kl, posterior)

    def code(self, h: Tensor) -> Tensor:
        """The posterior mean, (B, Z)."""
        return self._mean_and_logvar(h, learn=False)[0]

    @property
    def prior(self) -> Independent:
        """N(0, I)."""
        return standard(self.zero)
