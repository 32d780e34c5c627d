"""bfloat16 in tests, on every processor."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from engine.devices import supports_bfloat16

BFLOAT16 = supports_bfloat16(torch.device("cpu"))
needs_bfloat16 = pytest.mark.skipif(not BFLOAT16, reason="this processor does not support bfloat16")


@contextmanager
def bfloat16_autocast(enabled: bool = True) -> Iterator[None]:
    """Autocast to bfloat16 on the CPU; oneDNN is turned off where its LSTM has no bfloat16 primitive."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="TF32 acceleration"
        )  # setting any flag sets this one
        with (
            torch.backends.mkldnn.flags(enabled=BFLOAT16),
            torch.autocast("cpu", torch.bfloat16, enabled=enabled),
        ):
            yield
