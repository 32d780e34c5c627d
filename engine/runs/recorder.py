"""What a worker writes down: records as lines and for TensorBoard, checkpoints as folders.

A checkpoint carries how many lines the files of records had when it was made. Going on from it cuts
the files there, so that a record is never in them twice, whenever the worker died.
"""

from __future__ import annotations

import logging
import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

from engine.runs import files
from engine.runs.store import CHECKPOINTS, EVENTS, METRICS_FILE, PROBES_FILE, WEIGHTS, Run
from engine.training.state import NUMBERS, TrainingState

LINES_FILE = "lines.json"
CHECKPOINT_SECONDS = 60.0
logger = logging.getLogger(__name__)


class Recorder:
    """Writes the records and checkpoints of one run."""

    def __init__(self, run: Run, state: TrainingState) -> None:
        self.run = run
        self.state = state
        self._lines = {METRICS_FILE: 0, PROBES_FILE: 0}
        self._saved_at = time.monotonic()
        self._saved: tuple[int, int] | None = None
        self._take_up()
        self._events = _event_writer(run.path / EVENTS, state.step)

    # -- records --------------------------------------------------------------------------------

    def record(self, record: dict[str, float]) -> None:
        """Write down one record of the loop; one that has nothing but its step is not."""
        if len(record) == 1:
            return
        self._append(METRICS_FILE, record)
        for key, value in record.items():
            if key != "step" and math.isfinite(value):
                self._events.add_scalar(key, value, int(record["step"]))
        validated = any(key.startswith("valid/") for key in record)
        level = logging.INFO if validated else logging.DEBUG
        logger.log(level, "%s", in_words(record, self.state.horizon.total_steps))

    def probe(self, probe: dict[str, Any]) -> None:
        """Write down what became of the probe sentences."""
        self._append(PROBES_FILE, {"step": self.state.step} | probe)

    def _append(self, name: str, record: dict[str, Any]) -> None:
        files.append_record(self.run.path / name, record)
        self._lines[name] += 1

    def close(self) -> None:
        """Flush and close what TensorBoard reads."""
        self._events.close()

    # -- checkpoints ----------------------------------------------------------------------------

    @property
    def due(self) -> bool:
        """Whether the settings or the clock ask for a checkpoint now, or a first validation for the first."""
        if self._saved == self._place():
            return False
        if self._saved is None and self.state.evaluated == self.state.step:
            return True
        late = time.monotonic() - self._saved_at > CHECKPOINT_SECONDS
        return late or self.state.step % self.state.config.checkpoint_every == 0

    @property
    def keep_due(self) -> bool:
        """Whether this step's weights are to be kept for good."""
        every = self.state.config.keep_every
        return every is not None and self.state.step % every == 0 and not self._kept().exists()

    def save(self) -> None:
        """Write checkpoints/last: the training state and the place in the files of records."""
        if self._saved == self._place():
            return
        for name in self._lines:
            _sync(self.run.path / name)
        files.replace_folder(self._folder("last"), self._fill)
        self._saved, self._saved_at = self._place(), time.monotonic()
        self._events.flush()

    def save_best(self) -> None:
        """Let checkpoints/best hold the weights of now."""
        self.save()
        files.replace_folder(self._folder("best"), self._link_weights)

    def keep(self) -> None:
        """Keep the weights of now for good, under their step."""
        self.save()
        files.replace_folder(self._kept(), self._link_weights)

    def _place(self) -> tuple[int, int]:
        return self.state.step, self.state.evaluated

    def _folder(self, name: str) -> Path:
        return self.run.path / CHECKPOINTS / name

    def _kept(self) -> Path:
        return self._folder(f"step-{self.state.step:08d}")

    def _fill(self, folder: Path) -> None:
        self.state.save(folder)
        files.write_json(folder / LINES_FILE, self._lines)

    def _link_weights(self, folder: Path) -> None:
        """The files of ``last`` under a second name: nothing ever changes them in place."""
        for name in (WEIGHTS, NUMBERS):
            files.link_or_copy(self._folder("last") / name, folder / name)

    def _take_up(self) -> None:
        """Go on from checkpoints/last where there is one, or begin with empty files."""
        for name in self.run.checkpoints():
            files.recover(self._folder(name))
        last = self._folder("last")
        if last.exists():
            self.state.load(last)
            self._lines |= files.read_json(last / LINES_FILE)
            self._saved = self._place()
        else:
            shutil.rmtree(self.run.path / EVENTS, ignore_errors=True)
        for name, lines in self._lines.items():
            files.keep_first(self.run.path / name, lines)


def _event_writer(folder: Path, step: int) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    # purge_step makes TensorBoard forget what a killed worker wrote after its last checkpoint.
    return SummaryWriter(str(folder), purge_step=step + 1 if step else None)


def _sync(path: Path) -> None:
    if path.exists():
        with open(path, "rb") as file:
            os.fsync(file.fileno())


def in_words(record: dict[str, float], total: int) -> str:
    """A record as one line of a log: the few numbers that say whether it goes well."""
    shown = ("elbo", "reconstruction", "kl", "ppl", "mutual_information", "active_units")
    split = "valid" if any(key.startswith("valid/") for key in record) else "train"
    values = {name: record[f"{split}/{name}"] for name in shown if f"{split}/{name}" in record}
    numbers = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
    speed = record.get("train/tokens_per_second")
    pace = f"  {speed:,.0f} tokens/s" if speed else ""
    return f"step {int(record['step'])}/{total}  {split}  {numbers}{pace}"
