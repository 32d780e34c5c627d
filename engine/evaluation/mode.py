"""The state in which a model is looked at: dropout off, no gradients, random numbers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

Progress = Callable[[int, "int | None", str], None]


def device_of(model: nn.Module) -> torch.device:
    """The device that holds the model's parameters; the CPU where there are none."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


@contextmanager
def evaluation_mode(model: nn.Module, seed: int) -> Iterator[torch.device]:
    """Look at a model without leaving a trace, and yield its device.

    Dropout is off, no gradient is recorded, arithmetic is float32 whatever the training uses. The
    random numbers start from ``seed``, and the streams of training go on afterwards as if nothing
    had been drawn: a run gives the same weights however often it is evaluated.
    """
    device = device_of(model)
    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    plain = torch.autocast(device.type, enabled=False)
    with torch.random.fork_rng(devices=cuda), torch.inference_mode(), plain, _dropout_off(model):
        torch.manual_seed(seed)
        yield device


@contextmanager
def differentiable_mode(model: nn.Module) -> Iterator[torch.device]:
    """Look at how a model answers to its codes: as in ``evaluation_mode``, but gradients are recorded.

    Random numbers are left alone; nothing is to be drawn.
    """
    device = device_of(model)
    plain = torch.autocast(device.type, enabled=False)
    with torch.inference_mode(False), torch.enable_grad(), plain, _dropout_off(model):
        yield device


@contextmanager
def _dropout_off(model: nn.Module) -> Iterator[None]:
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in flags:
            module.training = training
