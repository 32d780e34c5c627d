"""The worker, in this process: what it writes, how it ends, and that stopping changes nothing."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from engine.config import RunBusy
from engine.metrics import describe
from engine.runs import files, slots, store, worker
from engine.runs.recorder import Recorder
from engine.runs.status import STOP_FILE, Status, StatusWriter

MakeRun = Callable[..., store.Run]
TIMING = ["seconds", "train/tokens_per_second"]


@pytest.fixture(autouse=True)
def _event_files_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorBoard reads files of one second and one process by a counter: .10 before .9."""
    from tensorboard.summary.writer import event_file_writer

    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))


def untimed(run: store.Run) -> list[dict[str, Any]]:
    """All records without what depends on the clock."""
    records = files.read_records(run.path / "metrics.jsonl")
    return [{key: record[key] for key in record if key not in TIMING} for record in records]


def test_a_run_is_trained_to_its_end_and_written_down(make_run: MakeRun) -> None:
    run = make_run("mine", keep_every=9)
    status = worker.work(run)
    assert (status.state, status.step, status.total_steps) == ("finished", 18, 18), run.log()
    assert run.status() == status
    assert status.parameters and status.device == "cpu" and status.precision == "float32"
    assert status.tokens_per_second and status.ended and status.started
    assert run.checkpoints() == ["best", "last", "step-00000009", "step-00000018"]
    frame = run.metrics()
    assert frame["step"].tolist() == [4, 6, 8, 12, 12, 16, 18]
    for key in frame.columns.drop("step"):
        describe(key)
    assert not list(run.path.glob("**/*.tmp")) and not (run.path / STOP_FILE).exists()


def test_probe_sentences_are_reconstructed_at_each_validation(make_run: MakeRun) -> None:
    run = make_run()
    worker.work(run)
    probes = run.probes()
    assert [probe["step"] for probe in probes] == [6, 12, 18]
    assert len(probes[0]["sentences"]) == len(probes[0]["reconstructions"]) == 8
    assert all(probe["sentences"] == probes[0]["sentences"] for probe in probes)
    assert len(probes[0]["interpolation"]) == 5
    assert probes[0]["interpolation"][0] == probes[0]["reconstructions"][0]
    assert len(probes[0]["kl_per_unit"]) == 3


def test_an_example_stands_in_the_log_beside_each_record_and_changes_nothing(
    make_run: MakeRun, caplog: pytest.LogCaptureFixture
) -> None:
    plain, told = make_run("plain"), make_run("told", log_example=True)
    worker.work(plain)
    with caplog.at_level("INFO", logger="engine.runs"):
        worker.work(told)
    examples = [line for line in caplog.messages if "comes back as" in line]
    assert [line.split()[1] for line in examples] == ["4", "8", "12", "16"]
    sentence = told.probes()[0]["sentences"][0]
    assert all(repr(sentence) in line for line in examples)
    assert untimed(told) == untimed(plain)


def test_a_validation_on_some_sentences_only_is_one_of_that_many(make_run: MakeRun) -> None:
    from engine.evaluation import report

    seen: list[int | None] = []
    measure = report.evaluate
    with pytest.MonkeyPatch.context() as patch:
        from engine.runs import validation

        def spy(model: Any, tokens: Any, config: Any, *, limit: int | None, progress: Any) -> Any:
            seen.append(limit)
            return measure(model, tokens, config, limit=limit, progress=progress)

        patch.setattr(validation, "evaluate", spy)
        worker.work(make_run(validation_limit=10))
    assert seen == [10, 10, 10]


@pytest.mark.parametrize("every_time", [False, True])
def test_importance_weights_cost_a_validation_nothing_unless_they_are_asked_for_there(
    make_run: MakeRun, every_time: bool
) -> None:
    run = make_run(epochs=1)
    config = run.config()
    config["evaluation"] |= {"iw_samples": 3, "iw_validations": every_time}
    files.write_json(run.path / store.CONFIG_FILE, config)
    worker.work(run)
    assert ("valid/nll_iw" in run.metrics()) == every_time


def _scalars(run: store.Run) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.path / "events"), size_guidance={"scalars": 0})
    events.Reload()
    tags = events.Tags()["scalars"]
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in tags}


