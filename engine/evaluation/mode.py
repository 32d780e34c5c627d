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
    flags = [(module, module.training) for module in model.modules()]
    device = device_of(model)
    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    plain = torch.autocast(device.type, enabled=False)
    with torch.random.fork_rng(devices=cuda), torch.inference_mode(), plain:
        torch.manual_seed(seed)
        model.eval()
        try:
            yield device
        finally:
            for module, training in flags:
                module.training = training
