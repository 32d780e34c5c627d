"""Diagonal Gaussian."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.latents.base import Latent, LatentFamily


class Gaussian(LatentFamily):
    r"""A diagonal Gaussian posterior against a standard normal prior.

    .. math::
        q(z|x) = N(\mu, \mathrm{diag}\,\sigma^2), \quad
        KL_d = \tfrac12 (\mu_d^2 + \sigma_d^2 - \ln \sigma_d^2 - 1)

    Mean and log variance are one bias-free linear map of the encoder's summary, as in He et al. 2019.

    References:
        Auto-Encoding Variational Bayes, Kingma and Welling, 2014, https://arxiv.org/abs/1312.6114
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

    zero: Tensor

    def __init__(self, config: Config, input_size: int) -> None:
        super().__init__()
        self.size = config.size
        self.parameters_of = nn.Linear(input_size, 2 * config.size, bias=False)
        self.register_buffer("zero", torch.zeros(config.size), persistent=False)

    def _mean_and_logvar(self, h: Tensor) -> tuple[Tensor, Tensor]:
        # Half precision would round small variances and their logarithm: the posterior is float32.
        mean, logvar = self.parameters_of(h).float().chunk(2, dim=-1)
        return mean, logvar

    def forward(self, h: Tensor, samples: int | None = None) -> Latent:
        """One reparameterised draw z = mu + sigma * eps per row, or ``samples`` of them.

        Args:
            h: encoder summary, (B, H).
            samples: S, or None for one draw without a leading dimension.
        """
        mean, logvar = self._mean_and_logvar(h)
        posterior = Independent(
            Normal(mean, (0.5 * logvar).exp(), validate_args=False), 1, validate_args=False
        )
        z = posterior.rsample() if samples is None else posterior.rsample((samples,))
        kl = 0.5 * (mean.square() + logvar.exp() - logvar - 1)
        return Latent(z, kl, posterior)

    def code(self, h: Tensor) -> Tensor:
        """The posterior mean, (B, Z)."""
        return self._mean_and_logvar(h)[0]

    @property
    def prior(self) -> Independent:
        """N(0, I)."""
        return Independent(
            Normal(self.zero, torch.ones_like(self.zero), validate_args=False),
            1,
            validate_args=False,
        )
