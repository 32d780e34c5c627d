"""The posterior mean space of a checkpoint is found once and kept until the checkpoint is another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.config import DataError
from engine.hosting import ModelHost
from engine.maps import mean_space
from engine.maps.mean_space import Request
from engine.runs import store


def test_it_is_found_once_and_kept(run: store.Run, host: ModelHost) -> None:
    request = Request(run, "last", n=12, samples=20)
    assert mean_space.find(request) is None
    found = mean_space.obtain(request, host)
    assert found.means.model.shape == (12, 4) and found.step == run.step_of("last")
    again = mean_space.find(request)
    assert again is not None
    np.testing.assert_array_equal(again.means.model, found.means.model)
    assert mean_space.find(replace(request, samples=21)) is None


def test_what_was_found_of_an_older_version_is_removed(run: store.Run, host: ModelHost) -> None:
    request = Request(run, "last", n=4, samples=4)
    mean_space.obtain(request, host)
    older = request.file.parent
    weights = run.checkpoint("last") / "model.safetensors"
    weights.write_bytes(weights.read_bytes())  # written anew
    assert mean_space.find(request) is None
    mean_space.obtain(request, host)
    assert not older.exists() and request.file.exists()


def test_a_split_that_is_not_there_is_refused(run: store.Run, host: ModelHost) -> None:
    with pytest.raises(DataError, match="unknown split"):
        mean_space.obtain(Request(run, "last", split="dev"), host)
