from __future__ import annotations

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from engine.config import DataError
from engine.explore.projections import pca
from engine.hosting import ModelHost
from engine.maps import codes
from engine.maps.codes import Request
from engine.maps.steps import by_step, find, steps
from engine.runs import store


def test_checkpoints_come_in_the_order_of_their_steps_each_step_once(run: store.Run) -> None:
    found = by_step(run)
    numbers = [step for _, step in found]
    assert numbers == sorted(set(numbers)) and len(found) >= 4
    assert [name for name, _ in found][:2] == ["step-00000006", "step-00000012"]
    assert run.step_of("last") == numbers[-1]
    (run.checkpoint("step-00000006") / "training.json").unlink()
    assert by_step(run) == found, "a name tells the step where nothing else does"
    (run.checkpoint("last") / "training.json").unlink()
    assert run.step_of("last") is None


def test_the_same_rows_move_over_checkpoints_in_one_frame(
    request_: Request, host: ModelHost
) -> None:
    said: list[tuple[int, int | None, str]] = []
    found = steps(request_, host, lambda *told: said.append(told))
    count = len(by_step(request_.run))
    assert found.coordinates.shape == (count, 96, 2)
    assert [done for done, _, _ in said] == sorted(done for done, _, _ in said)
    assert said[-1][:2] == (1000 * count, 1000 * count) and "at step-00000006" in said[0][2]
    last = codes.Request(request_.run, found.checkpoints[-1], "train", reconstruction=False)
    encoded = codes.find(last)
    assert encoded is not None
    assert found.coordinates[-1] == pytest.approx(pca(encoded.codes).coordinates, abs=1e-5)
    moved = np.linalg.norm(found.coordinates[-1] - found.coordinates[0], axis=1)
    assert moved.mean() > 0


def test_each_checkpoint_is_encoded_once(
    request_: Request, host: ModelHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = steps(request_, host)

    def never(*_: object) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr(codes, "encode", never)
    again = steps(request_, host)
    assert (first.coordinates == again.coordinates).all()
    some = steps(request_, host, checkpoints=["step-00000006", "step-00000018"])
    assert some.steps.tolist() == [6, 18]


def test_a_run_without_kept_checkpoints_says_how_to_keep_some(
    request_: Request, host: ModelHost
) -> None:
    for name in os.listdir(request_.run.path / "checkpoints"):
        if name != "last":
            shutil.rmtree(request_.run.path / "checkpoints" / name)
    with pytest.raises(DataError, match="'tiny' has last; train with training.keep_every"):
        steps(request_, host)


def test_steps_are_found_once_every_checkpoint_is_encoded(
    request_: Request, host: ModelHost
) -> None:
    assert find(request_) is None
    made = steps(request_, host)
    found = find(request_)
    assert found is not None and found.checkpoints == made.checkpoints
    assert (found.coordinates == made.coordinates).all()
    some = replace(request_, n=40)
    assert find(some) is None
    with pytest.raises(DataError, match="at least two checkpoints"):
        find(request_, ["last"])
