"""The bound of several samples, with its own baseline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor
from torch.distributions import Distribution

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.estimators.base import (
    NLL,
    Estimator,
    draws,
    log_prob,
    logits_of,
    with_gradient,
)

if TYPE_CHECKING:
    from engine.models.latents.base import Latent


class VIMCO(Estimator):
    r"""Trains the tighter bound of K samples; each draw is compared with what the others would have made.

    .. math::
        L_K = \log \frac1K \sum_k e^{f_k}, \quad f_k = \log \frac{p(x|b_k)\,p(b_k)}{q(b_k|x)}, \quad
        g = \sum_k (L_K - L_{-k}) \nabla \log q(b_k) + \sum_k \tilde w_k \nabla f_k

    with :math:`\tilde w` the softmax of f and :math:`L_{-k}` the bound with :math:`f_k` replaced by the
    mean of the others. What is returned is :math:`-L_K - KL`: the objective adds the KL, and at weight 1
    the loss is exactly :math:`-L_K`, so "reconstruction" is then the bound less the KL and "elbo" the
    bound. At other KL weights, or with free bits, it would be no bound, and is refused.

    References:
        Variational Inference for Monte Carlo Objectives, Mnih and Rezende, 2016,
        https://arxiv.org/abs/1602.06725
    """

    class Config(BaseConfig):
        """The K-sample bound; made for KL weight 1."""

        name: Literal["vimco"] = "vimco"
        samples: int = param(
            5,
            "Draws per sentence (2 to 50 in the paper); where the objective draws more, all are used.",
            ge=2,
            le=100,
            symbol="K",
        )

    whole_bound = True

    def __init__(self, config: Config, input_size: int, size: int) -> None:
        super().__init__()
        self.samples = config.samples

    def forward(self, h: Tensor, latent: Latent, prior: Distribution, nll: NLL) -> Tensor:
        """-L_K - KL of each row; see the class."""
        logits, z = logits_of(latent), draws(latent, self.samples)
        log_q = log_prob(z, logits)
        f = prior.log_prob(z) - log_q - nll(z)
        bound = torch.logsumexp(f, 0) - math.log(len(f))
        advantage = (bound - _without_each(f)).detach()
        surrogate = (advantage * log_q).sum(0)
        return -with_gradient(bound, surrogate) - latent.kl.sum(-1)


def _without_each(f: Tensor) -> Tensor:
    """The bound with each f_k in turn replaced by the mean of the others, (K, B)."""
    count = len(f)
    others = (f.sum(0) - f) / (count - 1)
    own = torch.eye(count, dtype=torch.bool, device=f.device).unsqueeze(-1)
    return torch.logsumexp(torch.where(own, others, f), 1) - math.log(count)
