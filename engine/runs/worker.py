"""The worker: the process that takes a run's folder, waits for a device, trains, and writes it all down.

It is the only place where a config becomes objects. The command line runs the same code in the
foreground. torch is imported only when a slot of the device is free.
"""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import EngineError, RunBusy
from engine.runs import slots
from engine.runs.heartbeat import Heartbeat
from engine.runs.status import STARTING, STOP_FILE, Status, StatusWriter, signed
from engine.runs.stopping import StopRequested, StopRequests
from engine.runs.store import Run, exclusive
from engine.runs.trial import LONGEST, is_trial

if TYPE_CHECKING:
    from engine.experiment import ExperimentConfig
    from engine.runs.mean_space import MeanSpaceRecord
    from engine.runs.recorder import Recorder
    from engine.training.state import TrainingState

Watch = Callable[[Status], None]
WAITING = "waiting for a free slot"
logger = logging.getLogger(__name__)


def work(run: Run, watch: Watch | None = None) -> Status:
    """Train ``run`` from where it is to its end, or until it is asked to stop.

    Args:
        run: a run that no other worker is at.
        watch: called with the status after every step and whenever the activity changes.

    Returns:
        The status that the run ends with: finished, stopped or failed.

    Raises:
        RunBusy: another worker is at it, or it has finished.
    """
    writer = _claim(run)
    return Worker(run, writer, watch or (lambda status: None)).work()


def _claim(run: Run) -> StatusWriter:
    """Make this process the run's worker; waits for a launcher that is just signing for it."""
    with exclusive(run, "train"):
        status = run.status()
        if status.state == "finished":
            raise RunBusy(f"run {run.name!r} {status.done}; clone it to train more")
        if status.live and status.pid not in (None, os.getpid()):
            raise RunBusy(
                f"run {run.name!r} is {status.state} in process {status.pid}; stop it first"
            )
        if status.pid != os.getpid():  # in the foreground: no launcher has cleared the table
            (run.path / STOP_FILE).unlink(missing_ok=True)
        fresh = {"state": "queued", "message": "", "bug": False, "ended": None, "precision": ""}
        writer = StatusWriter(run.path, status.model_copy(update=fresh))
        writer.write(sessions=status.sessions + 1, activity=STARTING, **signed(os.getpid()))
    return writer


