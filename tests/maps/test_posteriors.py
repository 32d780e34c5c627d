"""The posterior report of a checkpoint: made once, found again, made anew when anything about it changed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.config import DataError, RunNotFound
from engine.experiment import load_config
from engine.hosting import ModelHost
from engine.maps import posterior_tables, posteriors
from engine.maps.posteriors import Kept, Request
from engine.metrics import METRICS
from engine.models.latents import LATENTS
from engine.runs import store
from tests.maps.conftest import leftovers

SMALL = {"n": 60, "swaps": 20, "draws": 100, "shown": 4}


@pytest.fixture
def asked(run: store.Run) -> Request:
    """Most training rows at the last checkpoint."""
    return Request(run, "last", "train", **SMALL)  # type: ignore[arg-type]


def run_of(family: str, like: store.Run) -> store.Run:
    """The same run with another latent family, as it is before its first step."""
    import torch
    from safetensors.torch import save_file

    from engine.data.tokenizers import Tokenizer
    from engine.models.vae import build_model

    values = like.config()
    values["model"]["latent"] = {"name": family, "size": 4}
    config = load_config(values)
    (like.path / "config.json").write_text(config.model_dump_json(), encoding="utf-8")
    torch.manual_seed(0)
    model = build_model(config.model, Tokenizer.load(like.path / "tokenizer.json").vocab_size)
    save_file(model.state_dict(), like.path / "checkpoints" / "last" / "model.safetensors")
    return like


def same(one: Any, other: Any) -> bool:
    """Equal in all parts, arrays and tensors included."""
    if hasattr(one, "__dataclass_fields__"):
        names = one.__dataclass_fields__
        return all(same(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, np.ndarray) or hasattr(one, "numpy"):
        return np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)
    return bool(one == other)


@pytest.mark.parametrize("family", LATENTS)
def test_a_report_of_every_family_is_found_as_it_was_made(
    family: str, run: store.Run, host: ModelHost
) -> None:
    asked = Request(run_of(family, run), "last", "train", **SMALL)  # type: ignore[arg-type]
    assert posteriors.find(asked) is None
    made = posteriors.make(asked, host)
    found = posteriors.find(asked)
    assert found is not None and same(made, found)
    assert len(found) == 60 and found.of > 90 and found.family == family
    assert (found.extremes is None) == (found.holes is None)
    assert leftovers(run) == []
    takes_away(asked, found)


def takes_away(asked: Request, kept: Kept) -> None:
    """Its tables have a row each, and its JSON is JSON."""

    def never(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    told = json.loads(posterior_tables.to_json(asked, kept), parse_constant=never)
    assert told["rows"] == 60 and told["metrics"] == kept.scalars
    assert len(told["dimensions"]) == posterior_tables.count(kept)
    assert {row[0] for row in posterior_tables.numbers(kept).rows} <= set(METRICS)
    draws = posterior_tables.prior_draws(kept).rows
    assert len(draws) == (8 if kept.extremes else 0)
    ratios = [float(row[0]) for row in draws]  # type: ignore[arg-type]
    assert ratios == sorted(ratios)


def test_a_report_is_made_once(asked: Request, host: ModelHost) -> None:
    posteriors.obtain(asked, host)
    stamp = asked.file.stat().st_mtime_ns
    posteriors.obtain(asked, host)
    assert asked.file.stat().st_mtime_ns == stamp


def test_progress_is_one_count_of_sentences_and_never_goes_back(
    asked: Request, host: ModelHost
) -> None:
    told: list[tuple[int, int | None, str]] = []
    posteriors.make(asked, host, lambda *what: told.append(what))
    counted = [(done, total) for done, total, what in told if not what.startswith("tokenis")]
    assert {total for _, total in counted} == {60 + 2 * 20}
    assert [done for done, _ in counted] == sorted(done for done, _ in counted)
    assert counted[-1][0] == 100
    assert {"encoding", "swapping codes", "looking for holes"} <= {what for *_, what in told}


def test_whoever_raises_in_progress_ends_the_work_and_nothing_is_kept(
    asked: Request, host: ModelHost
) -> None:
    def stop(done: int, total: int | None, what: str) -> None:
        if what == "swapping codes":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        posteriors.make(asked, host, stop)
    assert posteriors.find(asked) is None and leftovers(asked.run) == []
    assert posteriors.make(asked, host)


def test_another_version_of_the_checkpoint_needs_another_report(
    asked: Request, host: ModelHost
) -> None:
    posteriors.make(asked, host)
    old = asked.file
    os.utime(asked.run.checkpoint("last") / "model.safetensors", ns=(1, 1))
    assert posteriors.find(asked) is None
    posteriors.make(asked, host)
    assert posteriors.find(asked) is not None and not old.exists()


def test_a_damaged_file_is_made_anew(asked: Request, host: ModelHost) -> None:
    posteriors.make(asked, host)
    asked.file.write_bytes(asked.file.read_bytes()[:500])
    assert posteriors.find(asked) is None and not asked.file.exists()
    posteriors.make(asked, host)
    with np.load(asked.file) as saved:
        arrays = dict(saved) | {"facts": np.array("{}")}
    np.savez(asked.file, **arrays)
    assert posteriors.find(asked) is None and not asked.file.exists()


def test_other_settings_are_another_report(asked: Request) -> None:
    changes = ({"n": 50}, {"split": "valid"}, {"swaps": 5}, {"draws": 7}, {"seed": 1})
    files = {replace(asked, **change).file for change in changes}  # type: ignore[arg-type]
    assert len(files | {asked.file}) == 6


def test_what_cannot_be_looked_at_is_said(asked: Request, host: ModelHost) -> None:
    with pytest.raises(DataError, match="split"):
        posteriors.make(replace(asked, split="dev"), host)
    with pytest.raises(RunNotFound, match="no checkpoint 'step-9'"):
        posteriors.make(replace(asked, checkpoint="step-9"), host)
    with pytest.raises(DataError, match="at least two"):
        posteriors.make(replace(asked, n=1), host)
