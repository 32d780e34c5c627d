"""Batches of lines: begun in the background, found again from any tab, kept until newer ones take their place."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from app import jobs
from app.background import Waiting, keep, kept
from app.creating.model import Model
from app.reconstruct_page.lines import Lines

MOST = 12


@dataclass(frozen=True)
class Batch:
    """Lines that were asked for.

    Attributes:
        key: of the job that reconstructs them, and of its result.
        title: what they are, in words.
        model: through which they go.
        lines: what they are.
        strategy: how codes are decoded.
    """

    key: str
    title: str
    model: Model
    lines: Lines
    strategy: str

    def make(self, progress: jobs.Progress) -> Any:
        """Reconstruct them; whoever else wants the model has it between two chunks."""
        from engine.explore.bulk import reconstruct_lines

        hosted = self.model.hosted()
        with hosted.turn():
            return reconstruct_lines(
                hosted.model,
                hosted.tokenizer,
                self.lines.texts,
                self.lines.labels,
                self.model.decoding(self.strategy),
                progress=hosted.giving_way(progress),
            )

    def result(self, waiting: Waiting, place: Any = None) -> Any | None:
        """The reconstructions; None while they are made."""
        return waiting.result(self.key, self.title, self.make, place)

    @property
    def state(self) -> str:
        """A word about it: made, under way, or broken off."""
        if kept(self.key) is not None:
            return "done"
        job = jobs.find(self.key)
        return "" if job is None else "at work" if job.live else job.state


_asked: OrderedDict[str, Batch] = OrderedDict()
_lock = threading.Lock()


def of(model: Model, lines: Lines, strategy: str) -> Batch:
    """The batch of these lines, whether or not it was begun."""
    key = f"bulk:{model.key}|{lines.digest}|{strategy}"
    return Batch(key, f"{lines.title}, {strategy}", model, lines, strategy)


def begin(batch: Batch) -> None:
    """Begin it in the background, and remember that it was asked for; one that broke off begins anew."""
    jobs.dismiss(batch.key)
    _remember(batch)
    if kept(batch.key) is None:
        jobs.start(batch.key, batch.title, batch.make)


def at_once(batch: Batch) -> None:
    """Reconstruct a few lines now."""
    if kept(batch.key) is None:
        keep(batch.key, batch.make(lambda *told: None))
    _remember(batch)


def _remember(batch: Batch) -> None:
    with _lock:
        _asked[batch.key] = batch
        _asked.move_to_end(batch.key)
        while len(_asked) > MOST:
            _asked.popitem(last=False)


def asked(model: Model) -> list[Batch]:
    """Batches of this model, the newest first; those of which nothing is left are not among them."""
    with _lock:
        found = [batch for batch in reversed(_asked.values()) if batch.model.key == model.key]
    return [batch for batch in found if batch.state]