def test_tensorboard_gets_what_metrics_gets(make_run: MakeRun) -> None:
    run = make_run()
    worker.work(run)
    frame, scalars = run.metrics(), _scalars(run)
    assert set(scalars) == set(frame.columns) - {"step"}
    for tag, events in scalars.items():
        rows = frame[["step", tag]].dropna()
        assert [step for step, _ in events] == rows["step"].tolist()
        assert [value for _, value in events] == pytest.approx(rows[tag].tolist(), rel=1e-5)


def stop_when(run: store.Run, condition: Callable[[Status], bool]) -> worker.Watch:
    """Asks ``run`` to stop as soon as its status fulfils a condition."""

    def watch(status: Status) -> None:
        if status.live and condition(status):
            (run.path / STOP_FILE).touch()

    return watch


@pytest.mark.parametrize("step", [1, 6, 7, 12, 17])
def test_a_stopped_run_goes_on_exactly(make_run: MakeRun, step: int) -> None:
    whole, parts = make_run("whole"), make_run("parts")
    worker.work(whole)
    status = worker.work(parts, stop_when(parts, lambda status: status.step == step))
    assert (status.state, status.step) == ("stopped", step)
    assert status.message == f"stopped at step {step}, with a checkpoint"
    assert "last" in parts.checkpoints()
    assert worker.work(parts).state == "finished"
    assert untimed(parts) == untimed(whole)
    assert parts.probes() == whole.probes()
    assert _steps(_scalars(parts)) == _steps(_scalars(whole))


def _steps(scalars: dict[str, list[tuple[int, float]]]) -> dict[str, list[int]]:
    return {tag: [step for step, _ in events] for tag, events in scalars.items()}


def test_a_run_stopped_while_it_validates_makes_up_for_the_validation(make_run: MakeRun) -> None:
    whole, parts = make_run("whole"), make_run("parts")
    worker.work(whole)
    status = worker.work(parts, stop_when(parts, lambda s: s.activity.startswith("validating")))
    assert (status.state, status.step) == ("stopped", 6)
    assert not any(key.startswith("valid/") for record in untimed(parts) for key in record)
    worker.work(parts)
    assert untimed(parts) == untimed(whole)


