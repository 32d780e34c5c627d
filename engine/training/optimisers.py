"""Optimisers: one per network, chosen by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import torch
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
        groups = _decaying(parameters, config.weight_decay)
        betas = (config.beta1, config.beta2)
        return optim.AdamW(groups, lr=config.learning_rate, betas=betas, fused=True)


class BertAdam:
    """AdamW without bias correction, as for BERT; Devlin et al., 2019, https://arxiv.org/abs/1810.04805."""

    class Config(BaseConfig):
        """AdamW as BERT was trained with."""

        name: Literal["bertadam"] = "bertadam"
        learning_rate: float = param(
            1e-5, "Step size (gen_lr, 1e-5 in TMNT).", gt=0, le=1, symbol="η", basic=True
        )
        beta1: float = param(0.9, "Decay of the first moment.", ge=0, lt=1, symbol="β₁")
        beta2: float = param(0.999, "Decay of the second moment.", ge=0, lt=1, symbol="β₂")
        epsilon: float = param(
            1e-6, "Added to the root of the second moment (1e-6 in TMNT).", gt=0, le=1, symbol="ε"
        )
        weight_decay: float = param(
            1e-5,
            "Decay of matrices (1e-5 in TMNT); vectors, so norms and biases, are spared.",
            ge=0,
            le=1,
        )

    def __new__(cls, config: Config, parameters: Iterable[nn.Parameter]) -> optim.Optimizer:  # type: ignore[misc]
        return Uncorrected(_decaying(parameters, config.weight_decay), config)


class Uncorrected(optim.Optimizer):
    r"""Adam with decoupled decay and without bias correction.

    .. math:: w \leftarrow w - \eta \left(\frac{m}{\sqrt{v} + \epsilon} + \lambda w\right)
    """

    def __init__(self, groups: list[dict[str, Any]], config: BertAdam.Config) -> None:
        super().__init__(groups, {"lr": config.learning_rate})
        self.config = config

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update of all weights that have a gradient."""
        config = self.config
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state |= {name: torch.zeros_like(weight) for name in ("mean", "square")}
                state["mean"].lerp_(weight.grad, 1 - config.beta1)
                state["square"].lerp_(weight.grad.square(), 1 - config.beta2)
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                scale = state["square"].sqrt().add_(config.epsilon)
                weight.addcdiv_(state["mean"], scale, value=-group["lr"])


class Adafactor:
    """Adam with factored moments; Shazeer and Stern, 2018, https://arxiv.org/abs/1804.04235."""

    class Config(BaseConfig):
        """Adam that keeps little memory."""

        name: Literal["adafactor"] = "adafactor"
        learning_rate: float = param(
            0.01,
            "Largest step relative to the size of a matrix's entries (0.01 in Shazeer and Stern 2018); it "
            "falls with the root of the updates by itself.",
            gt=0,
            le=1,
            symbol="η",
            basic=True,
        )
        decay: float = param(
            0.8,
            "Exponent of the second moment's decay, 1 - t^-this (0.8 in Shazeer and Stern 2018).",
            gt=0,
            le=1,
        )
        clip: float = param(
            1.0,
            "Root mean square above which an update is scaled down (1 in Shazeer and Stern 2018).",
            ge=1,
            le=100,
        )
        weight_decay: float = param(
            0.0, "Decay of matrices; vectors, so norms and biases, are spared.", ge=0, le=1
        )

    def __new__(cls, config: Config, parameters: Iterable[nn.Parameter]) -> optim.Optimizer:  # type: ignore[misc]
        return optim.Adafactor(
            _decaying(parameters, config.weight_decay),
            lr=config.learning_rate,
            beta2_decay=-config.decay,
            d=config.clip,
        )


def _decaying(parameters: Iterable[nn.Parameter], decay: float) -> list[dict[str, Any]]:
    """Groups for decoupled decay: matrices decay, vectors (norms, biases) do not."""
    parameters = list(parameters)
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


OPTIMISERS = Registry("optimiser", SGD, Adam, AdamW, BertAdam, Adafactor)


def set_learning_rate(optimiser: optim.Optimizer, rate: float) -> None:
    """Gives every parameter group the step size ``rate``."""
    for group in optimiser.param_groups:
        group["lr"] = rate
