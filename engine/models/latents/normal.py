"""Normal distributions as the Gaussian families need them, and what may be done to their parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal

# A unit of the mean whose variance over a batch is below this is not stretched to full scale. With
# weights of 0.01 it begins near 1e-9; what is constant but for rounding stays far below.
_LEAST_VARIANCE = 1e-12
# Running statistics average over all batches so far, and over about so many in the long run.
_BATCHES = 100


def diagonal(mean: Tensor, scale: Tensor) -> Independent:
    """N(mean, diag(scale²)), event shape (Z,)."""
    return Independent(Normal(mean, scale, validate_args=False), 1, validate_args=False)


def standard(zero: Tensor) -> Independent:
    """N(0, I) with the shape and on the device of ``zero`` (Z,)."""
    return diagonal(zero, torch.ones_like(zero))


def deviations_of(posterior: Distribution | None) -> Tensor | None:
    """The standard deviations (B, Z) of what `diagonal` has made; None of any other distribution."""
    if isinstance(posterior, Independent) and isinstance(posterior.base_dist, Normal):
        return posterior.base_dist.scale
    return None


class BatchNormalisedMean(nn.Module):
    r"""The posterior mean, normalised over the batch and stretched to a fixed scale.

    .. math:: \mu' = \gamma \frac{\mu - m_B}{s_B} + b

    b is learned and begins at 0. In evaluation, and for a batch of one sentence, running statistics
    stand in for those of the batch. The mean KL of a batch in training is then at least
    :math:`\tfrac d2 \gamma^2`, whatever the encoder does.

    Where we differ from the paper: the running statistics average evenly over the first hundred batches
    and change by a hundredth from then on (batches of one length have means of their own), and next to
    nothing is added to the variance, so that the bound holds from the first updates on.

    References:
        A Batch Normalized Inference Network Keeps the KL Vanishing Away, Zhu, Bi, Liu, Ma, Li and Wu,
        2020, https://arxiv.org/abs/2004.12585
    """

    running_mean: Tensor
    running_variance: Tensor
    batches: Tensor

    def __init__(self, size: int, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma
        self.offset = nn.Parameter(torch.zeros(size))
        self.register_buffer("running_mean", torch.zeros(size))
        self.register_buffer("running_variance", torch.ones(size))
        self.register_buffer("batches", torch.zeros(()))

    def begin_at_zero(self) -> None:
        """The offset at 0, whatever initialises all weights."""
        nn.init.zeros_(self.offset)

    def forward(self, mean: Tensor, learn: bool = True) -> Tensor:
        """The normalised mean (B, Z), float32.

        Args:
            mean: as the encoder gives it, (B, Z), float32.
            learn: whether a batch in training enters the running statistics.
        """
        if self.training and len(mean) > 1:
            centre, variance = mean.mean(0), mean.var(0, unbiased=False)
            if learn:
                self._remember(centre.detach(), variance.detach() * len(mean) / (len(mean) - 1))
        else:
            centre, variance = self.running_mean, self.running_variance
        stretched = (mean - centre) * (variance + _LEAST_VARIANCE).rsqrt()
        return self.gamma * stretched + self.offset

    @torch.no_grad()
    def _remember(self, centre: Tensor, variance: Tensor) -> None:
        self.batches += 1
        share = (1 / self.batches).clamp(min=1 / _BATCHES)
        self.running_mean += share * (centre - self.running_mean)
        self.running_variance += share * (variance - self.running_variance)


class VarianceDropout(nn.Module):
    r"""Keeps the posterior variance above a floor, and in training drops it to the floor at random.

    .. math:: \sigma^2 = f + g\,v, \quad f = \frac{1}{2\pi e}, \quad g (1-p) \sim \mathrm{Bernoulli}(1-p)

    The floor is the variance at which a unit's entropy is 0. Where we differ from the authors' code: v is
    positive as it comes from the encoder, not a variance less the floor, which may be negative; and
    dropout does not wait until the KL weight is 1.

    References:
        Regularizing Variational Autoencoder with Diversity and Uncertainty Awareness, Shen, Qin, Wang,
        Zhu, Chen and Xiong, 2021, https://arxiv.org/abs/2110.12381
    """

    floor = 1 / (2 * math.pi * math.e)

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(rate)

    def forward(self, logvar: Tensor) -> Tensor:
        """The log of the posterior variance (B, Z), from ln v (B, Z)."""
        return (self.floor + self.dropout(logvar.exp())).log()


@cache
def committed_range(delta: float) -> tuple[float, float]:
    r"""The least and largest standard deviation at which a unit of mean 0 costs ``delta`` nats.

    The two roots of :math:`\ln s^2 - s^2 + 2\delta + 1 = 0`.
    """

    def missing(variance: float) -> float:
        return 2 * delta + 1 + math.log(variance) - variance

    # Below e^-(2 delta + 1) the left side is negative, at 1 positive, and negative again far above.
    low = _root(missing, math.exp(-2 * delta - 1), 1.0)
    high = _root(missing, 4 * delta + 4, 1.0)
    return math.sqrt(low), math.sqrt(high)


def _root(function: Callable[[float], float], negative: float, positive: float) -> float:
    """Where ``function`` passes 0, by halving; as exact as the numbers are."""
    for _ in range(200):
        middle = (negative + positive) / 2
        if function(middle) < 0:
            negative = middle
        else:
            positive = middle
    return (negative + positive) / 2


def commit(mean: Tensor, spread: Tensor, delta: float) -> tuple[Tensor, Tensor]:
    r"""A mean and a log variance whose KL to N(0, 1) is at least ``delta`` nats in every unit.

    .. math::
        \sigma = \sigma_l + (\sigma_u - \sigma_l)\,\mathrm{sigmoid}(\text{spread}), \quad
        \mu = \sqrt{2\delta + 1 + \ln\sigma^2 - \sigma^2 + \max(0, \text{mean}) + 10^{-6}}

    The mean is positive, and one that is the same for all sentences satisfies the bound as well: KL is
    then paid for nothing, which is what this parameterisation is here to show.

    References:
        Preventing Posterior Collapse with delta-VAEs, Razavi, van den Oord, Poole and Vinyals, 2019,
        https://arxiv.org/abs/1901.03416

    Args:
        mean, spread: as the encoder gives them, (B, Z).
        delta: nats.
    """
    low, high = committed_range(delta)
    scale = low + (high - low) * spread.sigmoid()
    logvar = 2 * scale.log()
    owed = (2 * delta + 1 + logvar - scale.square()).clamp(min=0)
    return (owed + mean.relu() + 1e-6).sqrt(), logvar
