"""Two draws from one uniform number, as different as can be: ARM and DisARM."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor
from torch.distributions import Distribution

from engine.config import Config as BaseConfig
from engine.models.estimators.base import (
    NLL,
    Estimator,
    draws,
    logits_of,
    uniforms,
    with_gradient,
)

if TYPE_CHECKING:
    from engine.models.latents.base import Latent


class Antithetic(Estimator):
    """The difference between a pair of draws, shared out among the bits.

    The first of the pair is the latent's own draw b = 1[u > 1-p]; the other is b' = 1[u < p].
    """

    def __init__(self, config: Any, input_size: int, size: int) -> None:
        super().__init__()

    @abstractmethod
    def share(self, b: Tensor, other: Tensor, u: Tensor, logits: Tensor) -> Tensor:
        """What each bit gets of nll(b) - nll(b'), shape of b."""

    def forward(self, h: Tensor, latent: Latent, prior: Distribution, nll: NLL) -> Tensor:
        """The mean over both draws; see :class:`Estimator`."""
        logits, b = logits_of(latent), draws(latent)
        u = uniforms(b, logits)
        other = (u < torch.sigmoid(logits.detach())).to(b.dtype)
        first, second = nll(torch.cat([b, other])).chunk(2)
        difference = (first - second).detach().unsqueeze(-1)
        share = self.share(b, other, u, logits.detach())
        surrogate = (difference * share * logits).sum(-1)
        return with_gradient((first + second) / 2, surrogate).mean(0)


class ARM(Antithetic):
    r"""Augment, reinforce, merge: a pair of opposite draws, weighed by the uniform number that made it.

    .. math::
        g_i = \big(f(1[u > \sigma(-\theta)]) - f(1[u < \sigma(\theta)])\big)\,(u_i - \tfrac12)

    Unbiased; the decoder reads two codes per sample.

    References:
        ARM: Augment-REINFORCE-Merge Gradient for Stochastic Binary Networks, Yin and Zhou, 2019,
        https://arxiv.org/abs/1807.11143
    """

    class Config(BaseConfig):
        """A pair of opposite draws, weighed by their uniform numbers; unbiased."""

        name: Literal["arm"] = "arm"

    def share(self, b: Tensor, other: Tensor, u: Tensor, logits: Tensor) -> Tensor:
        """u - 1/2."""
        return u - 0.5


class DisARM(Antithetic):
    r"""ARM with the uniform number integrated out: less variance at the same price; a good default.

    .. math::
        g_i = \tfrac12 \big(f(b) - f(b')\big)\,(-1)^{b'_i}\,1[b_i \ne b'_i]\,\sigma(|\theta_i|)

    Unbiased; the decoder reads two codes per sample. Also known as U2G.

    References:
        DisARM: An Antithetic Gradient Estimator for Binary Latent Variables, Dong, Mnih and Tucker, 2020,
        https://arxiv.org/abs/2006.10680;
        Probabilistic Best Subset Selection via Gradient-Based Optimization (U2G), Yin, Ho, Yan, Qian
        and Zhou, 2020, https://arxiv.org/abs/2006.06448
    """

    class Config(BaseConfig):
        """A pair of opposite draws; unbiased, little variance."""

        name: Literal["disarm"] = "disarm"

    def share(self, b: Tensor, other: Tensor, u: Tensor, logits: Tensor) -> Tensor:
        """Half of sigmoid(|logit|) where the draws differ, with the sign of b - b'."""
        return 0.5 * (b - other) * torch.sigmoid(logits.abs())
