"""ModelHost: trained models, loaded once and kept while there is room."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import DataError, RunNotFound
from engine.runs.store import TOKENIZER_FILE, WEIGHTS, Run, find

if TYPE_CHECKING:
    import torch

    from engine.data.tokenizers import Tokenizer
    from engine.decoding.together import Together
    from engine.evaluation.mode import Progress
    from engine.experiment import ExperimentConfig
    from engine.models.vae import VAE

Key = tuple[Path, str]
Stamp = tuple[int, int, int]
BUDGET_BYTES = 2 * 2**30
ATTEMPTS = 3


@dataclass(frozen=True)
class Hosted:
    """A model that is ready: in evaluation mode, in float32, on its device.

    Attributes:
        lock: held while the model computes; one per device, so that two pages do not contend for it.
        together: the callers of the model, whose codes are decoded in one batch.
        stamp: changes when the checkpoint does; part of the key of whatever is cached from the model.
        bytes: what its weights take.
    """

    model: VAE
    tokenizer: Tokenizer
    config: ExperimentConfig
    device: torch.device
    lock: threading.RLock
    together: Together
    run: Run
    checkpoint: str
    stamp: Stamp
    bytes: int

    @property
    def version(self) -> str:
        """The version of the checkpoint that was loaded, as ``Run.version`` has it; it may be an old one by now."""
        modified, size, _ = self.stamp
        return f"{self.run.path}|{self.checkpoint}|{size}|{modified}"

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have the model to oneself but for decoding, which is done for all who wait: ``with`` this."""
        with self.together.turn():
            yield

    def giving_way(self, progress: Progress | None = None) -> Progress:
        """A progress callback for long work within a turn: whenever it is told, others may come in.

        Args:
            progress: told what it is told; where it raises, the work ends.
        """

        def told(done: int, total: int | None, what: str) -> None:
            self.together.give_way()
            if progress:
                progress(done, total, what)

        return told


@dataclass
class ModelHost:
    """Loads models when they are asked for; forgets the least recently used beyond a budget.

    Attributes:
        device: "auto", "cpu", "cuda" ...; where the models live.
        budget_bytes: memory that the weights may take together; one model is kept in any case.
    """

    device: str = "auto"
    budget_bytes: int = BUDGET_BYTES
    _hosted: OrderedDict[Key, Hosted] = field(default_factory=OrderedDict)
    _locks: dict[str, threading.RLock] = field(default_factory=dict)
    _loading: dict[Key, threading.Lock] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def get(self, run: Run | str | Path, checkpoint: str = "best") -> Hosted:
        """The model of a checkpoint, loaded again if its file has changed.

        Raises:
            RunNotFound: there is no such run, or it has no such checkpoint (yet).
            DataError: the checkpoint cannot be read, or does not fit its config.
        """
        run = run if isinstance(run, Run) else find(run)
        key = (run.path, checkpoint)
        with self._one_loader(key):
            hosted = self._known(key, _stamp(run, checkpoint))
            return hosted or self._keep(key, self._load(run, checkpoint))

    def forget(self, run: Run) -> None:
        """Drop all models of a run."""
        with self._guard:
            for key in [key for key in self._hosted if key[0] == run.path]:
                del self._hosted[key]

    @contextmanager
    def _one_loader(self, key: Key) -> Iterator[None]:
        """Two callers load one model once, and wait for nobody who loads another."""
        with self._guard:
            lock = self._loading.setdefault(key, threading.Lock())
        with lock:
            yield

    def _known(self, key: Key, stamp: Stamp) -> Hosted | None:
        with self._guard:
            hosted = self._hosted.get(key)
            if hosted is None or hosted.stamp != stamp:
                return None
            self._hosted.move_to_end(key)
            return hosted

    def _keep(self, key: Key, hosted: Hosted) -> Hosted:
        with self._guard:
            self._hosted[key] = hosted
            self._hosted.move_to_end(key)
            while sum(h.bytes for h in self._hosted.values()) > self.budget_bytes:
                if len(self._hosted) == 1:
                    break
                self._hosted.popitem(last=False)
        return hosted

    def _load(self, run: Run, checkpoint: str) -> Hosted:
        from engine.data.tokenizers import Tokenizer
        from engine.decoding.search import decode_now
        from engine.decoding.together import Together
        from engine.devices import choose_device
        from engine.experiment import load_config
        from engine.models.vae import build_model

        stamp, weights = _weights(run, checkpoint)
        config = load_config(run.config())
        tokenizer = Tokenizer.load(run.path / TOKENIZER_FILE)
        device = choose_device(self.device)
        model = build_model(config.model, tokenizer.vocab_size)
        _fill(model, weights, run.path / "checkpoints" / checkpoint)
        model.to(device).eval().requires_grad_(False)
        size = sum(weight.numel() * weight.element_size() for weight in model.state_dict().values())
        lock = self._lock(str(device))
        together = Together(model, lock, decode_now)
        return Hosted(
            model, tokenizer, config, device, lock, together, run, checkpoint, stamp, size
        )

    def _lock(self, device: str) -> threading.RLock:
        with self._guard:
            return self._locks.setdefault(device, threading.RLock())


def _stamp(run: Run, checkpoint: str) -> Stamp:
    facts = (run.checkpoint(checkpoint) / WEIGHTS).stat()
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _weights(run: Run, checkpoint: str) -> tuple[Stamp, dict[str, Any]]:
    """The stored tensors and the stamp of their file; a worker may replace it while we read."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    for _ in range(ATTEMPTS):
        try:
            stamp = _stamp(run, checkpoint)
            weights = load_file(run.checkpoint(checkpoint) / WEIGHTS)
            if stamp == _stamp(run, checkpoint):
                return stamp, weights
        except FileNotFoundError:
            continue
        except SafetensorError as error:
            raise DataError(
                f"checkpoint {checkpoint!r} of run {run.name!r} must be a safetensors file, but {error}; "
                f"use another checkpoint or train again"
            ) from error
    raise RunNotFound(
        f"checkpoint {checkpoint!r} of run {run.name!r} changes faster than it can be read; "
        f"stop the run or use another checkpoint"
    )


def _fill(model: VAE, weights: dict[str, Any], path: Path) -> None:
    """Copy stored weights into the model, whatever number format they were stored in."""
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise DataError(
            f"{path} must fit the run's config.json and tokenizer.json: {error}; restore those files"
        ) from error
