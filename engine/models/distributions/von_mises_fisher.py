"""The von Mises-Fisher distribution, for every size from 2 and one concentration for all rows."""

from __future__ import annotations

import math
from functools import cache, lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.models.distributions.sphere import AboutAxis

Floats = NDArray[np.float64]

# The quantile table: scores within ±8 leave out 1e-15. With these numbers a draw's score is off by less
# than 1e-5 from 8 dimensions on, and 1e-4 on the circle: too little to be seen in a billion draws.
_REACH, _PER_SCORE = 8, 256
_CELLS, _NATS = 2**14, 45


class VonMisesFisher(AboutAxis):
    r"""The Gaussian of the sphere: density proportional to :math:`e^{\kappa \mu \cdot z}`.

    .. math::
        \ln \frac{q(z)}{p(z)} = \kappa\,\mu \cdot z - L_Z(\kappa), \qquad
        KL(q \| p) = \kappa A_Z(\kappa) - L_Z(\kappa)

    against the uniform p, with :math:`A_Z = I_{Z/2} / I_{Z/2-1} = L_Z'` the mean cosine; L is
    :func:`log_mean_exp_cosine`.

    References:
        Spherical Latent Spaces for Stable Variational Autoencoders, Xu and Durrett, 2018,
        https://arxiv.org/abs/1808.10805

    Args:
        mean_direction: unit vectors, (*batch, Z).
        concentration: κ, above 0.
    """

    def __init__(self, mean_direction: Tensor, concentration: float) -> None:
        super().__init__(mean_direction)
        self.concentration = concentration

    @property
    def divergence(self) -> Tensor:
        """KL divergence from the uniform distribution, nats, (*batch): the same for every axis."""
        value = divergence_from_uniform(self.size, self.concentration)
        return self.mean_direction.new_full(self.batch_shape, value)

    @property
    def cosine_moments(self) -> tuple[Tensor, Tensor]:
        """Mean and variance of the cosine, (*batch, 1)."""
        shape = (*self.batch_shape, 1)
        mean = mean_cosine(self.size, self.concentration)
        variance = 1 - mean**2 - (self.size - 1) * mean / self.concentration
        return (
            self.mean_direction.new_full(shape, mean),
            self.mean_direction.new_full(shape, variance),
        )

    def _log_ratio(self, value: Tensor) -> Tensor:
        # By the squared distance 2 - 2 cos: near the axis, where draws are, the cosine has no digits.
        distance = (self.mean_direction - value).square().sum(-1)
        peak = self.concentration - log_mean_exp_cosine(self.size, self.concentration)
        return peak - 0.5 * self.concentration * distance

    def _cosine_and_sine(self, score: Tensor) -> tuple[Tensor, Tensor]:
        table = _quantiles_on(self.size, self.concentration, score.dtype, score.device)
        place = ((score + _REACH) * _PER_SCORE).clamp(0, 2 * _REACH * _PER_SCORE - 1)
        below = place.long()
        low, high = table[below], table[below + 1]
        x = torch.lerp(low, high, place - below)
        return -torch.tanh(x), 1 / torch.cosh(x)


@lru_cache(maxsize=256)
def log_mean_exp_cosine(size: int, concentration: float) -> float:
    r"""The logarithm of the mean of :math:`e^{\kappa \cos\theta}` over the sphere.

    .. math::
        L_Z(\kappa) = \ln \sum_{k \ge 0} \frac{(\kappa^2/4)^k}{k!\,(Z/2)_k}
        = \ln I_{Z/2-1}(\kappa) - (\tfrac Z2 - 1) \ln\tfrac\kappa2 + \ln\Gamma(\tfrac Z2)

    The power series of the Bessel function, whose terms are all positive: summed by logarithms it
    loses nothing and neither overflows nor vanishes, for any size and concentration.
    """
    # Terms rise until k < κ/2 and fall within some √κ of it.
    k = np.arange(1, int(concentration / 2 + 12 * math.sqrt(concentration)) + 50)
    growth = 2 * math.log(concentration / 2) - np.log(k) - np.log(size / 2 + k - 1)
    terms = np.concatenate([[0.0], np.cumsum(growth)])
    top = terms.max()
    return float(top + math.log(np.exp(terms - top).sum()))


