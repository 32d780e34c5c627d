"""Tables of evaluations in a run's folder."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from engine.runs import evaluations, store


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> store.Run:
    monkeypatch.setenv("ZSCAPE_HOME", str(tmp_path))
    return store.create({"data": {"name": "toy"}}, "toy")


def test_a_table_is_kept_in_place_of_the_one_before(run: store.Run) -> None:
    assert evaluations.kept(run) == []
    evaluations.keep(run, "test", "best", {"metrics": {"kl": 1.0}, "made": 1.0})
    evaluations.keep(run, "valid", "last", {"metrics": {"kl": 2.0}, "made": 2.0})
    path = evaluations.keep(run, "test", "best", {"metrics": {"kl": 3.0}, "made": 3.0})
    assert path == run.path / "evaluation-test-best.json"
    (run.path / "evaluation-0123456789ab.json").write_text('{"metrics": {"kl": 4.0}}')  # a study's
    assert [table["metrics"]["kl"] for table in evaluations.kept(run)] == [3.0, 2.0]


def table(step: int, limit: int | None = None, **metrics: float) -> dict[str, object]:
    settings = {"amounts": {"limit": limit}, "evaluation": {"seed": 42}, "real": {}}
    return {"step": step, "metrics": metrics, "notes": [], **settings}


def test_a_table_of_fewer_rows_stands_beside_that_of_all(run: store.Run) -> None:
    evaluations.keep(run, "test", "best", table(5, kl=1.0))
    path = evaluations.keep(run, "test", "best", table(5, 20, kl=2.0), limit=20)
    assert path.name == "evaluation-test-best-20.json"
    assert sorted(kept["metrics"]["kl"] for kept in evaluations.kept(run)) == [1.0, 2.0]


def test_what_only_the_table_before_has_stays_if_it_is_of_the_same_step(run: store.Run) -> None:
    evaluations.keep(run, "test", "best", table(5, kl=1.0, valid=0.5))
    evaluations.keep(run, "test", "best", table(5, kl=2.0))
    (kept,) = evaluations.kept(run)
    assert kept["metrics"] == {"valid": 0.5, "kl": 2.0}
    assert kept["notes"] == ["measured earlier at the same step: valid"]
    evaluations.keep(run, "test", "best", table(6, kl=3.0))
    (kept,) = evaluations.kept(run)
    assert kept["metrics"] == {"kl": 3.0} and kept["notes"] == []


def test_a_damaged_table_is_replaced(run: store.Run) -> None:
    path = evaluations.keep(run, "test", "best", table(5, kl=1.0))
    path.write_text('{"metrics": {"kl"')
    evaluations.keep(run, "test", "best", table(5, kl=2.0))
    assert [kept["metrics"] for kept in evaluations.kept(run)] == [{"kl": 2.0}]


def test_what_is_not_finite_is_null_and_a_damaged_table_is_left_out(run: store.Run) -> None:
    metrics = {"ppl": math.inf, "kl": math.nan, "elbo": -1.0}
    path = evaluations.keep(run, "test", "best", {"metrics": metrics, "kl_per_unit": [math.nan]})
    written = json.loads(path.read_text())
    assert written == {"metrics": {"ppl": None, "kl": None, "elbo": -1.0}, "kl_per_unit": [None]}
    path.write_text('{"metrics": {"kl"')
    evaluations.file_of(run, "valid", "best").write_text("[]")
    assert evaluations.kept(run) == []


def test_what_a_study_keeps_in_a_run_is_no_table_of_an_evaluation(run: store.Run) -> None:
    for key in ("0a1b2c3d4e5f", "f5e4d3c2b1a0"):
        (run.path / f"evaluation-{key}.json").write_text(
            '{"split": "test", "metrics": {"kl": 1.0}}'
        )
    assert evaluations.kept(run) == []


def test_the_folder_of_a_run_that_came_with_zscape_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZSCAPE_HOME", str(tmp_path))
    demo = store.find("demo")
    before = sorted(demo.path.iterdir())
    assert evaluations.kept(demo) == []
    path = evaluations.keep(demo, "test", "last", {"metrics": {"kl": 2.0}})
    assert path.is_relative_to(tmp_path) and sorted(demo.path.iterdir()) == before
    assert [table["metrics"]["kl"] for table in evaluations.kept(demo)] == [2.0]
