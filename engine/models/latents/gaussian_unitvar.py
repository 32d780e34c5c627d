"""Gaussian with a fixed variance."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.distributions import Independent

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.latents.base import Latent, LatentFamily
from engine.models.latents.normal import BatchNormalisedMean, diagonal, standard


class GaussianUnitVar(LatentFamily):
    r"""A Gaussian posterior of one fixed variance against a standard normal prior.

    .. math::
        q(z|x) = N(\mu, v I), \quad KL_d = \tfrac12 (\mu_d^2 + v - \ln v - 1)

    which is :math:`\tfrac12 \mu_d^2` at v = 1. Only the mean is learned, a bias-free linear map of the
    encoder's summary: the rate grows with the distance between codes alone. Eight nats of mutual
    information ask for a mean square length of 16 at v = 1, more than the prior's shell holds without
    holes; a batch-normalised mean with v = 1 - gamma² matches the prior's second moment exactly.

    References:
        TMNT's seq_vae, MITRE, 2020, https://github.com/mitre/tmnt (gaussian_unitvar; its transformer
        takes v = 0.05); A Surprisingly Effective Fix for Deep Latent Variable Modeling of Text, Li et
        al., 2019, https://arxiv.org/abs/1909.00868 (fix_var); the mean of BN-VAE, Zhu et al., 2020,
        https://arxiv.org/abs/2004.12585
    """

    class Config(BaseConfig):
        """Gaussian latent of fixed variance."""

        name: Literal["gaussian_unitvar"] = "gaussian_unitvar"
        size: int = param(
            32,
            "Number of latent units (256 in TMNT, 32 in Li et al. 2019).",
            ge=1,
            le=4096,
            symbol="Z",
            basic=True,
        )
        variance: float = param(
            1.0,
            "Posterior variance of every unit (1 in TMNT's class, 0.05 in its transformer; 0.64 goes "
            "with a batch-normalised mean at gamma 0.6).",
            gt=0,
            le=100,
            symbol="v",
        )
        mean: Literal["free", "batch_norm"] = param(
            "free",
            "free: as the encoder gives it. batch_norm: normalised over the batch to the scale gamma "
            "(BN-VAE; TMNT at a scale of 1).",
        )
        gamma: float = param(
            0.6,
            "Standard deviation of a batch-normalised mean (0.5 to 0.7 in Zhu et al. 2020); no effect "
            "on a free one.",
            gt=0,
            le=1,
            symbol="γ",
        )

    zero: Tensor

    def __init__(self, config: Config, input_size: int, input_tokens: int = 1) -> None:
        super().__init__()
        self.size = config.size
        self.variance = config.variance
        self.mean_of = nn.Linear(input_size, config.size, bias=False)
        self.register_buffer("zero", torch.zeros(config.size), persistent=False)
        self.normalised = (
            BatchNormalisedMean(config.size, config.gamma) if config.mean == "batch_norm" else None
        )

    def _mean(self, h: Tensor, learn: bool = True) -> Tensor:
        mean = self.mean_of(h).float()
        return mean if self.normalised is None else self.normalised(mean, learn)

    def forward(self, h: Tensor, samples: int | None = None) -> Latent:
        """One reparameterised draw z = mu + sqrt(v) * eps per row, or ``samples`` of them.

        Args:
            h: encoder summary, (B, H).
            samples: S, or None for one draw without a leading dimension.
        """
        mean = self._mean(h)
        posterior = diagonal(mean, torch.full_like(mean, math.sqrt(self.variance)))
        z = posterior.rsample() if samples is None else posterior.rsample((samples,))
        kl = 0.5 * (mean.square() + self.variance - math.log(self.variance) - 1)
        return Latent(z, kl, posterior)

    def code(self, h: Tensor) -> Tensor:
        """The posterior mean, (B, Z)."""
        return self._mean(h, learn=False)

    @property
    def prior(self) -> Independent:
        """N(0, I)."""
        return standard(self.zero)
