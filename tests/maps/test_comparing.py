from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.config import DataError
from engine.explore.comparison import align
from engine.explore.projections import pca
from engine.hosting import ModelHost
from engine.maps.codes import Request
from engine.maps.comparing import compare, find
from engine.runs import files, store


def test_a_checkpoint_compared_with_itself_has_not_changed(
    request_: Request, host: ModelHost
) -> None:
    found = compare(request_, request_, host)
    assert found.change.mean == 0 and found.left.texts == found.right.texts
    aligned = align(pca(found.left.codes).coordinates, pca(found.right.codes).coordinates)
    assert aligned.disparity == pytest.approx(0, abs=1e-9)
    assert aligned.degrees == pytest.approx(0, abs=1e-6)


def test_two_checkpoints_are_compared_over_the_rows_that_both_have(
    request_: Request, host: ModelHost
) -> None:
    early = replace(request_, checkpoint="step-00000006", n=60, seed=1)
    found = compare(early, replace(request_, n=70), host, k=5)
    shared = found.left.indices
    assert (shared == found.right.indices).all() and 30 < len(shared) <= 60
    assert found.left.texts == found.right.texts and found.left.labels == found.right.labels
    assert len(found.change.of_row) == len(shared) and 0 < found.change.mean <= 1
    assert found.left.deviations is not None
    assert found.left.deviations.shape == found.left.codes.shape
    assert not np.allclose(found.left.codes, found.right.codes)


def test_runs_on_other_data_or_another_split_are_not_compared(
    request_: Request, host: ModelHost
) -> None:
    with pytest.raises(DataError, match=r"got animals \(train\) and animals \(valid\)"):
        compare(request_, replace(request_, split="valid"), host)
    config = request_.run.config()
    config["data"]["name"] = "plants"
    other = store.create(config, "other")
    assert files.read_json(other.path / "config.json")["data"]["name"] == "plants"
    with pytest.raises(DataError, match=r"animals \(train\) and plants \(train\); choose a run on"):
        compare(request_, replace(request_, run=other), host)


def test_a_comparison_is_kept_and_found_again(request_: Request, host: ModelHost) -> None:
    early = replace(request_, checkpoint="step-00000006")
    assert find(early, request_) is None
    made = compare(early, request_, host)
    found = find(early, request_)
    assert found is not None and found.change.mean == made.change.mean
    assert (found.change.of_row == made.change.of_row).all()
    assert (found.change.k, found.change.n, found.change.of) == (10, 96, 96)
    assert found.right.texts == made.right.texts
    assert find(request_, early) is None, "the other way round is another question"
    for path in request_.run.cache.glob("change-*"):
        path.write_bytes(path.read_bytes()[:40])
    assert find(early, request_) is None, "a damaged file is no answer"
    with pytest.raises(DataError, match="choose a run on the same data"):
        find(request_, replace(request_, split="valid"))
