"""The record of the posterior mean space: taken when asked for, changes nothing, goes on after a stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.config import ConfigError
from engine.data.corpus import Corpus
from engine.experiment import check, load_config
from engine.presets import preset
from engine.runs import files, store, worker
from engine.runs.mean_space import FOLDER, recorded, snapshots
from engine.runs.status import STOP_FILE, Status
from engine.runs.store import TOKENIZER_FILE

MakeRun = Callable[..., store.Run]
TIMING = ("seconds", "train/tokens_per_second")
EVERY = {"every": 4, "sentences": 10, "samples": 8}


def untimed(run: store.Run) -> list[dict[str, Any]]:
    records = files.read_records(run.path / "metrics.jsonl")
    return [{key: record[key] for key in record if key not in TIMING} for record in records]


def weights(run: store.Run) -> bytes:
    return (run.checkpoint("last") / "model.safetensors").read_bytes()


def aggressive(run: store.Run) -> None:
    """Make a run's training aggressive, before it starts."""
    config = run.config()
    config["objective"]["remedies"] = [{"name": "aggressive", "window": 1, "most": 3}]
    config["data"]["limit"] = 96
    files.write_json(run.path / "config.json", config)


def test_snapshots_are_taken_from_the_start_as_often_as_asked_and_at_the_ends_of_epochs(
    make_run: MakeRun,
) -> None:
    run = make_run(mean_space=EVERY | {"until": 9})
    status = worker.work(run)
    assert status.state == "finished", run.log()
    assert recorded(run) == [0, 4, 6, 8, 12, 18]  # an epoch has six updates
    found = snapshots(run)
    assert [one.step for one in found] == [0, 4, 6, 8, 12, 18]
    assert all(one.means.model.shape == one.means.inference.shape == (10, 3) for one in found)
    assert all((one.rows == found[0].rows).all() and one.split == "train" for one in found)
    assert all(one.seconds > 0 and one.means.samples == 8 for one in found)
    assert not np.array_equal(found[0].means.inference, found[-1].means.inference)


def test_rows_are_those_of_the_split_though_the_run_reads_a_part_of_it(make_run: MakeRun) -> None:
    run = make_run(mean_space=EVERY, max_steps=1)
    worker.work(run)
    from engine.data.tokenizers import Tokenizer
    from engine.runs.material import prepare

    config = load_config(run.config())
    material, tokenizer = prepare(run, config), Tokenizer.load(run.path / TOKENIZER_FILE)
    assert material.rows > config.data.limit
    rows = snapshots(run)[0].rows
    shown = Corpus.open(config.data.name).texts("train", rows)
    read = material.batches.tokens
    known = set(tokenizer.decode([read.rows([at])[0].tolist() for at in range(len(read))]))
    assert rows.max() >= config.data.limit and set(shown) <= known


def test_nothing_is_recorded_unless_it_is_asked_for(make_run: MakeRun) -> None:
    run = make_run()
    worker.work(run)
    assert recorded(run) == [] and snapshots(run) == [] and not (run.path / FOLDER).exists()


def test_recording_changes_no_metric_and_no_weight(make_run: MakeRun) -> None:
    plain, watched = make_run("plain"), make_run("watched", mean_space=EVERY | {"half_steps": True})
    for run in (plain, watched):
        aggressive(run)
        assert worker.work(run).state == "finished", run.log()
    assert untimed(watched) == untimed(plain) and len(untimed(plain)) > 4
    assert weights(watched) == weights(plain)


def test_half_steps_move_the_encoders_means_first_and_then_the_models(make_run: MakeRun) -> None:
    run = make_run(mean_space=EVERY | {"every": 1, "half_steps": True, "until": 3}, max_steps=5)
    aggressive(run)
    worker.work(run)
    assert recorded(run) == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 5]
    start, between, after = snapshots(run)[:3]
    assert between.half and not after.half and between.moment == 0.5
    assert not np.array_equal(start.means.inference, between.means.inference)
    assert np.array_equal(between.means.inference, after.means.inference)
    # The same decoder and the same seed, but a proposal that has moved: the same mean but for noise.
    assert not np.array_equal(between.means.model, after.means.model)


