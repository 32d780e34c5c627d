"""A run is a folder: made under a good name, found again, read while it grows, deleted whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import ConfigError, RunBusy, RunNotFound
from engine.runs import files, store
from engine.runs.status import Status, StatusWriter, signed

pytestmark = pytest.mark.usefixtures("home")
CONFIG = {"data": {"name": "ms.coco"}, "seed": 1}


@pytest.fixture(autouse=True)
def _no_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests count runs; whether this copy of Zscape has the demonstration must not matter."""
    monkeypatch.setattr(store, "ROOT", tmp_path)


@pytest.fixture
def demo(tmp_path: Path) -> store.Run:
    """A demonstration run in a ROOT of its own."""
    folder = tmp_path / "assets" / "demo_run"
    folder.mkdir(parents=True)
    files.write_json(folder / "config.json", CONFIG)
    files.write_json(folder / "status.json", {"state": "finished"})
    return store.find("demo")


def test_a_default_name_comes_from_data_and_preset_and_is_free() -> None:
    names = [store.create(CONFIG, preset="standard").name for _ in range(3)]
    assert names == ["ms-standard-1", "ms-standard-2", "ms-standard-3"]
    assert store.create({"data": {"name": "/tmp/Ünder way.csv"}}).name == "nder-way-1"
    assert store.create({}).name == "run-1"


@pytest.mark.parametrize("name", ["a b", "../x", ".hidden", "-x", "demo", "é", "x" * 81, "a/b"])
def test_a_bad_name_is_refused_with_what_is_allowed(name: str) -> None:
    with pytest.raises(ConfigError, match="letters, digits"):
        store.create(CONFIG, name)


def test_a_name_that_is_taken_is_refused_and_nothing_stays_behind(home: Path) -> None:
    store.create(CONFIG, "mine_1.a")
    with pytest.raises(ConfigError, match="exists already"):
        store.create(CONFIG, "mine_1.a")
    assert os.listdir(home / "runs") == ["mine_1.a"]


def test_a_run_is_found_by_name_and_by_folder() -> None:
    run = store.create(CONFIG, "mine")
    assert store.find("mine") == store.find(run.path) == run
    assert store.find("mine").config() == CONFIG
    assert run.status().state == "queued"


def test_a_run_that_is_not_there_is_missed_with_those_that_are() -> None:
    with pytest.raises(RunNotFound, match="no runs yet"):
        store.find("mine")
    run = store.create(CONFIG, "mscoco-1")
    with pytest.raises(RunNotFound, match="mean 'mscoco-1'.*there is mscoco-1$"):
        store.find("mscoko-1")
    store.delete(run)
    with pytest.raises(RunNotFound, match="no run is named 'mscoco-1', and"):
        run.config()


def test_the_demonstration_run_is_named_beside_a_close_match(demo: store.Run) -> None:
    for number in range(9):
        run = store.create(CONFIG, f"run-{number}")
        os.utime(run.path / "config.json", (number, number))
    with pytest.raises(RunNotFound) as missed:
        store.find("run-02")
    assert "(did you mean 'run-2'?)" in str(missed.value)
    assert str(missed.value).endswith("there is run-8, run-7, run-6, run-5, 5 more, demo")
    with pytest.raises(RunNotFound, match="named 'demmo' .did you mean 'demo'"):
        store.find("demmo")


def test_runs_come_newest_first_and_the_demonstration_last(demo: store.Run, home: Path) -> None:
    for number, name in enumerate(["old", "new"]):
        run = store.create(CONFIG, name)
        os.utime(run.path / "config.json", (number, number))
    (home / "runs" / "stray").mkdir()
    (home / "runs" / "stray.txt").touch()
    assert [run.name for run in store.runs()] == ["new", "old", "demo"]


def test_the_demonstration_run_stays_as_it_is(demo: store.Run) -> None:
    assert demo.read_only
    assert store.find(demo.path).name == "demo"
    with pytest.raises(RunBusy, match="read-only: you cannot delete it"):
        store.delete(demo)
    assert demo.cache.is_dir()
    assert not demo.cache.is_relative_to(demo.path)
    assert sorted(os.listdir(demo.path)) == ["config.json", "status.json"]


def test_metrics_grow_with_the_file_and_drop_an_unfinished_line() -> None:
    run = store.create(CONFIG)
    assert run.metrics().empty
    files.append_record(run.path / "metrics.jsonl", {"step": 1, "train/kl": 2.5})
    assert run.metrics().to_dict("list") == {"step": [1], "train/kl": [2.5]}
    files.append_record(run.path / "metrics.jsonl", {"step": 2, "valid/kl": 2.0})
    with open(run.path / "metrics.jsonl", "a") as file:
        file.write('{"step": 3')
    assert run.metrics()["step"].tolist() == [1, 2]


def test_a_reader_cannot_change_the_metrics_of_another() -> None:
    run = store.create(CONFIG)
    files.append_record(run.path / "metrics.jsonl", {"step": 1})
    frame = run.metrics()
    frame["step"] = 99
    frame.loc[0, "step"] = 98
    assert run.metrics()["step"].tolist() == [1]


def _checkpoint(run: store.Run, name: str) -> None:
    folder = run.path / "checkpoints" / name
    folder.mkdir(parents=True)
    (folder / "model.safetensors").touch()


def test_checkpoints_are_listed_in_order_without_half_written_ones() -> None:
    run = store.create(CONFIG, "mine")
    with pytest.raises(RunNotFound, match="has none yet"):
        run.checkpoint("last")
    for name in (
        "step-00000400",
        "last",
        "best",
        "step-00000020",
        ".step-00000500.tmp",
        ".last.tmp",
    ):
        _checkpoint(run, name)
    assert run.checkpoints() == ["best", "last", "step-00000020", "step-00000400"]
    assert run.checkpoint("last").name == "last"
    with pytest.raises(RunNotFound, match="'mine' has no checkpoint '../..'; it has best, last"):
        run.checkpoint("../..")


def test_a_checkpoint_is_readable_where_its_writer_died_between_two_renames() -> None:
    run = store.create(CONFIG)
    _checkpoint(run, ".last.new")
    assert run.checkpoints() == ["last"]
    assert run.checkpoint("last").name == ".last.new"


def test_deleting_takes_the_folder_and_the_caches(home: Path) -> None:
    run = store.create(CONFIG)
    (run.cache / "codes.npy").touch()
    store.delete(run)
    assert store.runs() == []
    assert os.listdir(home / "runs") == os.listdir(home / "cache" / "runs") == []


def test_a_run_with_a_worker_is_not_deleted() -> None:
    run = store.create(CONFIG)
    StatusWriter(run.path, Status()).write(state="running", **signed(os.getpid()))
    with pytest.raises(RunBusy, match="is running; stop it"):
        store.delete(run)


def test_listing_runs_needs_no_torch() -> None:
    code = "import engine.runs.store, engine.runs.launcher, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
