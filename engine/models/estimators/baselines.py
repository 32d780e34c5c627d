"""Baselines of the score function estimator: what a draw is compared with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from engine.config import Config as BaseConfig
from engine.config import Registry, param
from engine.models.estimators.base import NLL

_DECAY_HELP = "Share of the past that the running mean and deviation keep at each update."
_NORMALISE_HELP = (
    "Divide by the running deviation of nll where it is above 1. Calmer, but it shrinks the gradient of "
    "the reconstruction beside that of the KL, which invites collapse."
)


class Baseline(nn.Module, ABC):
    """What a draw is compared with.

    Attributes:
        fewest: draws per sentence that it needs.
    """

    fewest = 1

    @abstractmethod
    def advantage(self, h: Tensor, logits: Tensor, values: Tensor, nll: NLL) -> Tensor:
        """nll of each draw less what was to be expected, (S, B).

        Args:
            h: encoder summary, (B, H). logits: of the bits, (B, Z).
            values: nll of the draws, (S, B), without gradient. nll: for asking about other codes.
        """

    def loss(self, h: Tensor, values: Tensor) -> Tensor:
        """What trains the baseline's own weights, (S, B); asked after ``advantage``."""
        return torch.zeros_like(values)


class RunningMoments(nn.Module):
    """Running mean and standard deviation of a number; plain averages until there is enough past."""

    count: Tensor
    mean: Tensor
    variance: Tensor

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay
        for name in ("count", "mean", "variance"):
            self.register_buffer(name, torch.zeros(()))

    @torch.no_grad()
    def update(self, values: Tensor) -> None:
        """Take in a batch of values, any shape."""
        batch = values.float().mean()
        self.count += 1
        rate = (1 / self.count).clamp(min=1 - self.decay)
        step = batch - self.mean
        spread = (values.float() - batch).square().mean() - self.variance
        self.variance += rate * (spread + (1 - rate) * step.square())
        self.mean += rate * step

    def centred(self, values: Tensor) -> Tensor:
        """Values less the mean; 0 while there is no mean, since one huge step spoils Adam for long."""
        return (values - self.mean) * (self.count > 0)

    def deviation(self) -> Tensor:
        """The standard deviation, not below 1."""
        return self.variance.sqrt().clamp(min=1)


class NoBaseline(Baseline):
    """A draw is compared with nothing: unbiased, and far too noisy for text.

    References:
        Williams, 1992, https://doi.org/10.1007/BF00992696
    """

    class Config(BaseConfig):
        """No baseline: very noisy, for comparison."""

        name: Literal["none"] = "none"

    def __init__(self, config: Config, input_size: int) -> None:
        super().__init__()

    def advantage(self, h: Tensor, logits: Tensor, values: Tensor, nll: NLL) -> Tensor:
        """nll itself."""
        return values


class MovingAverage(Baseline):
    r"""A draw is compared with the running mean of all draws before it.

    .. math:: c \leftarrow 0.99\,c + 0.01\,\bar f

    The first updates average plainly, so that c does not start out near 0; the very first one, which has
    nothing to compare with, leaves the bits alone.

    References:
        Neural Variational Inference and Learning in Belief Networks, Mnih and Gregor, 2014,
        https://arxiv.org/abs/1402.0030
    """

    class Config(BaseConfig):
        """The running mean of nll."""

        name: Literal["moving_average"] = "moving_average"
        decay: float = param(0.99, _DECAY_HELP, ge=0, lt=1)
        normalise: bool = param(False, _NORMALISE_HELP)

    def __init__(self, config: Config, input_size: int) -> None:
        super().__init__()
        self.moments = RunningMoments(config.decay)
        self.normalise = config.normalise

    def advantage(self, h: Tensor, logits: Tensor, values: Tensor, nll: NLL) -> Tensor:
        """nll less its running mean, which then takes these draws in."""
        scale = self.moments.deviation() if self.normalise else 1.0
        result = self.moments.centred(values) / scale
        if self.training:
            self.moments.update(values)
        return result


