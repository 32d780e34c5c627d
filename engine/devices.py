"""Devices, and the number formats that a device computes in hardware.

The capabilities of the processor or GPU are decided here, for the engine and for the tests.
"""

from __future__ import annotations

import contextlib
import logging
import time
from typing import Literal

import torch

from engine.config import ConfigError

Precision = Literal["auto", "float32", "bfloat16"]

# bfloat16 is less accurate and needs casts, so matrix products must be clearly faster to choose it.
MIN_SPEEDUP = 1.5

logger = logging.getLogger(__name__)


def choose_device(name: str) -> torch.device:
    """Return the device called ``name``; ``auto`` prefers cuda, then mps, then cpu.

    Raises:
        ConfigError: this machine has no such device.
    """
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if available[kind])
    if not available.get(name.split(":")[0], False):
        present = ", ".join(kind for kind, yes in available.items() if yes)
        raise ConfigError(
            f"device {name!r} is not available; this machine has {present}. Use device=auto"
        )
    return torch.device(name)


def supports_bfloat16(device: torch.device) -> bool:
    """Return True if every operation of a model runs in bfloat16 on ``device``.

    On a CPU the recurrent networks need oneDNN primitives that exist only with AVX512 or AMX; without
    them an LSTM under autocast raises an error, and matrix products are emulated.
    """
    if device.type == "cpu":
        return torch.backends.mkldnn.is_available() and bool(
            torch.ops.mkldnn._is_mkldnn_bf16_supported()
        )
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type == "mps":
        return torch.backends.mps.is_macos_or_newer(14, 0)
    return True  # the meta device computes nothing


def require_precision(name: str, device: torch.device) -> None:
    """Raise a ConfigError if ``name`` is bfloat16 and ``device`` does not support it."""
    if name == "bfloat16" and not supports_bfloat16(device):
        raise ConfigError(
            f"precision 'bfloat16' is not supported by this {_hardware(device)}; "
            "use precision=auto or precision=float32"
        )


def choose_precision(name: str, device: torch.device) -> str:
    """Return ``float32`` or ``bfloat16`` for the requested precision ``name``.

    ``auto`` becomes bfloat16 where it is supported and, on a CPU, measurably faster. ``bfloat16`` without
    support (a run that was started on another computer) becomes float32, with a warning in the log.
    """
    if name == "float32":
        return name
    if not supports_bfloat16(device):
        if name == "bfloat16":
            logger.warning(
                "precision bfloat16 is not supported by this %s; using float32", _hardware(device)
            )
        return "float32"
    if name == "bfloat16" or device.type == "cuda":
        return "bfloat16"
    if device.type == "mps":
        return "float32"
    fast = product_seconds(torch.bfloat16, device)
    return "bfloat16" if product_seconds(torch.float32, device) > MIN_SPEEDUP * fast else "float32"


def product_seconds(dtype: torch.dtype, device: torch.device, size: int = 512) -> float:
    """Measure one size x size matrix product in seconds, the best of seven."""
    a = torch.ones(size, size, dtype=dtype, device=device)
    best = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return best


def autocast(precision: str, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Return the context in which matrix products run in ``precision``."""
    if precision == "bfloat16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()


def _hardware(device: torch.device) -> str:
    return "processor" if device.type == "cpu" else f"device ({device})"
