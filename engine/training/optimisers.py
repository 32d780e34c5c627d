"""Optimisers: one per network, chosen by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from torch import nn, optim

from engine.config import Config as BaseConfig
from engine.config import Registry, param


class SGD:
    """Stochastic gradient descent; rate 1 with clipping at 5 is He et al.'s recipe for text."""

    class Config(BaseConfig):
        """Stochastic gradient descent."""

        name: Literal["sgd"] = "sgd"
        learning_rate: float = param(
            1.0, "Step size (1.0 in He et al. 2019).", gt=0, le=100, symbol="η", basic=True
        )
        momentum: float = param(0.0, "Momentum (0 in He et al. 2019).", ge=0, lt=1)

    def __new__(cls, config: Config, parameters: Iterable[nn.Parameter]) -> optim.Optimizer:  # type: ignore[misc]
        return optim.SGD(parameters, lr=config.learning_rate, momentum=config.momentum, fused=True)


class Adam:
    """Adam, Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980."""

    class Config(BaseConfig):
        """Adam."""

        name: Literal["adam"] = "adam"
        learning_rate: float = param(
            0.001, "Step size (0.001 in Kingma and Ba 2015).", gt=0, le=1, symbol="η", basic=True
        )
        beta1: float = param(0.9, "Decay of the first moment.", ge=0, lt=1, symbol="β₁")
        beta2: float = param(0.999, "Decay of the second moment.", ge=0, lt=1, symbol="β₂")

    def __new__(cls, config: Config, parameters: Iterable[nn.Parameter]) -> optim.Optimizer:  # type: ignore[misc]
        betas = (config.beta1, config.beta2)
        return optim.Adam(parameters, lr=config.learning_rate, betas=betas, fused=True)


class AdamW:
    """Adam with decoupled weight decay, Loshchilov and Hutter, 2019, https://arxiv.org/abs/1711.05101."""

    class Config(BaseConfig):
        """Adam with decoupled weight decay."""

        name: Literal["adamw"] = "adamw"
        learning_rate: float = param(
            0.001, "Step size (0.001 in the paper).", gt=0, le=1, symbol="η", basic=True
        )
        beta1: float = param(0.9, "Decay of the first moment.", ge=0, lt=1, symbol="β₁")
        beta2: float = param(0.999, "Decay of the second moment.", ge=0, lt=1, symbol="β₂")
        weight_decay: float = param(
            0.01, "Decay of matrices; vectors and biases are spared.", ge=0, le=1
        )

    def __new__(cls, config: Config, parameters: Iterable[nn.Parameter]) -> optim.Optimizer:  # type: ignore[misc]
        parameters = list(parameters)
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        betas = (config.beta1, config.beta2)
        return optim.AdamW(groups, lr=config.learning_rate, betas=betas, fused=True)


OPTIMISERS = Registry("optimiser", SGD, Adam, AdamW)


def set_learning_rate(optimiser: optim.Optimizer, rate: float) -> None:
    """Gives every parameter group the step size ``rate``."""
    for group in optimiser.param_groups:
        group["lr"] = rate
