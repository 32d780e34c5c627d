"""Codes that match the prior as a whole: maximum mean discrepancy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from torch import Tensor

from engine.config import param
from engine.objectives.remedies.base import Forward, Remedy
from engine.objectives.remedies.discrepancy import KernelConfig, discrepancy, needs_gradient

if TYPE_CHECKING:
    from engine.models.latents import Latent
    from engine.models.vae import VAE


class MMD(Remedy):
    r"""Draws the codes of a batch, taken together, to the prior; each of them may say what it will.

    .. math::
        w(t)\, \lambda\, \mathrm{MMD}^2(q(z), p(z)), \quad
        w(t) = 1 \;\text{ or }\; \frac{1}{1 + e^{-(k t - b)}}

    estimated without bias, diagonals left out, from the batch's codes and as many draws of the prior, one
    row per latent token. Kernels: inverse multiquadric :math:`C / (C + \|a - b\|^2)` with
    :math:`C = 2 Z \sigma^2`; the sum of seven of them; Gaussian :math:`e^{-\|a - b\|^2 / m}`, m the median
    squared distance. The KL stays in the loss: :math:`\beta = 0` makes it the Wasserstein autoencoder,
    or MMD-VAE. With a Gaussian posterior and beta 0, look out for variances that go to 0.

    Where we differ: ``transformer-vae`` with the sigmoid schedule is that system's regulariser, biased, divided by the
    batch and multiplied by the latent tokens; there the reconstruction is a mean per token, here a sum per
    sentence, so that a like balance takes a weight of about the tokens in a sentence.

    References:
        Wasserstein Auto-Encoders, Tolstikhin et al., 2018, https://arxiv.org/abs/1711.01558; InfoVAE,
        Zhao, Song and Ermon, 2019, https://arxiv.org/abs/1706.02262; Fraser Greenlee,
        https://github.com/Fraser-Greenlee/transformer-vae
    """

    class Config(KernelConfig):
        """The codes of a batch, taken together, are drawn to the prior."""

        name: Literal["mmd"] = "mmd"
        weight: float = param(
            10.0,
            "Nats of loss per unit of MMD² (10 in the Wasserstein autoencoders of Wu et al. 2020).",
            ge=0,
            le=1e6,
            symbol="λ",
            basic=True,
        )
        schedule: Literal["constant", "sigmoid"] = param(
            "constant", "Whether the weight is there from the start or rises (transformer-vae)."
        )
        slope: float = param(
            0.0025,
            "Steepness of the sigmoid (0.0025 in transformer-vae).",
            gt=0,
            le=10,
            unit="1/step",
            symbol="k",
        )
        shift: float = param(
            6.25,
            "The sigmoid is one half at step b / k (6.25 in transformer-vae).",
            ge=-1000,
            le=1000,
            symbol="b",
        )

    def check(self, model: VAE, latent: Latent) -> None:
        """Codes must carry a gradient."""
        needs_gradient("mmd", model, latent)

    def schedule(self, step: int) -> float:
        """w(t)."""
        if self.config.schedule == "constant":
            return 1.0
        exponent = self.config.shift - self.config.slope * step
        return 1.0 / (1.0 + math.exp(min(exponent, 700.0)))

    def penalty(self, forward: Forward) -> dict[str, Tensor]:
        """The weighted discrepancy."""
        if not self.config.weight:
            return {}
        weight = self.config.weight * self.schedule(forward.step)
        return {"mmd": weight * discrepancy(forward, self.config)}

    def readings(self, step: int) -> dict[str, float]:
        """The weight, where it changes."""
        if self.config.schedule == "constant":
            return {}
        return {"mmd_weight": self.config.weight * self.schedule(step)}
