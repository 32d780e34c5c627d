"""The posterior mean space of a run over training: a file a snapshot, in the run's folder.

::

    means/00000200.npz     after 200 joint updates
    means/00000200+.npz    after the encoder-only updates that follow them

A snapshot is whole or absent, so that a page may read them while the run trains. Going on from a
checkpoint drops those that are later than it.
"""

from __future__ import annotations

import logging
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.means import Means
from engine.runs import files
from engine.runs.store import Run

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.experiment import ExperimentConfig
    from engine.runs.material import Material
    from engine.training.state import TrainingState

FOLDER = "means"
_NAME = re.compile(r"(\d{8,})(\+?)\.npz")
Progress = Callable[[int, "int | None", str], None]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """The same sentences in the posterior mean space at one moment of training.

    Attributes:
        step: joint updates done.
        half: whether the encoder-only updates that follow them are done as well.
        rows: row numbers in the split, shape (N,).
        split: of the run's data.
        means: where they are.
        seconds: that it took to find out.
    """

    step: int
    half: bool
    rows: NDArray[np.int64]
    split: str
    means: Means
    seconds: float

    @property
    def moment(self) -> float:
        """Joint updates done; a half more between two of them."""
        return self.step + 0.5 * self.half


# -- writing ------------------------------------------------------------------------------------


class MeanSpaceRecord:
    """Takes the snapshots that a run's settings ask for.

    Args:
        run: where they are kept.
        config: the experiment, whose ``training.mean_space`` says which.
        material: where the sentences are from.
        state: what is trained; snapshots later than it are of a session that was lost, and are dropped.

    Raises:
        ConfigError: the latent family has no posterior.
    """

    def __init__(
        self, run: Run, config: ExperimentConfig, material: Material, state: TrainingState
    ) -> None:
        from engine.evaluation.mean_space import require_density

        assert config.training.mean_space is not None
        require_density(state.model)
        self._settings = config.training.mean_space
        self._seed = config.seed
        self._tokens, self._among, self._rows = _sentences(config, material)
        self._folder = run.path / FOLDER
        self._folder.mkdir(exist_ok=True)
        for moment, path in _paths(self._folder):
            if moment > state.step:
                path.unlink()

    def after_update(self, state: TrainingState, progress: Progress | None = None) -> None:
        """A snapshot after a joint update, if one is due that has not been taken.

        Args:
            state: what is trained.
            progress: told how many sentences are done; where it raises there is no snapshot.
        """
        if self._due(state) and not self._path(state.step, half=False).exists():
            self._take(state, half=False, progress=progress)

    def between(self, state: TrainingState) -> None:
        """A snapshot between encoder-only updates and the joint one, if those are asked for."""
        if self._settings.half_steps and self._in_time(state):
            self._take(state, half=True)

    def _due(self, state: TrainingState) -> bool:
        ended = state.position >= state.horizon.steps_per_epoch or state.finished
        if ended and self._settings.epoch_ends:
            return True
        return state.step % self._settings.every == 0 and self._in_time(state)

    def _in_time(self, state: TrainingState) -> bool:
        return self._settings.until is None or state.step <= self._settings.until

    def _path(self, step: int, half: bool) -> Path:
        return self._folder / f"{step:08d}{'+' if half else ''}.npz"

    def _take(self, state: TrainingState, half: bool, progress: Progress | None = None) -> None:
        from engine.evaluation.mean_space import posterior_means

        started = time.perf_counter()
        means = posterior_means(
            state.model,
            self._tokens,
            self._among,
            samples=self._settings.samples,
            seed=self._seed,
            progress=progress,
        )
        seconds = time.perf_counter() - started
        write(
            self._path(state.step, half),
            Snapshot(state.step, half, self._rows, self._settings.split, means, seconds),
        )


def _sentences(
    config: ExperimentConfig, material: Material
) -> tuple[Tokens, NDArray[np.int64], NDArray[np.int64]]:
    """Tokens, which of them, and what their numbers are in the split."""
    from engine.evaluation.rows import choose
    from engine.runs.material import trained_rows

    settings = config.training.mean_space
    assert settings is not None
    train = settings.split == "train"
    tokens = material.batches.tokens if train else material.valid
    among = choose(len(tokens), settings.sentences, config.seed)
    if not train:
        return tokens, among, among
    return tokens, among, trained_rows(material.rows, config.data.limit, config.seed)[among]


def write(path: Path, snapshot: Snapshot) -> None:
    """Keep a snapshot in a file that is whole or absent."""
    means = snapshot.means
    with files.drafted(path) as draft, open(draft, "wb") as file:
        np.savez(
            file,
            model=means.model,
            inference=means.inference,
            error=means.error,
            ess=means.ess,
            samples=np.array(means.samples),
            kl=means.kl,
            mutual_information=np.array(means.mutual_information),
            rows=snapshot.rows,
            split=np.array(snapshot.split),
            seconds=np.array(snapshot.seconds),
        )


# -- reading ------------------------------------------------------------------------------------


def recorded(run: Run) -> list[float]:
    """The moments of a run's snapshots so far, in their order: joint updates, a half more in between."""
    return [moment for moment, _ in _paths(run.path / FOLDER)]


def snapshots(run: Run, known: dict[float, Snapshot] | None = None) -> list[Snapshot]:
    """The snapshots of a run so far, in the order of training; none where none was asked for.

    Args:
        run: any run.
        known: snapshots by their moment that need not be read again; those read are added, those that
            are gone dropped. For a page that looks again and again.
    """
    known = {} if known is None else known
    paths = dict(_paths(run.path / FOLDER))
    for moment in known.keys() - paths.keys():
        del known[moment]
    for moment, path in paths.items():
        if moment not in known and (snapshot := read(path)) is not None:
            known[moment] = snapshot
    return [known[moment] for moment in paths if moment in known]


def read(path: Path) -> Snapshot | None:
    """The snapshot in a file; None where it is gone or damaged."""
    step, half = _moment(path.name) or (0, False)
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as saved:
            arrays: dict[str, Any] = {name: saved[name] for name in saved.files}
        means = Means(
            model=arrays["model"],
            inference=arrays["inference"],
            error=arrays["error"],
            ess=arrays["ess"],
            samples=int(arrays["samples"]),
            kl=arrays["kl"],
            mutual_information=float(arrays["mutual_information"]),
        )
        split, seconds = str(arrays["split"]), float(arrays["seconds"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        logger.warning("%s is damaged and left out: %s", path, error)
        return None
    return Snapshot(step, half, arrays["rows"], split, means, seconds)


def _paths(folder: Path) -> Iterator[tuple[float, Path]]:
    """Moments and files, in the order of training."""
    found = [(_moment(path.name), path) for path in folder.glob("[0-9]*.npz")]
    yield from sorted((m[0] + 0.5 * m[1], path) for m, path in found if m is not None)


def _moment(name: str) -> tuple[int, bool] | None:
    match = _NAME.fullmatch(name)
    return (int(match[1]), bool(match[2])) if match else None
