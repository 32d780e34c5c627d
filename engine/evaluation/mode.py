"""The state in which a model is looked at: dropout off, no gradients, random numbers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

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
    plain = _plain_arithmetic(device)
    with torch.random.fork_rng(devices=cuda), torch.inference_mode(), plain, _dropout_off(model):
        torch.manual_seed(seed)
        yield device


@contextmanager
def differentiable_mode(model: nn.Module) -> Iterator[torch.device]:
    """Look at how a model answers to its codes: as in ``evaluation_mode``, but gradients are recorded.

    Random numbers are left alone; nothing is to be drawn.
    """
    device = device_of(model)
    plain = _plain_arithmetic(device)
    with torch.inference_mode(False), torch.enable_grad(), plain, _dropout_off(model):
        yield device


def _plain_arithmetic(device: torch.device) -> AbstractContextManager[object]:
    """No autocast; a model of shapes alone (meta) computes nothing that could be cast."""
    return nullcontext() if device.type == "meta" else torch.autocast(device.type, enabled=False)


@contextmanager
def _dropout_off(model: nn.Module) -> Iterator[None]:
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in flags:
            module.training = training
