"""Schedules: how learning rates move over a run, chosen by name."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, Literal, Self

from pydantic import model_validator

from engine.config import Config as BaseConfig
from engine.config import Registry, param


class Schedule(ABC):
    """The rate at each update, as a share of the whole run."""

    class Config(BaseConfig):
        """How rates move over a run."""

        name: str = "schedule"
        warmup: float = param(
            0.1,
            "Share of all updates over which the rate first rises from 0 (0.1 in TMNT).",
            ge=0,
            lt=1,
        )

    def __init__(self, config: Any) -> None:
        self.config = config

    def rate(self, base: float, step: int, total: int) -> float:
        """The step size at update ``step``, counted from 1 to ``total``, of an optimiser set to ``base``."""
        warm = self.config.warmup * total
        if step < warm:
            return base * step / warm
        return self.after(base, step / total)

    @abstractmethod
    def after(self, base: float, share: float) -> float:
        """The step size once ``share`` of the updates is done, after warm-up."""


class Constant(Schedule):
    """The rates as they are set, perhaps after a warm-up.

    References:
        Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, Goyal et al., 2017,
        https://arxiv.org/abs/1706.02677 (warm-up)
    """

    class Config(Schedule.Config):
        """Rates stay as they are set."""

        name: Literal["constant"] = "constant"
        warmup: float = param(
            0.0, "Share of all updates over which the rate first rises from 0.", ge=0, lt=1
        )

    def after(self, base: float, share: float) -> float:
        """The rate as it is set."""
        return base


class Cosine(Schedule):
    r"""Up in a line, then down half a cosine to the least rate, and no further.

    .. math:: \eta_t = \eta_{min} + \tfrac12 (\eta - \eta_{min})(1 + \cos(\pi \min(1, p))), \quad
        p = \frac{t / T - w}{o\,(e - w)}

    with w the share of warm-up, e the share at which the least rate is reached, and o the offset factor.
    That is what TMNT documents; what its code does is ``linear``.

    References:
        SGDR: Stochastic Gradient Descent with Warm Restarts, Loshchilov and Hutter, 2017,
        https://arxiv.org/abs/1608.03983; TMNT, MITRE, 2019, https://github.com/mitre/tmnt
    """

    class Config(Schedule.Config):
        """Warm-up, then half a cosine down."""

        name: Literal["cosine"] = "cosine"
        least: float = param(
            1e-7,
            "Rate that is reached in the end (min_lr, 1e-7 in TMNT).",
            ge=0,
            le=1,
            symbol="η_min",
        )
        end: float = param(
            0.8, "Share of all updates at which it is reached (0.8 in TMNT).", gt=0, le=1
        )
        offset_factor: float = param(
            1.0,
            "Shifts the phase: with 2 it comes down half as fast (1 in TMNT).",
            gt=0,
            le=100,
            symbol="o",
        )

        @model_validator(mode="after")
        def _up_before_down(self) -> Self:
            if self.warmup >= self.end:
                raise ValueError(
                    f"the rate must rise before it falls, got a warmup of {self.warmup} and an end of "
                    f"{self.end}: lower warmup or raise end"
                )
            return self

    def after(self, base: float, share: float) -> float:
        """Down half a cosine."""
        config, least = self.config, min(self.config.least, base)
        phase = (share - config.warmup) / (config.offset_factor * (config.end - config.warmup))
        return least + 0.5 * (base - least) * (1 + math.cos(math.pi * min(1.0, phase)))


class Linear(Schedule):
    r"""Up in a line, then down in a line.

    .. math:: \eta_t = \max\left(\eta - \eta\,\frac{t / T - w}{o\,(1 - w)},\ \eta_{min}\right)

    References:
        TMNT, MITRE, 2019, https://github.com/mitre/tmnt (what its code does); BERT, Devlin et al., 2019,
        https://arxiv.org/abs/1810.04805
    """

    class Config(Schedule.Config):
        """Warm-up, then a line down."""

        name: Literal["linear"] = "linear"
        least: float = param(
            1e-7, "Rate below which it does not fall (min_lr, 1e-7 in TMNT).", ge=0, le=1
        )
        offset_factor: float = param(
            1.0, "With 2 it comes down half as fast (1 in TMNT).", gt=0, le=100, symbol="o"
        )

    def after(self, base: float, share: float) -> float:
        """Down in a line."""
        config = self.config
        gone = (share - config.warmup) / (config.offset_factor * (1 - config.warmup))
        return max(base * (1 - gone), min(config.least, base))


SCHEDULES = Registry("schedule", Constant, Cosine, Linear)
