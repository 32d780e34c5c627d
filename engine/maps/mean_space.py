"""The posterior mean space of a checkpoint, found after the fact and kept."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import DataError, one_of
from engine.data.corpus import SPLITS, Progress
from engine.maps.asked import Asked
from engine.runs import mean_space as record
from engine.runs.mean_space import Snapshot

if TYPE_CHECKING:
    from engine.hosting import ModelHost


@dataclass(frozen=True)
class Request(Asked):
    """Which sentences of which checkpoint, and how well.

    Attributes:
        run: a run with that checkpoint.
        checkpoint: best, last or step-...
        split: train, valid or test.
        n: how many random rows.
        samples: importance samples behind each of the model's means; no effect on a scalar Gaussian code.
        seed: of rows and samples.
    """

    split: str = "valid"
    n: int = 500
    samples: int = 500
    seed: int = 42

    def file_of(self, mark: str) -> Path:
        """In a folder of its own, as a run's record is, so that it is read in the same way."""
        step = self.run.step_of(self.checkpoint) or 0
        return self.run.cache / f"means-{mark}" / f"{step:08d}.npz"

    def drop_older(self, mark: str) -> None:
        """Remove what was found of other versions of the checkpoint."""
        for folder in self.run.cache.glob(f"means-{self.place}-*"):
            if folder.name != f"means-{mark}":
                shutil.rmtree(folder, ignore_errors=True)


def find(request: Request) -> Snapshot | None:
    """The snapshot if it has been taken; None until then."""
    return record.read(request.file) if request.file.exists() else None


def obtain(request: Request, host: ModelHost, progress: Progress | None = None) -> Snapshot:
    """The snapshot, taken now if it has not been, and kept.

    Args:
        request: which sentences of which checkpoint.
        host: where the model is.
        progress: told how many sentences are done.

    Raises:
        RunNotFound: there is no such checkpoint.
        DataError: there is no such split, or it has no rows.
        ConfigError: the latent family has no posterior.
    """
    if (known := find(request)) is not None:
        return known
    from engine.evaluation.mean_space import posterior_means
    from engine.evaluation.rows import choose
    from engine.runs.material import split_of

    if request.split not in SPLITS:
        raise DataError(one_of("split", request.split, SPLITS))
    hosted = host.get(request.run, request.checkpoint)
    mark = request.mark_of(hosted.version)
    tokens = split_of(request.run, hosted.config, request.split, progress)
    rows = choose(len(tokens), request.n, request.seed)
    if not len(rows):
        raise DataError(
            f"the split {request.split!r} of this run's data has no rows; choose another"
        )
    started = time.perf_counter()
    with hosted.turn():
        means = posterior_means(
            hosted.model,
            tokens,
            rows,
            samples=request.samples,
            seed=request.seed,
            progress=hosted.giving_way(progress),
        )
    taken = time.perf_counter() - started
    step = request.run.step_of(request.checkpoint) or 0
    found = Snapshot(step, False, rows, request.split, means, taken)
    request.drop_older(mark)
    file = request.file_of(mark)
    file.parent.mkdir(exist_ok=True)
    record.write(file, found)
    return found
