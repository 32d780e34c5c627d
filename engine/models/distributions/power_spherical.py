"""The power spherical distribution, whose every formula is closed."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Dirichlet

from engine.models.distributions.sphere import AboutAxis, log_area


class PowerSpherical(AboutAxis):
    r"""A bell on the sphere with density proportional to :math:`(1 + \mu \cdot z)^\kappa`.

    With :math:`\alpha = \frac{Z-1}{2} + \kappa` and :math:`\beta = \frac{Z-1}{2}`, half of one plus the
    cosine is Beta distributed, :math:`\frac{1 + \cos\theta}{2} \sim \mathrm{Beta}(\alpha, \beta)`, and

    .. math::
        \ln C = -(\alpha+\beta) \ln 2 - \beta \ln\pi - \ln\Gamma(\alpha) + \ln\Gamma(\alpha+\beta),
        \quad
        KL(q \| p) = \ln C + \kappa (\ln 2 + \psi(\alpha) - \psi(\alpha+\beta)) + \ln|S^{Z-1}|

    against the uniform p.

    References:
        The Power Spherical Distribution, De Cao and Aziz, 2020, https://arxiv.org/abs/2006.04437

    Args:
        mean_direction: unit vectors, (*batch, Z).
        concentration: κ, (*batch), above 0. It is not on the scale of von Mises-Fisher's κ.
    """

    def __init__(self, mean_direction: Tensor, concentration: Tensor) -> None:
        super().__init__(mean_direction)
        self.concentration = concentration

    def _shapes(self) -> tuple[Tensor, Tensor]:
        """α and β, (*batch); double where the device has it: their log gammas nearly cancel."""
        mps = self.concentration.device.type == "mps"
        concentration = self.concentration.to(torch.float32 if mps else torch.float64)
        beta = torch.full_like(concentration, (self.size - 1) / 2)
        return concentration + beta, beta

    def _log_normaliser(self) -> Tensor:
        """ln C + ln|S|, (*batch)."""
        alpha, beta = self._shapes()
        gammas = torch.lgamma(alpha + beta) - torch.lgamma(alpha)
        constants = beta * math.log(math.pi) + (alpha + beta) * math.log(2)
        return gammas - constants + log_area(self.size)

    @property
    def divergence(self) -> Tensor:
        """KL divergence from the uniform distribution, nats, (*batch)."""
        alpha, beta = self._shapes()
        log_one_plus_cosine = math.log(2) + torch.digamma(alpha) - torch.digamma(alpha + beta)
        found = self._log_normaliser() + (alpha - beta) * log_one_plus_cosine
        return found.clamp(min=0).to(self.mean_direction.dtype)

    @property
    def cosine_moments(self) -> tuple[Tensor, Tensor]:
        """Mean and variance of the cosine, (*batch, 1)."""
        alpha, beta = self._shapes()
        total = alpha + beta
        mean = (alpha - beta) / total
        variance = 4 * alpha * beta / (total.square() * (total + 1))
        dtype = self.mean_direction.dtype
        return mean.unsqueeze(-1).to(dtype), variance.unsqueeze(-1).to(dtype)

    def _log_ratio(self, value: Tensor) -> Tensor:
        # 1 + cos as half a squared length: never below 0, and exact near the far pole.
        one_plus_cosine = 0.5 * (self.mean_direction + value).square().sum(-1)
        logarithm = one_plus_cosine.clamp(min=1e-30).log()
        return self._log_normaliser().to(value.dtype) + self.concentration * logarithm

    def _cosine_and_sine(self, score: Tensor) -> tuple[Tensor, Tensor]:
        # Both shares of the Beta, so that neither the cosine nor the sine is left with rounding only.
        shapes = torch.stack([pair.to(score.dtype) for pair in self._shapes()], dim=-1)
        shapes = shapes.expand(*score.shape[:-1], 2)
        # A model of shapes alone (meta) cannot draw a Beta, and needs the shape and the gradient only.
        shares = shapes if shapes.is_meta else Dirichlet(shapes, validate_args=False).rsample()
        near, far = shares[..., :1], shares[..., 1:]
        return near - far, 2 * (near * far).sqrt()
