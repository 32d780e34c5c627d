"""What an estimator promises, and what several of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.distributions import Distribution
from torch.nn import functional as F

if TYPE_CHECKING:  # a family imports estimators, so none of these may import a family
    from engine.models.latents.base import Latent

NLL = Callable[[Tensor], Tensor]

# A uniform draw of exactly 0 or 1 has an infinite logit.
_EDGE = 1e-7


class Estimator(nn.Module, ABC):
    """An estimate of E_q nll(z) and of its gradient, for bits z through which no gradient flows.

    Built with its config, H (the width of h) and Z (the number of bits).

    Attributes:
        whole_bound: whether it trains a bound that holds the KL, at weight 1.
    """

    whole_bound: bool = False

    @abstractmethod
    def forward(self, h: Tensor, latent: Latent, prior: Distribution, nll: NLL) -> Tensor:
        """E_q nll(z) of each row, (B,); its gradient is that of the logits and of nll's own weights.

        Args:
            h: encoder summary, (B, H).
            latent: draws z (B, Z) or (S, B, Z) and their posterior, an ``Independent(Bernoulli)``.
            prior: p(z).
            nll: (S, B) for z (S, B, Z), nats per sentence; it may be without gradient.
        """

    def advance(self, step: int) -> None:
        """Told which update comes next, counted from 1."""


def logits_of(latent: Latent) -> Tensor:
    """The log odds of each bit under the posterior, (B, Z)."""
    posterior: Any = latent.posterior
    return posterior.base_dist.logits


def draw(logits: Tensor, samples: int | None = None) -> Tensor:
    """Bits (B, Z), or (S, B, Z), that are 1 with probability sigmoid(logits)."""
    p = torch.sigmoid(logits.detach())
    shape = p.shape if samples is None else (samples, *p.shape)
    # torch.bernoulli stops the process where p is no number; here a diverged loss says so itself.
    return (torch.rand(shape, device=p.device, dtype=p.dtype) < p).to(p.dtype)


def draws(latent: Latent, fewest: int = 1) -> Tensor:
    """The draws of ``latent`` as (S, B, Z), topped up to ``fewest`` where there are not as many."""
    z = latent.z if latent.z.dim() == 3 else latent.z.unsqueeze(0)
    missing = fewest - len(z)
    return z if missing <= 0 else torch.cat([z, draw(logits_of(latent), missing)])


def uniforms(z: Tensor, logits: Tensor) -> Tensor:
    """Uniform u with z = 1[u > sigmoid(-logits)]: drawn given z, so that z is the draw that u makes."""
    below = torch.sigmoid(-logits.detach())
    v = torch.rand_like(z)
    return torch.where(z > 0, below + v * (1 - below), v * below).clamp(_EDGE, 1 - _EDGE)


def log_prob(z: Tensor, logits: Tensor) -> Tensor:
    """log of the probability of bits z (..., Z) with these log odds, (...)."""
    return (z * logits - F.softplus(logits)).sum(-1)


def with_gradient(value: Tensor, surrogate: Tensor) -> Tensor:
    """``value`` and its gradient, to which that of ``surrogate`` is added."""
    return value + (surrogate - surrogate.detach())