def test_a_run_that_died_after_its_last_checkpoint_repeats_no_record(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = make_run("whole", checkpoint_every=5), make_run("parts", checkpoint_every=5)
    worker.work(whole)

    def die(status: Status) -> None:
        if status.step == 14 and status.live:
            raise KeyboardInterrupt

    assert worker.work(parts, die).state == "stopped"
    assert parts.metrics()["step"].max() == 12
    with open(parts.path / "metrics.jsonl", "a") as file:
        file.write('{"step": 14, "train/lo')
    worker.work(parts)
    assert untimed(parts) == untimed(whole)
    assert _steps(_scalars(parts)) == _steps(_scalars(whole))


def test_a_checkpoint_is_written_every_so_many_steps_and_seconds(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    save = Recorder._fill
    monkeypatch.setattr(
        Recorder, "_fill", lambda self, folder: (saved.append(self.state.step), save(self, folder))
    )
    worker.work(make_run(checkpoint_every=5))
    assert {5, 10, 15, 18} <= set(saved)
    assert 3 not in saved
    saved.clear()
    monkeypatch.setattr("engine.runs.recorder.CHECKPOINT_SECONDS", 0.0)
    worker.work(make_run(checkpoint_every=1000))
    assert set(saved) == set(range(1, 19))


def test_the_best_checkpoint_is_that_of_the_best_elbo(make_run: MakeRun) -> None:
    run = make_run(epochs=4, encoder_optimiser={"name": "adam", "learning_rate": 0.05})
    worker.work(run)
    valid = run.metrics().dropna(subset="valid/elbo")
    best = json.loads((run.checkpoint("best") / "training.json").read_text())["step"]
    assert best == valid.loc[valid["valid/elbo"].idxmax(), "step"]


def annealed(run: store.Run, **settings: Any) -> store.Run:
    """The run with a KL weight that rises; of its 18 updates every sixth is validated."""
    config = run.config()
    config["objective"]["remedies"] = [{"name": "annealing", "start": 0.0, **settings}]
    files.write_json(run.path / store.CONFIG_FILE, config)
    return run


def test_best_begins_when_the_kl_weight_has_risen_and_last_is_there_before(
    make_run: MakeRun,
) -> None:
    run = annealed(make_run(), steps=10)
    seen: dict[int, list[str]] = {}
    worker.work(run, lambda status: seen.update({status.step: run.checkpoints()}))
    assert seen[5] == [] and seen[6] == ["last"] and seen[12] == ["best", "last"]
    assert run.step_of("best") in (12, 18) and run.preferred_checkpoint() == "best"


def test_a_run_that_ends_while_the_kl_weight_rises_is_looked_at_where_it_ended(
    make_run: MakeRun,
) -> None:
    run = annealed(make_run(evaluate_every=5), steps=10**6)
    worker.work(run, stop_when(run, lambda status: status.step == 11))
    assert run.checkpoints() == ["last"] and run.preferred_checkpoint() == "last"


def test_a_run_that_the_plateau_rule_ends_says_so_and_is_not_resumed(make_run: MakeRun) -> None:
    rate = {"name": "adam", "learning_rate": 0.5}  # far too large: it gets worse
    rule = {"patience": 1, "first_epoch": 0, "most": 2, "reload_best": False}
    settings = {"encoder_optimiser": rate, "decoder_optimiser": rate, "plateau": rule}
    run = make_run(epochs=30, **settings)
    status = worker.work(run)
    told = f"stopped by the plateau rule after 2 falls of the rate at step {status.step} of 180"
    assert (status.state, status.message) == ("finished", told) and status.step < 180
    assert run.status().ended_early == told
    with pytest.raises(RunBusy, match="has ended early, stopped by the plateau rule after 2 falls"):
        worker.work(run)


def test_a_setting_that_cannot_be_fails_the_run_in_one_sentence(make_run: MakeRun) -> None:
    run = make_run(epochs=-1)
    status = worker.work(run)
    assert status.state == "failed" and not status.bug
    assert "training.epochs" in status.message and "got -1" in status.message


def test_data_that_is_not_there_fails_the_run_in_one_sentence(home: Path) -> None:
    run = store.create({"data": {"name": "nowhere"}, "training": {"device": "cpu"}})
    status = worker.work(run)
    assert status.state == "failed" and not status.bug
    assert "nowhere" in status.message


def test_a_mistake_of_ours_fails_the_run_with_its_trace_in_the_log(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("engine.runs.material.prepare", broken)
    status = worker.work(make_run())
    assert status.state == "failed" and status.bug
    assert status.message.startswith("ZeroDivisionError: by nothing")
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "out of memory: a smaller batch"),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "out of memory"),
        (OSError(28, "No space left on device"), "the disk is full"),
    ],
)
def test_a_machine_that_is_too_small_is_said_in_plain_words(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def too_small(*_: object) -> None:
        raise error

    monkeypatch.setattr("engine.runs.material.prepare", too_small)
    status = worker.work(make_run())
    assert words in status.message and not status.bug


def test_a_failed_run_can_go_on_when_its_cause_is_gone(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, run = make_run("whole"), make_run("run", checkpoint_every=5)
    worker.work(whole)
    record = Recorder.record

    def full(self: Recorder, values: dict[str, float]) -> None:
        if values["step"] == 8:
            raise OSError(28, "No space left on device")
        record(self, values)

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "record", full)
        assert worker.work(run).state == "failed"
    assert worker.work(run).state == "finished"
    assert untimed(run) == untimed(whole)


def test_a_run_is_stopped_while_it_waits_for_a_slot(make_run: MakeRun) -> None:
    run = make_run()
    seen: list[tuple[str, int | None]] = []

    def watch(status: Status) -> None:
        if status.activity == "waiting for a free slot":
            (run.path / STOP_FILE).touch()
            seen.append((status.state, slots.position(run.path, "cpu")))

    with slots.slot("cpu", Path("/runs/other"), lambda: None):
        status = worker.work(run, watch)
    assert status.state == "stopped" and status.message == "stopped before the first step"
    assert [state for state, _ in seen] == ["queued"]
    assert not run.checkpoints()
    assert slots.waiting("cpu") == []
    assert worker.work(run).state == "finished"


def test_a_run_that_waits_says_behind_which(
    make_run: MakeRun, caplog: pytest.LogCaptureFixture
) -> None:
    run = make_run()
    told: list[str] = []

    def watch(status: Status) -> None:
        told.append(status.activity)
        if "behind" in status.activity:
            (run.path / STOP_FILE).touch()

    with (
        caplog.at_level("INFO", logger="engine.runs"),
        slots.slot("cpu", Path("/runs/the-other"), lambda: None),
    ):
        assert worker.work(run, watch).state == "stopped"
    assert "waiting for a free slot behind the-other" in told
    assert caplog.messages == ["waiting for a free slot behind the-other"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_ask_to_stop_and_are_given_back(make_run: MakeRun, number: signal.Signals) -> None:
    run = make_run()
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    def watch(status: Status) -> None:
        if status.step == 3 and status.activity == "training":
            signal.raise_signal(number)

    status = worker.work(run, watch)
    assert (status.state, status.step) == ("stopped", 3)
    assert "with a checkpoint" in status.message
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_second_interrupt_ends_a_run_at_once_and_it_still_goes_on(make_run: MakeRun) -> None:
    whole, run = make_run("whole"), make_run("run", checkpoint_every=2)
    worker.work(whole)

    def watch(status: Status) -> None:
        if status.step == 5 and status.live:  # again while it writes its checkpoint
            signal.raise_signal(signal.SIGINT)

    status = worker.work(run, watch)
    assert (status.state, status.message.split(";")[0]) == ("stopped", "interrupted")
    assert worker.work(run).state == "finished"
    assert untimed(run) == untimed(whole)


def test_a_run_has_one_worker_only(make_run: MakeRun) -> None:
    run = make_run()
    StatusWriter(run.path, Status()).write(state="running", pid=1, host="elsewhere")
    with pytest.raises(RunBusy, match="is running in process 1"):
        worker.work(run)


def test_a_finished_run_is_not_trained_again(make_run: MakeRun) -> None:
    run = make_run(max_steps=2)
    worker.work(run)
    with pytest.raises(RunBusy, match="finished all its steps"):
        worker.work(run)


def test_a_run_can_be_limited_to_random_sentences(make_run: MakeRun) -> None:
    run = make_run(epochs=1)
    config = run.config() | {"data": run.config()["data"] | {"limit": 40}}
    files.write_json(run.path / "config.json", config)
    assert worker.work(run).total_steps == 3  # 40 sentences in batches of 16


def test_the_heart_beats_while_the_worker_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.runs.heartbeat.BEAT_SECONDS", 0.02)
    writer = StatusWriter(tmp_path, Status(state="running", total_steps=100, precision="float32"))
    with worker.Heartbeat(writer):
        for step in range(5):
            writer.note(step=step)
            time.sleep(0.05)
        beaten = Status.model_validate(files.read_json(tmp_path / "status.json"))
    assert beaten.step >= 3
    assert beaten.eta_seconds and beaten.memory_mb and beaten.heartbeat
    assert time.time() - beaten.heartbeat < 5


def test_metrics_can_be_read_while_they_are_written(make_run: MakeRun) -> None:
    run = make_run()
    sizes: list[int] = []
    worker.work(run, lambda status: sizes.append(len(run.metrics())))
    assert sizes == sorted(sizes)
    assert isinstance(run.metrics(), pd.DataFrame) and sizes[-1] == 7


def test_the_heart_goes_on_beating_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("engine.runs.heartbeat.BEAT_SECONDS", 0.02)
    writer = StatusWriter(tmp_path, Status(state="running"))
    with monkeypatch.context() as patch, worker.Heartbeat(writer):
        patch.setattr("engine.runs.files.os.replace", _disk_is_full)
        time.sleep(0.2)
        assert not (tmp_path / "status.json").exists()
        patch.undo()
        time.sleep(0.2)
        assert (tmp_path / "status.json").exists()
    assert "No space left" in caplog.text


def _disk_is_full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_resumed_run_forgets_what_its_last_session_measured(make_run: MakeRun) -> None:
    run = make_run()
    worker.work(run, stop_when(run, lambda status: status.step == 3))
    assert run.status().precision == "float32"
    seen: list[Status] = []
    worker.work(run, seen.append)
    assert (seen[0].state, seen[0].precision, seen[0].message) == ("queued", "", "")
    assert seen[-1].precision == "float32"


def test_a_family_without_a_bound_keeps_its_best_reconstruction(make_run: MakeRun) -> None:
    run = make_run("codes")
    config = run.config()
    config["model"]["latent"] = {"name": "deterministic", "size": 3, "tokens": 1}
    files.write_json(run.path / store.CONFIG_FILE, config)
    assert worker.work(run).state == "finished"
    assert set(run.checkpoints()) == {"best", "last"} and run.preferred_checkpoint() == "best"