def mean_cosine(size: int, concentration: float) -> float:
    r""":math:`A_Z(\kappa) = I_{Z/2}(\kappa) / I_{Z/2-1}(\kappa)`, between 0 and 1."""
    ratio = log_mean_exp_cosine(size + 2, concentration) - log_mean_exp_cosine(size, concentration)
    return concentration / size * math.exp(ratio)


def divergence_from_uniform(size: int, concentration: float) -> float:
    r""":math:`\kappa A_Z(\kappa) - L_Z(\kappa)`, nats."""
    mean = mean_cosine(size, concentration)
    return max(0.0, concentration * mean - log_mean_exp_cosine(size, concentration))


@lru_cache(maxsize=8)
def _quantiles_on(
    size: int, concentration: float, dtype: torch.dtype, device: torch.device
) -> Tensor:
    # Made once and used everywhere, so it must not carry the mark of the first caller's mode.
    with torch.inference_mode(False):
        return torch.from_numpy(quantiles(size, concentration)).to(device, dtype)


def quantiles(size: int, concentration: float) -> Floats:
    r"""The angle as a function of a standard normal score, at scores from -8 to 8 by 1/256.

    Given as :math:`x = \ln\tan(\theta/2)`, so :math:`\cos\theta = -\tanh x`: this stretches both poles
    to infinity, and the log density, :math:`-\kappa \tanh x - (Z-1) \ln\cosh x`, is smooth and falls
    everywhere. A score below 0 is matched by probability from the near pole, one above by probability
    from the far pole, so both tails keep their digits.
    """
    x, log_density = _grid(size, concentration)
    density = np.exp(log_density - log_density.max())
    edges = np.append(x, 2 * x[-1] - x[-2]) - 0.5 * (x[1] - x[0])
    near, far = np.cumsum(density), np.cumsum(density[::-1])
    tail = _log_tail()
    left = _inverse(near / near[-1], edges[1:], tail)
    right = _inverse(far / far[-1], edges[-2::-1], tail)
    return np.concatenate([left, right[-2::-1]])


def _grid(size: int, concentration: float) -> tuple[Floats, Floats]:
    """Evenly spaced x that hold all but 1e-17 of the probability, and the log density there."""
    across = size - 1
    peak = 2 * concentration / (across + math.hypot(across, 2 * concentration))  # its cosine
    # The curvature at the peak; far from it the density falls by size - 1 nats per unit at least.
    width = 1 / math.sqrt((1 - peak**2) * (2 * concentration * peak + across))
    reach = _NATS / across + 12 * width
    x = -math.atanh(peak) + np.linspace(-reach, reach, _CELLS // 16)
    log_density = _log_density(x, size, concentration)
    (matters,) = np.nonzero(log_density > log_density.max() - _NATS)
    first, last = max(matters[0] - 1, 0), min(matters[-1] + 1, len(x) - 1)
    x = np.linspace(x[first], x[last], _CELLS)
    return x, _log_density(x, size, concentration)


def _log_density(x: Floats, size: int, concentration: float) -> Floats:
    log_cosh = np.abs(x) + np.log1p(np.exp(-2 * np.abs(x))) - math.log(2)
    return -concentration * np.tanh(x) - (size - 1) * log_cosh


def _inverse(cumulative: Floats, edges: Floats, log_tail: Floats) -> Floats:
    """Where a cumulative probability reaches exp(log_tail); the empty beginning is left out."""
    used = cumulative > 1e-300
    return np.interp(log_tail, np.log(cumulative[used]), edges[used])


@cache
def _log_tail() -> Floats:
    """Logarithm of the normal probability below each score of the table's lower half."""
    scores = np.arange(-_REACH * _PER_SCORE, 1) / _PER_SCORE
    return np.array([math.log(0.5 * math.erfc(-score / math.sqrt(2))) for score in scores])
