"""Number formats: what the processor supports, and what happens where it does not."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine import devices
from engine.config import ConfigError
from engine.devices import choose_precision, require_precision, supports_bfloat16
from engine.experiment import check, override
from engine.presets import preset
from tests.precision import BFLOAT16, needs_bfloat16

ROOT = Path(__file__).resolve().parent.parent
CPU = torch.device("cpu")
# What oneDNN and ATen report on a processor with AVX2 and without AVX512.
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
RECURRENT = """
import json, sys, torch
from engine.devices import autocast, choose_precision, supports_bfloat16
cpu = torch.device("cpu")
chosen = choose_precision("bfloat16", cpu)
with autocast(chosen, cpu):
    states, _ = torch.nn.LSTM(3, 4, batch_first=True)(torch.ones(2, 5, 3))
print(json.dumps([supports_bfloat16(cpu), chosen, list(states.shape)]))
"""


def on_avx2(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | AVX2,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture
def unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "supports_bfloat16", lambda device: False)


def test_an_lstm_runs_where_the_processor_lacks_bfloat16():
    result = on_avx2("-c", RECURRENT)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == [False, "float32", [2, 5, 4]]


@pytest.mark.slow
def test_everything_that_computes_in_bfloat16_passes_where_the_processor_lacks_it():
    """The tests that failed on such a processor, run on a simulated one."""
    tests = "models training/test_families.py training/test_loop.py evaluation/test_likelihood.py"
    tests += " evaluation/test_mode.py objectives test_devices.py"
    chosen = ["-k", "bfloat16 or half_precision or number_formats or low_precision"]
    chosen += ["-m", "not slow", "-q", "-p", "no:cacheprovider"]
    result = on_avx2("-m", "pytest", *chosen, *(f"tests/{test}" for test in tests.split()))
    assert result.returncode == 0, result.stdout[-3000:]
    assert " passed" in result.stdout


@needs_bfloat16
def test_an_lstm_runs_in_bfloat16_where_the_processor_supports_it():
    with devices.autocast("bfloat16", CPU):
        states, _ = torch.nn.LSTM(3, 4)(torch.ones(2, 5, 3))
    assert states.dtype == torch.bfloat16
    assert choose_precision("bfloat16", CPU) == "bfloat16"


def test_support_agrees_with_what_an_lstm_does():
    try:
        with torch.autocast("cpu", torch.bfloat16):
            torch.nn.LSTM(3, 4)(torch.ones(2, 5, 3))
    except RuntimeError:
        assert not supports_bfloat16(CPU)
    else:
        assert supports_bfloat16(CPU) == BFLOAT16


@pytest.mark.parametrize("setting", ["training.precision", "evaluation.iw_precision"])
def test_a_new_experiment_in_unsupported_bfloat16_is_refused(setting, unsupported):
    config = override(preset("quick"), [f"{setting}=bfloat16", "training.device=cpu"])
    with pytest.raises(ConfigError, match=r"bfloat16.*float32"):
        check(config, 100)
    require_precision("float32", CPU)
    require_precision("auto", CPU)


def test_auto_and_a_run_from_another_computer_fall_back_to_float32(unsupported, caplog):
    with caplog.at_level(logging.WARNING):
        assert choose_precision("auto", CPU) == "float32"
        assert not caplog.records
        assert choose_precision("bfloat16", CPU) == "float32"
    assert len(caplog.records) == 1 and caplog.records[0].name == "engine.devices"
