"""The density gap: small groups of posteriors are matched to the prior in place of each one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

from engine.config import Config as BaseConfig
from engine.config import ConfigError, param
from engine.objectives.remedies.base import Forward, Remedy

if TYPE_CHECKING:
    from engine.models.latents import Latent
    from engine.models.vae import VAE


class DensityGap(Remedy):
    r"""Matches the mixture of a few posteriors to the prior, so that each of them may stand apart.

    The batch is cut into groups b, and part w of the KL becomes

    .. math::
        DG = \sum_d KL\big(q_{b,d}(z_d) \,\|\, p(z_d)\big), \quad
        q_{b,d} = \frac{1}{|b|} \sum_{i \in b} q_d(z_d | x_i)

    by M draws per sentence, in logarithms; the loss has :math:`(1 - w) KL + w\, DG`, all of it times the
    KL weight. Groups of one are the KL itself. Mutual information under :math:`\ln |b|` costs nothing;
    large groups say ever less about a single sentence. Where q or p is no diagonal Gaussian, joint
    densities take the place of those of each unit, as the authors do for von Mises-Fisher.

    Where we differ: the authors exponentiate densities before they add them; rows that do not fill a
    group make a smaller one.

    References:
        Improving Variational Autoencoders with Density Gap-based Regularization, Zhang, Bao, Tang and Sun,
        2022, https://arxiv.org/abs/2211.00321
    """

    class Config(BaseConfig):
        """Small groups of posteriors are matched to the prior in place of each one."""

        name: Literal["density_gap"] = "density_gap"
        weight: float = param(
            0.5,
            "Part of the KL that the density gap takes the place of; 0 is the plain KL.",
            ge=0,
            le=1,
            symbol="w",
            basic=True,
        )
        group: int = param(
            4,
            "Sentences in a group; as many as the batch has keeps the most information.",
            ge=1,
            le=65_536,
            unit="sentences",
            symbol="|b|",
            basic=True,
        )
        samples: int = param(
            32, "Draws per sentence (32 in Zhang et al. 2022).", ge=1, le=10_000, symbol="M"
        )

    charges_last = True

    def check(self, model: VAE, latent: Latent) -> None:
        """The posterior must have a density and draws that carry a gradient."""
        if latent.posterior is None or not latent.posterior.has_rsample:
            raise ConfigError(
                f"density_gap needs a posterior with a density and reparameterised draws, and "
                f"{type(model.latent).__name__} has none; choose another latent family or leave it out"
            )

    def charge(self, kl: Tensor, step: int) -> Tensor:
        """What is left of the KL (B, Z)."""
        return kl if self.config.weight == 0 else (1 - self.config.weight) * kl

    def penalty(self, forward: Forward) -> dict[str, Tensor]:
        """The density gap, weighted."""
        weight = forward.kl_weight * self.config.weight
        if self.config.weight == 0:
            return {}
        assert forward.latent.posterior is not None
        prior = forward.model.latent.prior
        gap = density_gap(forward.latent.posterior, prior, self.config.group, self.config.samples)
        return {"density_gap": weight * gap}


def density_gap(posterior: Distribution, prior: Distribution, group: int, samples: int) -> Tensor:
    """KL of groups of posteriors (B,) to the prior, mean over the sentences, by ``samples`` draws each."""
    z = posterior.rsample(torch.Size([samples]))
    q, p = _units(posterior), _units(prior)
    if q is not None and p is not None:
        gap = (_log_mixture_of_units(q, z, group) - p.log_prob(z)).sum(-1)
    else:
        gap = _log_mixture(posterior, z, group) - prior.log_prob(z)
    return gap.mean()


def _units(distribution: Distribution) -> Normal | None:
    """The distribution of each unit, where they are normal and independent."""
    if isinstance(distribution, Independent) and isinstance(distribution.base_dist, Normal):
        return distribution.base_dist
    return None


def _log_mixture_of_units(q: Normal, z: Tensor, group: int) -> Tensor:
    """log q_b,d(z_d) of every draw, (M, B, Z), under the mixture of its own group."""
    batch, parts = z.shape[1], []
    full = batch - batch % group
    for begin, end, size in ((0, full, group), (full, batch, batch - full)):
        if begin < end:
            mean, scale = (
                value[begin:end].unflatten(0, (-1, size)).unsqueeze(1) for value in (q.loc, q.scale)
            )
            draws = z[:, begin:end].unflatten(1, (-1, size)).unsqueeze(3)
            each = Normal(mean, scale, validate_args=False).log_prob(draws)
            parts.append((each.logsumexp(3) - math.log(size)).flatten(1, 2))
    return torch.cat(parts, 1)


def _log_mixture(q: Distribution, z: Tensor, group: int) -> Tensor:
    """log q_b(z) of every draw, (M, B), under the mixture of its own group."""
    member = torch.arange(z.shape[1], device=z.device) // group
    own = member[:, None] == member
    each = q.log_prob(z.unsqueeze(-2)).masked_fill(~own, -math.inf)
    return each.logsumexp(-1) - own.sum(-1).log()