def stop_at(run: store.Run, condition: Callable[[Status], bool]) -> worker.Watch:
    def watch(status: Status) -> None:
        if status.live and condition(status):
            (run.path / STOP_FILE).touch()

    return watch


@pytest.mark.parametrize("step", [1, 4, 6, 7])
def test_a_stopped_run_goes_on_recording_as_if_nothing_had_been(
    make_run: MakeRun, step: int
) -> None:
    whole = make_run("whole", mean_space=EVERY | {"half_steps": True})
    parts = make_run("parts", mean_space=EVERY | {"half_steps": True})
    for run in (whole, parts):
        aggressive(run)
    worker.work(whole)
    assert worker.work(parts, stop_at(parts, lambda s: s.step == step)).state == "stopped"
    assert worker.work(parts).state == "finished"
    same(parts, whole)


def test_a_run_stopped_while_it_looks_takes_the_snapshot_when_it_goes_on(make_run: MakeRun) -> None:
    many = EVERY | {"sentences": 80}  # more than are looked at at once
    whole, parts = make_run("whole", mean_space=many), make_run("parts", mean_space=many)
    worker.work(whole)
    looking = stop_at(parts, lambda s: s.activity.startswith("looking") and s.step >= 3)
    assert worker.work(parts, looking).state == "stopped"
    assert recorded(parts) == [0]
    worker.work(parts)
    same(parts, whole)


def test_snapshots_of_a_session_that_was_lost_are_taken_again(make_run: MakeRun) -> None:
    whole, parts = make_run("whole", mean_space=EVERY), make_run("parts", mean_space=EVERY)
    worker.work(whole)
    worker.work(parts, stop_at(parts, lambda s: s.step == 6))
    later = parts.path / FOLDER / "00000016.npz"
    later.write_bytes(b"of a worker that died")
    worker.work(parts)
    same(parts, whole)


def same(one: store.Run, other: store.Run) -> None:
    assert recorded(one) == recorded(other)
    for a, b in zip(snapshots(one), snapshots(other)):
        np.testing.assert_array_equal(a.means.model, b.means.model)
        np.testing.assert_array_equal(a.means.inference, b.means.inference)


def test_a_damaged_snapshot_is_left_out_and_known_ones_are_not_read_again(
    make_run: MakeRun,
) -> None:
    run = make_run(mean_space=EVERY, max_steps=4)
    worker.work(run)
    known: dict[float, Any] = {}
    first = snapshots(run, known)
    (run.path / FOLDER / "00000002.npz").write_bytes(b"PK\x03\x04 cut off")
    again = snapshots(run, known)
    assert [one.step for one in again] == [0, 4] and again[0] is first[0]
    (run.path / FOLDER / "00000000.npz").unlink()
    assert [one.step for one in snapshots(run, known)] == [4]


def test_a_family_without_a_posterior_is_refused_before_there_is_a_run(make_run: MakeRun) -> None:
    values = make_run().config()
    values["model"]["latent"] = {"name": "deterministic", "size": 3}
    values["training"]["mean_space"] = EVERY
    with pytest.raises(ConfigError, match="posterior mean space"):
        check(load_config(values), 96)


def test_the_toy_presets_record_as_published_and_differ_in_the_remedy_alone() -> None:
    basic, lagging = preset("lagging-toy-basic"), preset("lagging-toy-aggressive")
    record = basic.training.mean_space
    assert record is not None and (record.every, record.sentences) == (200, 500)
    assert basic.model.latent.size == 1 and basic.training.batch_size == 16
    assert [r.name for r in lagging.objective.remedies] == ["aggressive"]
    alike = lagging.model_copy(update={"objective": basic.objective})
    assert alike == basic
