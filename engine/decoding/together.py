"""What several callers want of one model, decoded in one batch.

A decoder writes twenty sentences in little more time than one, so that callers who wait for the same model
had better be served together. Nobody waits for company: whoever finds that no other caller of the model can
still join runs what is queued, the others' work with his own, and hands the results back. There is no thread
besides the callers', and so none to be left behind.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.decoding.config import DecodingConfig

if TYPE_CHECKING:
    from engine.models.vae import VAE

Sentences = list[list[int]]

# Codes decoded at once, unless a single caller brings more.
MOST_CODES = 512
# Nobody waits longer than this for others who are about to join.
PATIENCE_SECONDS = 0.05
# What a caller with much to do leaves between two parts of it, for others to come in.
_OPENING_SECONDS = 0.001

_taking_part: ContextVar[Together | None] = ContextVar("taking part", default=None)


@dataclass(eq=False)
class _Job:
    """One caller's codes, and in the end his sentences or what went wrong with them."""

    z: Tensor
    config: DecodingConfig
    since: float = field(default_factory=time.monotonic)
    sentences: Sentences | None = None
    error: Exception | None = None

    @property
    def done(self) -> bool:
        return self.sentences is not None or self.error is not None

    def goes_with(self, other: _Job) -> bool:
        """Whether one batch serves both: what is drawn depends on a seed, and so on nobody else's work."""
        if "sample" in (self.config.strategy, other.config.strategy):
            return False
        return self.config.model_copy(update={"seed": other.config.seed}) == other.config


class Together:
    """The callers of one model on its device.

    Args:
        model: a text VAE.
        lock: of its device; held by whoever computes there.
        decode: writes the sentences of codes (N, Z), as ``search.decode_now`` does.
        most_codes: decoded at once.
    """

    def __init__(
        self,
        model: VAE,
        lock: threading.RLock,
        decode: Callable[[VAE, Tensor, DecodingConfig], Sentences],
        most_codes: int = MOST_CODES,
    ) -> None:
        self.model, self._decode, self.most_codes = model, decode, most_codes
        self._lock, self._changed = lock, threading.Condition(lock)
        self._queue: deque[_Job] = deque()
        self._at_work = 0  # callers who have a turn and are not waiting; guarded by the lock
        self._coming = 0  # callers who wait for the lock
        self._guard = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the device; codes that are decoded meanwhile may be decoded with those of other callers."""
        if _taking_part.get() is self:
            yield
            return
        with self._guard:
            self._coming += 1
        try:
            self._lock.acquire()
        finally:
            with self._guard:
                self._coming -= 1
        self._at_work += 1
        mark = _taking_part.set(self)
        try:
            yield
        finally:
            _taking_part.reset(mark)
            self._at_work -= 1
            self._changed.notify_all()
            self._lock.release()

    def give_way(self) -> None:
        """Within a turn: let others have the device for a moment; random streams are found as they were."""
        states = _random_states()
        self._at_work -= 1
        try:
            self._changed.notify_all()
            self._changed.wait(_OPENING_SECONDS)
        finally:
            self._at_work += 1
            _restore(states)

    def decode(self, z: Tensor, config: DecodingConfig) -> Sentences:
        """Within a turn: the sentences of codes (N, Z), decoded with whatever else is waiting."""
        job = _Job(z, config)
        self._queue.append(job)
        self._at_work -= 1
        try:
            while not job.done:
                if self._nobody_else_can_join():
                    self._serve()
                else:
                    self._changed.wait(PATIENCE_SECONDS)
        finally:
            self._at_work += 1
            if not job.done:  # the caller was interrupted
                self._queue.remove(job)
        if job.error is not None:
            raise job.error
        assert job.sentences is not None
        return job.sentences

    def _nobody_else_can_join(self) -> bool:
        """Or enough has joined, or somebody has waited long enough; asked with the lock held."""
        full = sum(len(job.z) for job in self._queue) >= self.most_codes
        waited = time.monotonic() - self._queue[0].since > PATIENCE_SECONDS
        return full or waited or not (self._at_work or self._coming)

    def _serve(self) -> None:
        """Decode for the caller who has waited longest and all who go with him; the lock is held."""
        batch = self._batch()
        try:
            self._write(batch)
        finally:
            # Whoever is interrupted while he works for others gives their work back, in its place.
            self._queue.extendleft(job for job in reversed(batch) if not job.done)
            self._changed.notify_all()

    def _batch(self) -> list[_Job]:
        """The first job and later ones that go with it, as many as fit; the others keep their places."""
        batch = [self._queue.popleft()]
        codes = len(batch[0].z)
        for job in list(self._queue):
            if job.goes_with(batch[0]) and codes + len(job.z) <= self.most_codes:
                self._queue.remove(job)
                batch.append(job)
                codes += len(job.z)
        return batch

    def _write(self, batch: list[_Job]) -> None:
        """Sentences for every job, or its error: what one job breaks is tried again one by one."""
        try:
            found = self._decode(self.model, torch.cat([job.z for job in batch]), batch[0].config)
        except Exception as error:
            if len(batch) == 1:
                batch[0].error = error
                return
            for job in batch:
                self._write([job])
            return
        start = 0
        for job in batch:
            job.sentences = found[start : start + len(job.z)]
            start += len(job.z)


def taking_part(model: Any) -> Together | None:
    """The callers of ``model`` that this thread belongs to, if it has a turn.

    Not where random streams are set or gradients are off for the caller's own purposes: those must not
    reach others.
    """
    found = _taking_part.get()
    if found is None or found.model is not model or torch.is_inference_mode_enabled():
        return None
    return found


def _random_states() -> list[Tensor]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return [torch.get_rng_state(), *cuda]


def _restore(states: list[Tensor]) -> None:
    torch.set_rng_state(states[0])
    if states[1:]:
        torch.cuda.set_rng_state_all(states[1:])
