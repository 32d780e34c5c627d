"""The codes of a run's sentences: encoded once in the background, kept on disk by run and checkpoint."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app import jobs, loaders
from engine.data.corpus import Corpus
from engine.runs.store import Run

CHUNK = 512
COLUMNS = ("indices", "codes", "kl", "reconstruction", "spread")


@dataclass(frozen=True)
class Request:
    """Which sentences of which checkpoint."""

    run: Run
    checkpoint: str
    split: str
    n: int
    seed: int

    @property
    def key(self) -> str:
        """The background job that encodes these."""
        return f"codes:{self.run.name}:{self._mark}"

    @property
    def file(self) -> Path:
        """Where the codes are kept; a checkpoint that is written anew has another place."""
        return self.run.cache / f"codes-{self._mark}.npz"

    @property
    def _mark(self) -> str:
        version = loaders.version(self.run, self.checkpoint)
        parts = f"{version}|{self.split}|{self.n}|{self.seed}"
        return hashlib.sha256(parts.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Codes:
    """Encoded sentences with what can colour them; arrays of length N, codes (N, Z)."""

    indices: np.ndarray
    codes: np.ndarray
    kl: np.ndarray
    reconstruction: np.ndarray
    spread: np.ndarray
    texts: list[str]
    labels: list[str] | None
    of: int


def read(request: Request) -> Codes | None:
    """The codes, if they have been encoded."""
    if not request.file.exists():
        return None
    with np.load(request.file) as saved:
        arrays = {name: saved[name] for name in COLUMNS}
    data = Corpus.open(loaders.data_name(request.run))
    rows = arrays["indices"].tolist()
    texts, labels = data.texts(request.split, rows), data.labels(request.split, rows)
    return Codes(**arrays, texts=texts, labels=labels, of=data.rows(request.split))


def encode(request: Request) -> jobs.Job:
    """Begin to encode them, or find the job that does."""
    title = f"Encoding sentences of {request.run.name}"
    return jobs.start(request.key, title, lambda progress: _encode(request, progress))


def _encode(request: Request, progress: jobs.Progress) -> None:
    from engine.data.library import resolve
    from engine.explore.encoding import encode_corpus, stratified
    from engine.runs.material import split_of

    hosted = loaders.host().get(request.run, request.checkpoint)
    data = resolve(hosted.config.data.name, progress)
    tokens = split_of(request.run, hosted.config, request.split, progress)
    labels = data.labels(request.split)
    rows = stratified(data.rows(request.split), request.n, labels, request.seed)
    parts = []
    for start in range(0, len(rows), CHUNK):
        # In parts, so that a page which wants the model waits for one of them and not for all.
        with hosted.lock:
            part = encode_corpus(
                hosted.model, tokens, rows[start : start + CHUNK], seed=request.seed
            )
        parts.append(part)
        progress(min(start + CHUNK, len(rows)), len(rows), "encoding")
        time.sleep(0.001)
    draft = request.file.with_name(f".{request.file.stem}.{os.getpid()}.npz")
    np.savez(
        draft, **{name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
    )
    draft.replace(request.file)
