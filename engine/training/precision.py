"""Devices and number formats: what is there, and what is fast."""

from __future__ import annotations

import contextlib
import time
from typing import Literal

import torch

from engine.config import ConfigError

Precision = Literal["auto", "float32", "bfloat16"]

# bfloat16 costs accuracy and casts; it must be clearly faster in the products to be worth it.
WORTH_IT = 1.5


def choose_device(name: str) -> torch.device:
    """The device of that name; ``auto`` takes cuda, then mps, then cpu."""
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if available[kind])
    if not available.get(name.split(":")[0], False):
        there = ", ".join(kind for kind, yes in available.items() if yes)
        raise ConfigError(f"device {name!r} is not here; this machine has {there}. Use device=auto")
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> str:
    """``auto`` becomes float32 or bfloat16 after a short measurement on the device."""
    if name != "auto":
        return name
    if device.type == "mps":
        return "float32"
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    fast = product_seconds(torch.bfloat16, device)
    return "bfloat16" if product_seconds(torch.float32, device) > WORTH_IT * fast else "float32"


def product_seconds(dtype: torch.dtype, device: torch.device, size: int = 512) -> float:
    """Seconds of one size x size matrix product, the best of seven."""
    a = torch.ones(size, size, dtype=dtype, device=device)
    best = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return best


def autocast(precision: str, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """The context in which products run in ``precision``."""
    if precision == "bfloat16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()
