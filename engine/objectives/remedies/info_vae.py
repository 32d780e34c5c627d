"""InfoVAE: part of the KL, and the aggregate's distance from the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator
from torch import Tensor

from engine.config import param
from engine.objectives.remedies.base import Forward, Remedy
from engine.objectives.remedies.discrepancy import KernelConfig, discrepancy, needs_gradient

if TYPE_CHECKING:
    from engine.models.latents import Latent
    from engine.models.vae import VAE


class InfoVAE(Remedy):
    r"""Charges less for the KL of each sentence and more for the distance of all codes from the prior.

    .. math::
        (1 - \alpha)\, KL + (\alpha + \lambda - 1)\, \mathrm{MMD}^2(q(z), p(z))

    which rewards mutual information by alpha. It is the remedy ``mmd`` of weight
    :math:`\alpha + \lambda - 1` under :math:`\beta = 1 - \alpha`, in the paper's own letters:
    :math:`\alpha = 0, \lambda = 1` is the plain ELBO, :math:`\alpha = 1` is MMD-VAE.

    Where we differ: the paper's lambda of 1000 is for images whose loss is a mean; ours is that of
    Wasserstein autoencoders of text.

    References:
        InfoVAE: Balancing Learning and Inference in Variational Autoencoders, Zhao, Song and Ermon, 2019,
        https://arxiv.org/abs/1706.02262
    """

    class Config(KernelConfig):
        """Less KL per sentence, more distance of all codes from the prior."""

        name: Literal["info_vae"] = "info_vae"
        alpha: float = param(
            1.0,
            "Weight of mutual information; 1 drops the KL (MMD-VAE), 0 keeps all of it.",
            ge=-100,
            le=1,
            symbol="α",
            basic=True,
        )
        divergence_weight: float = param(
            10.0,
            "Weight of the distance of all codes from the prior, KL included (1000 in Zhao et al. 2019).",
            ge=0,
            le=1e6,
            symbol="λ",
            basic=True,
        )

        @model_validator(mode="after")
        def _weights_are_weights(self) -> Self:
            if self.alpha + self.divergence_weight < 1:
                raise ValueError(
                    f"alpha + divergence_weight must be at least 1, or codes are pushed away from the "
                    f"prior, and it is {self.alpha + self.divergence_weight:g}; raise one of them"
                )
            return self

    def check(self, model: VAE, latent: Latent) -> None:
        """Codes must carry a gradient."""
        needs_gradient("info_vae", model, latent)

    def kl_weight(self, step: int, total: int) -> float:
        """1 - alpha."""
        return 1.0 - self.config.alpha

    def penalty(self, forward: Forward) -> dict[str, Tensor]:
        """The weighted discrepancy."""
        weight = self.config.alpha + self.config.divergence_weight - 1
        return {"info_vae": weight * discrepancy(forward, self.config)} if weight else {}
