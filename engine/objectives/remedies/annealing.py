"""KL annealing: the KL term enters the loss bit by bit."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import model_validator

from engine.config import Config as BaseConfig
from engine.config import param
from engine.objectives.remedies.base import Remedy

# A logistic curve never arrives; within a hundredth of its height a weight counts as arrived.
ARRIVED = 0.99


class Annealing(Remedy):
    """What the schedules that rise once have in common."""

    changes_kl = True

    def settled(self, step: int, total: int) -> bool:
        """Whether the weight has the value that it has at the last update."""
        return self.kl_weight(step, total) >= ARRIVED * self.kl_weight(total, total)

    def unfinished(self, total: int) -> str:
        """The last weight, where it is not near 1."""
        weight = self.kl_weight(total, total)
        return f"the KL weight only reaches {weight:.2g}" if weight < 0.95 else ""


class LinearAnnealing(Annealing):
    r"""Raises the KL weight in a straight line from a start value to 1.

    .. math::
        w(t) = \min\left(1,\; s + (1 - s)\,\frac{t}{T_w}\right)

    with t the update, counted from 1, and T_w the warm-up in updates.

    References:
        Generating Sentences from a Continuous Space, Bowman et al., 2016, https://arxiv.org/abs/1511.06349
    """

    class Config(BaseConfig):
        """KL weight rises linearly to 1."""

        name: Literal["annealing"] = "annealing"
        start: float = param(
            0.1,
            "KL weight before the first update (0.1 in He et al. 2019).",
            ge=0,
            le=1,
            symbol="s",
            basic=True,
        )
        epochs: float = param(
            10.0,
            "Epochs until the weight is 1 (10 in He et al. 2019).",
            gt=0,
            le=10_000,
            unit="epochs",
            basic=True,
        )
        steps: int | None = param(
            None, "Updates until the weight is 1, in place of epochs.", ge=1, le=10**9, unit="steps"
        )

    def kl_weight(self, step: int, total: int) -> float:
        """See the class."""
        warm_up = self.config.steps or self.config.epochs * self.horizon.steps_per_epoch
        return min(1.0, self.config.start + (1 - self.config.start) * step / warm_up)


class SigmoidAnnealing(Annealing):
    r"""Raises the KL weight along a logistic curve.

    .. math:: w(t) = \frac{1}{1 + e^{-k (t - t_0)}}

    References:
        Generating Sentences from a Continuous Space, Bowman et al., 2016, https://arxiv.org/abs/1511.06349
    """

    class Config(BaseConfig):
        """KL weight rises along a logistic curve."""

        name: Literal["sigmoid_annealing"] = "sigmoid_annealing"
        midpoint: int = param(
            2500,
            "Update at which the weight is one half.",
            ge=1,
            le=10**9,
            unit="steps",
            symbol="t₀",
            basic=True,
        )
        slope: float = param(
            0.0025, "Steepness of the curve.", gt=0, le=10, unit="1/step", symbol="k", basic=True
        )

    def kl_weight(self, step: int, total: int) -> float:
        """See the class."""
        exponent = -self.config.slope * (step - self.config.midpoint)
        return 1.0 / (1.0 + math.exp(min(exponent, 700.0)))


class CyclicalAnnealing(Remedy):
    r"""Raises the KL weight from 0 to 1 several times over.

    With T updates in M cycles, :math:`\tau = ((t - 1) \bmod \lceil T/M \rceil) / (T/M)`; the weight is 0
    for the share ``zero`` of a cycle, follows :math:`f` for the share ``ramp``, then stays at 1:
    :math:`f(u) = u` (linear), :math:`1 / (1 + e^{-(12u - 6)})` (sigmoid) or
    :math:`\tfrac12 - \tfrac12 \cos \pi u` (cosine).

    References:
        Cyclical Annealing Schedule: A Simple Approach to Mitigating KL Vanishing, Fu et al., 2019,
        https://arxiv.org/abs/1903.10145; the zero share after Optimus, Li et al., 2020.
    """

    class Config(BaseConfig):
        """KL weight rises from 0 to 1 several times over."""

        name: Literal["cyclical_annealing"] = "cyclical_annealing"
        cycles: int = param(
            4, "Number of cycles (4 in Fu et al. 2019).", ge=1, le=1000, symbol="M", basic=True
        )
        ramp: float = param(
            0.5,
            "Share of a cycle in which the weight rises (0.5 in Fu et al. 2019).",
            gt=0,
            le=1,
            symbol="R",
            basic=True,
        )
        zero: float = param(
            0.0, "Share of a cycle at weight 0 before the rise (0.5 in Optimus).", ge=0, lt=1
        )
        shape: Literal["linear", "sigmoid", "cosine"] = param("linear", "The curve of the rise.")

        @model_validator(mode="after")
        def _one_cycle(self) -> Self:
            if self.zero + self.ramp > 1:
                raise ValueError(
                    f"zero and ramp are shares of one cycle, and together they are {self.zero + self.ramp:g}: "
                    f"the weight would never reach 1; lower one of them"
                )
            return self

    changes_kl = True

    def settled(self, step: int, total: int) -> bool:
        """Whether the weight is at the height of its cycle: the low ones come back, this is what they lead to."""
        height = self.kl_weight(math.ceil(total / self.config.cycles), total)
        return self.kl_weight(step, total) >= ARRIVED * height

    def kl_weight(self, step: int, total: int) -> float:
        """See the class."""
        cycle = total / self.config.cycles
        tau = ((step - 1) % math.ceil(cycle)) / cycle
        if tau < self.config.zero:
            return 0.0
        u = (tau - self.config.zero) / self.config.ramp
        if u > 1:
            return 1.0
        if self.config.shape == "sigmoid":
            return 1.0 / (1.0 + math.exp(-(12 * u - 6)))
        if self.config.shape == "cosine":
            return 0.5 - 0.5 * math.cos(math.pi * u)
        return u
