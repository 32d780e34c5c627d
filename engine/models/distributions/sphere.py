r"""The unit sphere: its uniform distribution, and what all distributions about an axis share.

Such a distribution of :math:`z \in S^{Z-1}` depends on z through the angle to its axis only,

.. math:: z = \cos\theta\,\mu + \sin\theta\,v, \qquad v \perp \mu \text{ uniform},

so that a subclass brings the law of :math:`\theta` and everything else is here. Densities are with
respect to the surface of the sphere.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints, register_kl
from torch.nn import functional as F


def log_area(size: int) -> float:
    r"""The logarithm of the surface of the unit sphere in ``size`` dimensions.

    .. math:: \ln|S^{Z-1}| = \ln 2 + \tfrac{Z}{2} \ln\pi - \ln\Gamma(\tfrac{Z}{2})
    """
    return math.log(2) + size / 2 * math.log(math.pi) - math.lgamma(size / 2)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Inner products over the last dimension, which stays with length 1."""
    return (a * b).sum(-1, keepdim=True)


def turn_by(code: Tensor, z: Tensor, spread: float) -> Tensor:
    """Points as far along the arc from ``code`` through ``z`` as z is, times ``spread``.

    Args:
        code: unit vectors, (B, Z).
        z: unit vectors, (..., B, Z).
        spread: factor of the angle; beyond the opposite point it stops there.
    """
    cosine = dot(code, z)
    aside = z - cosine * code
    sine = aside.norm(dim=-1, keepdim=True)
    angle = (spread * torch.atan2(sine, cosine)).clamp(max=math.pi)
    return F.normalize(angle.cos() * code + angle.sin() * F.normalize(aside, dim=-1), dim=-1)


def mean_direction(codes: Tensor) -> Tensor:
    """The direction (Z,) of the mean of unit vectors (N, Z); the first of them where they cancel."""
    mean = codes.mean(0)
    return F.normalize(mean, dim=-1) if mean.norm() > 1e-6 else codes[0]


class _Sphere(constraints.Constraint):
    """Vectors of length 1."""

    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return (value.norm(dim=-1) - 1).abs() < 1e-4


SPHERE = _Sphere()


class SphericalUniform(Distribution):
    """Every direction is as likely as any other.

    Args:
        size: Z.
        device: where draws are made.
        batch_shape: of independent copies.
    """

    arg_constraints: dict[str, constraints.Constraint] = {}
    support = SPHERE

    def __init__(
        self, size: int, device: torch.device | str = "cpu", batch_shape: Any = ()
    ) -> None:
        super().__init__(torch.Size(batch_shape), torch.Size([size]), validate_args=False)
        self.size, self.device = size, device

    def expand(self, batch_shape: Any, _instance: Any = None) -> SphericalUniform:
        """Copies of it."""
        return SphericalUniform(self.size, self.device, batch_shape)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Codes (*sample_shape, *batch, Z)."""
        shape = self._extended_shape(torch.Size(sample_shape))
        return F.normalize(torch.randn(shape, device=self.device), dim=-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Minus the logarithm of the sphere's surface, nats."""
        return torch.full_like(value[..., 0], -log_area(self.size))

    def entropy(self) -> Tensor:
        """The logarithm of the sphere's surface, (*batch), nats."""
        return torch.full(self.batch_shape, log_area(self.size), device=self.device)

    @property
    def mean(self) -> Tensor:
        """The centre of the sphere, (*batch, Z)."""
        return torch.zeros(self._extended_shape(), device=self.device)

    @property
    def variance(self) -> Tensor:
        """1/Z in each unit, (*batch, Z)."""
        return torch.full(self._extended_shape(), 1 / self.size, device=self.device)


class AboutAxis(Distribution):
    r"""A distribution on the sphere that is symmetric about an axis.

    The gradient of a draw with respect to the axis is that of turning the sphere, which carries the
    distribution along exactly and v in parallel: :math:`dz = \cos\theta\,d\mu - \sin\theta\,(v \cdot
    d\mu)\,\mu`.

    Args:
        mean_direction: :math:`\mu`, unit vectors, (*batch, Z) with Z of at least 2.
    """

    arg_constraints: dict[str, constraints.Constraint] = {}
    support = SPHERE
    has_rsample = True

    def __init__(self, mean_direction: Tensor) -> None:
        shape = mean_direction.shape
        super().__init__(shape[:-1], shape[-1:], validate_args=False)
        self.mean_direction = mean_direction

    @property
    def size(self) -> int:
        """Z."""
        return self.event_shape[0]

    @property
    @abstractmethod
    def divergence(self) -> Tensor:
        """KL divergence from the uniform distribution, nats, (*batch)."""

    @property
    @abstractmethod
    def cosine_moments(self) -> tuple[Tensor, Tensor]:
        """Mean and variance of the cosine of the angle, (*batch, 1)."""

    @abstractmethod
    def _log_ratio(self, value: Tensor) -> Tensor:
        """Logarithm of the density over that of the uniform distribution, nats."""

    @abstractmethod
    def _cosine_and_sine(self, score: Tensor) -> tuple[Tensor, Tensor]:
        """Of a random angle for each element of ``score``, standard normal draws (..., 1)."""

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Codes (*sample_shape, *batch, Z) with a gradient to the parameters."""
        axis = self.mean_direction
        shape = self._extended_shape(torch.Size(sample_shape))
        with torch.no_grad():
            noise = torch.randn(shape, dtype=axis.dtype, device=axis.device)
            # The part along the axis is a standard normal of its own; the rest points evenly around.
            score = dot(noise, axis)
            around = F.normalize(noise.addcmul_(score, axis, value=-1), dim=-1)
        cosine, sine = self._cosine_and_sine(score)
        around = torch.addcmul(around, dot(around, axis), axis.detach(), value=-1)
        return torch.addcmul(cosine * axis, sine, around)

    def log_prob(self, value: Tensor) -> Tensor:
        """Logarithm of the density at unit vectors (..., Z) that broadcast with the batch, nats."""
        return self._log_ratio(value) - log_area(self.size)

    def entropy(self) -> Tensor:
        """The logarithm of the sphere's surface less the divergence from uniform, (*batch), nats."""
        return log_area(self.size) - self.divergence

    @property
    def mode(self) -> Tensor:
        """The axis, (*batch, Z)."""
        return self.mean_direction

    @property
    def mean(self) -> Tensor:
        """The axis, shortened to the mean cosine, (*batch, Z)."""
        return self.cosine_moments[0] * self.mean_direction

    @property
    def variance(self) -> Tensor:
        """Of each unit, (*batch, Z)."""
        mean, along = self.cosine_moments
        across = (1 - mean.square() - along) / (self.size - 1)
        return across + (along - across) * self.mean_direction.square()


@register_kl(AboutAxis, SphericalUniform)
def _kl_about_axis_uniform(p: AboutAxis, q: SphericalUniform) -> Tensor:
    return p.divergence