class Worker:
    """One session of work on one run."""

    def __init__(self, run: Run, writer: StatusWriter, watch: Watch) -> None:
        self.run = run
        self._writer = writer
        self._watch = watch
        self._stop = StopRequests(run.path)
        self._recorder: Recorder | None = None

    def work(self) -> Status:
        """Work, and leave a status that says how it ended."""
        with self._stop.heard():
            with Heartbeat(self._writer):
                ending = self._ending()
            self._writer.write(ended=time.time(), activity="", eta_seconds=None, **ending)
            self._stop.clear()
        self._watch(self._writer.status)
        return self._writer.status

    def _ending(self) -> dict[str, Any]:
        """The last fields of the status, whatever happens meanwhile."""
        try:
            return self._outcome()
        except KeyboardInterrupt:
            again = "interrupted; it goes on from its last checkpoint"
            return {"state": "stopped", "message": again}
        except EngineError as error:
            logger.error("%s", error)
            return {"state": "failed", "message": str(error)}
        except Exception as error:  # whatever it is, the page must be able to say it
            logger.exception("run %s failed", self.run.name)
            return {"state": "failed"} | _in_plain_words(error)
        finally:
            if self._recorder:
                self._recorder.close()

    def _outcome(self) -> dict[str, Any]:
        try:
            self._wait_and_train()
        except StopRequested:
            return {"state": "stopped", "message": self._stopped()}
        assert self._recorder is not None
        return {"state": "finished", "message": self._recorder.state.ended_early}

    def _stopped(self) -> str:
        if self._recorder is None:
            return "stopped before the first step"
        self._tell("writing a checkpoint")
        self._recorder.save()
        return f"stopped at step {self._recorder.state.step}, with a checkpoint"

    def _tell(self, activity: str) -> None:
        if activity != self._writer.status.activity:
            self._writer.note(activity=activity)
            self._watch(self._writer.status)

    def _progress(self, doing: str) -> Callable[[int, int | None, str], None]:
        """A progress callback that shows on the page and lets a stop through."""

        def tell(done: int, total: int | None, what: str) -> None:
            self._stop.check()
            share = f"{100 * done / total:.0f} %" if total else f"{done:,}"
            self._tell(f"{doing}: {what} {share}")

        return tell

    # -- waiting --------------------------------------------------------------------------------

    def _wait_and_train(self) -> None:
        self._stop.check()
        wanted = self.run.config().get("training", {}).get("device", "auto")
        device: str | None = slots.likely_device(wanted)
        while device:
            self._writer.write(state="queued", activity=WAITING, device=device)
            self._watch(self._writer.status)
            with slots.slot(device, self.run.path, partial(self._wait, device)):
                device = self._train_on(device)

    def _wait(self, device: str) -> None:
        """Let a stop through, and say who is before us whenever that has changed."""
        self._stop.check()
        if not (folders := slots.before(self.run.path, device)):
            return
        others = f" and {len(folders) - 1} more" if len(folders) > 1 else ""
        activity = f"{WAITING} behind {Path(folders[0]).name}{others}"
        if activity != self._writer.status.activity:
            logger.info("%s", activity)
            self._tell(activity)

    def _train_on(self, device: str) -> str | None:
        """Train in the slot of ``device``; the right device if that was the wrong one."""
        self._writer.write(state="running", activity="loading torch", started=self._started())
        self._watch(self._writer.status)
        from engine.devices import choose_device
        from engine.experiment import load_config

        config = load_config(self.run.config())
        chosen = choose_device(config.training.device)
        right = slots.likely_device(str(chosen))
        if right != device:
            return right
        if chosen.type == "cpu":
            _share_cores()
        self._train(config)
        return None

    def _started(self) -> float:
        return self._writer.status.started or time.time()

    # -- training -------------------------------------------------------------------------------

    def _train(self, config: ExperimentConfig) -> None:
        from engine.experiment import build
        from engine.runs.material import prepare
        from engine.runs.mean_space import MeanSpaceRecord
        from engine.runs.recorder import Recorder
        from engine.runs.validation import Validation
        from engine.training.loop import train

        material = prepare(self.run, config, self._progress("preparing"))
        self._tell("building the model")
        batches = material.batches
        tokenizer, resuming = material.tokenizer, "last" in self.run.checkpoints()
        words = None if resuming else tokenizer.words
        state = build(config, tokenizer.vocab_size, len(batches), words).state
        self._recorder = recorder = Recorder(self.run, state)
        self._describe(state)
        # A picture has as many pixels as it has.
        short = is_trial(self.run) and config.tokenizer.reads == "text"
        validate = Validation(
            config,
            material,
            recorder.probe,
            self._progress("validating"),
            LONGEST if short else None,
        )
        means = (
            MeanSpaceRecord(self.run, config, material, state)
            if config.training.mean_space
            else None
        )
        self._look(means, state)
        self._tell("training")
        for record in train(state, batches, validate, means.between if means else None):
            self._look(means, state)
            self._take_down(record, recorder)
            if config.training.log_example and "train/loss" in record:
                logger.info("step %d  %s", state.step, validate.example(state.model))
            self._stop.check()
        recorder.save()

    def _look(self, means: MeanSpaceRecord | None, state: TrainingState) -> None:
        """Take a snapshot of the posterior mean space if one is due."""
        if means:
            means.after_update(state, self._progress("looking"))

    def _take_down(self, record: dict[str, float], recorder: Recorder) -> None:
        """Write one record, the checkpoints that are due, and how far we are."""
        recorder.record(record)
        state = recorder.state
        if state.best_step == state.step == state.evaluated and "valid/reconstruction" in record:
            recorder.save_best()
        elif recorder.due:
            recorder.save()
        if recorder.keep_due:
            recorder.keep()
        speed = record.get("train/tokens_per_second", self._writer.status.tokens_per_second)
        self._writer.note(
            step=state.step, epoch=state.epoch, tokens_per_second=speed, activity="training"
        )
        self._watch(self._writer.status)

    def _describe(self, state: TrainingState) -> None:
        self._writer.write(
            step=state.step,
            epoch=state.epoch,
            total_steps=state.horizon.total_steps,
            precision=state.precision,
            parameters=sum(weight.numel() for weight in state.model.parameters()),
        )
        for warning in state.objective.warnings:
            logger.warning(warning)
        verb = f"going on from step {state.step}" if state.step else "starting"
        logger.info("%s on %s in %s", verb, state.device, state.precision)


def _share_cores() -> None:
    """Runs that train side by side on the CPU get their part of the cores each."""
    import torch

    side_by_side = slots.slots()
    if side_by_side > 1 and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, torch.get_num_threads() // side_by_side))


def _in_plain_words(error: Exception) -> dict[str, Any]:
    """What went wrong, for somebody who does not read traces, and whether it is our mistake."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        cure = "a smaller batch, model or data limit needs less"
        return {"message": f"out of memory: {cure}; its log has the trace", "bug": False}
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return {"message": "the disk is full; free some space, then resume", "bug": False}
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return {"message": f"{what} (a mistake in Zscape; its log has the trace)", "bug": True}