class SelfCritic(Baseline):
    """A draw is compared with the most probable code of the same sentence; one more decode.

    References:
        Self-Critical Sequence Training for Image Captioning, Rennie et al., 2017,
        https://arxiv.org/abs/1612.00563
    """

    class Config(BaseConfig):
        """The nll of the most probable code; one more decode."""

        name: Literal["self_critic"] = "self_critic"

    def __init__(self, config: Config, input_size: int) -> None:
        super().__init__()

    @torch.no_grad()
    def advantage(self, h: Tensor, logits: Tensor, values: Tensor, nll: NLL) -> Tensor:
        """nll less that of the most probable bits."""
        return values - nll((logits > 0).to(logits.dtype).unsqueeze(0))


class LeaveOneOut(Baseline):
    r"""Each draw is compared with the mean of the other draws for the same sentence (RLOO).

    .. math:: g = \frac1K \sum_k \Big(f_k - \frac{1}{K-1}\sum_{j \ne k} f_j\Big) \nabla \log q(b_k)

    References:
        Buy 4 REINFORCE Samples, Get a Baseline for Free!, Kool, van Hoof and Welling, 2019,
        https://openreview.net/forum?id=r1lgTGL5DE
    """

    class Config(BaseConfig):
        """The mean of the other draws; needs at least two."""

        name: Literal["leave_one_out"] = "leave_one_out"
        samples: int = param(
            2,
            "Draws per sentence; where the objective draws more, all of those are used.",
            ge=2,
            le=100,
            symbol="K",
        )

    def __init__(self, config: Config, input_size: int) -> None:
        super().__init__()
        self.fewest = config.samples

    def advantage(self, h: Tensor, logits: Tensor, values: Tensor, nll: NLL) -> Tensor:
        """nll less the mean of the others, which is K/(K-1) times nll less the mean of all."""
        return (values - values.mean(0)) * (len(values) / (len(values) - 1))


class InputDependent(Baseline):
    r"""A draw is compared with what a small network expects of this sentence (NVIL).

    .. math:: g = \big(f(b) - c - \hat\sigma\, C_\psi(h)\big) \nabla \log q(b)

    C is trained on the squared error of (f - c)/sigma, with running mean c and deviation sigma; its
    gradient ends at h. The error is divided by the network's width: SGD at rate 1 then stays stable,
    and the clipped norm of all gradients is hardly touched.

    References:
        Neural Variational Inference and Learning in Belief Networks, Mnih and Gregor, 2014,
        https://arxiv.org/abs/1402.0030
    """

    class Config(BaseConfig):
        """What a small network expects of this sentence."""

        name: Literal["input_dependent"] = "input_dependent"
        hidden: int = param(64, "Width of the network's one hidden layer.", ge=1, le=4096)
        decay: float = param(0.99, _DECAY_HELP, ge=0, lt=1)
        normalise: bool = param(False, _NORMALISE_HELP)

    def __init__(self, config: Config, input_size: int) -> None:
        super().__init__()
        self.hidden, self.normalise = config.hidden, config.normalise
        self.moments = RunningMoments(config.decay)
        self.network = nn.Sequential(
            nn.Linear(input_size, config.hidden), nn.Tanh(), nn.Linear(config.hidden, 1)
        )

    def _expected(self, h: Tensor) -> Tensor:
        return self.network(h.detach()).squeeze(-1).float()

    def advantage(self, h: Tensor, logits: Tensor, values: Tensor, nll: NLL) -> Tensor:
        """nll less its running mean and what the network adds to that."""
        scale = self.moments.deviation()
        result = self.moments.centred(values - scale * self._expected(h).detach())
        return result / scale if self.normalise else result

    def loss(self, h: Tensor, values: Tensor) -> Tensor:
        """Squared error of the network, with the moments that know these draws."""
        if self.training:
            self.moments.update(values)
        target = (values - self.moments.mean) / self.moments.deviation()
        return 0.5 * (self._expected(h) - target).square() / self.hidden


BASELINES = Registry("baseline", MovingAverage, NoBaseline, SelfCritic, LeaveOneOut, InputDependent)
