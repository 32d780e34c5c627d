"""The codes of a run's sentences: encoded once, kept by run, checkpoint and choice of rows."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.config import DataError, one_of
from engine.data.corpus import SPLITS, Corpus, Progress
from engine.explore.encoding import Encoded, encode_corpus, stratified
from engine.maps import stored
from engine.maps.asked import Asked
from engine.runs.store import Run

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.hosting import Hosted, ModelHost

# Sentences encoded before somebody else may have the model.
PART = 512
COLUMNS = ("indices", "codes", "kl", "reconstruction", "spread")


@dataclass(frozen=True)
class Request(Asked):
    """Which sentences of which checkpoint.

    Attributes:
        run: a run with that checkpoint.
        checkpoint: best, last or step-...
        split: train, valid or test.
        n: how many rows, each label with its share; all where absent.
        seed: of the choice of rows, and of the posterior samples.
        reconstruction: whether each sentence is also scored, which takes most of the time.
    """

    KIND = "codes"

    split: str
    n: int | None = None
    seed: int = 42
    reconstruction: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The request as plain values, for another process."""
        asked = {one.name: getattr(self, one.name) for one in fields(self)}
        return asked | {"run": str(self.run.path), "name": self.run.name}

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Request:
        """The request of another process."""
        asked = {one.name: given[one.name] for one in fields(cls)}
        return cls(**asked | {"run": Run(Path(given["run"]), given["name"])})


@dataclass(frozen=True, kw_only=True)
class Codes(Encoded):
    """Encoded sentences with what they say.

    Attributes:
        texts: of each row.
        labels: of each row, or None where the data have none.
        of: how many rows the split has.
    """

    texts: list[str]
    labels: list[str] | None
    of: int

    def take(self, positions: np.ndarray) -> Codes:
        """Only the rows at these positions, in this order."""
        columns: dict[str, Any] = {name: getattr(self, name)[positions] for name in COLUMNS}
        chosen = positions.tolist()
        return Codes(
            **columns,
            deviations=None if self.deviations is None else self.deviations[positions],
            texts=[self.texts[at] for at in chosen],
            labels=None if self.labels is None else [self.labels[at] for at in chosen],
            of=self.of,
        )


def find(request: Request) -> Codes | None:
    """The codes if they have been encoded; not if their file is damaged, or the data have other rows now."""
    for wanted in (request, replace(request, reconstruction=True)):
        if (arrays := stored.read(wanted.file, (*COLUMNS, "fingerprint"))) is not None:
            data = _data(request)
            if str(arrays["fingerprint"]) == data.card.fingerprint:
                return _with_texts(request, arrays, data)
    return None


def obtain(request: Request, host: ModelHost, progress: Progress | None = None) -> Codes:
    """The codes, encoded now if they have not been."""
    return find(request) or encode(request, host, progress)


def encode(request: Request, host: ModelHost, progress: Progress | None = None) -> Codes:
    """Encode the sentences and keep their codes; those of older versions of the checkpoint are dropped.

    Args:
        request: which sentences of which checkpoint.
        host: where the model is; between parts of 512 sentences others may have it.
        progress: told how many sentences are done.

    Raises:
        RunNotFound: there is no such checkpoint.
        DataError: the data set is gone, or the split has no rows.
    """
    from engine.data.library import at_hand
    from engine.runs.material import split_of

    if request.split not in SPLITS:
        raise DataError(one_of("split", request.split, SPLITS))
    hosted = host.get(request.run, request.checkpoint)
    data = at_hand(hosted.config.data.name, progress)
    tokens = split_of(request.run, hosted.config, request.split, progress)
    total = data.rows(request.split)
    if not total:
        raise DataError(
            f"the split {request.split!r} of data set {data.name!r} has no rows; choose another"
        )
    labels = data.labels(request.split) if request.n is not None and request.n < total else None
    rows = stratified(total, total if request.n is None else request.n, labels, request.seed)
    arrays = _encoded(request, hosted, tokens, rows, progress)
    arrays["fingerprint"] = np.array(data.card.fingerprint)
    mark = request.mark_of(hosted.version)
    request.drop_older(mark)
    stored.write(request.file_of(mark), arrays)
    return _with_texts(request, arrays, data)


def _encoded(
    request: Request,
    hosted: Hosted,
    tokens: Tokens,
    rows: np.ndarray,
    progress: Progress | None,
) -> dict[str, np.ndarray]:
    """Encode rows in parts of like length, and put them back in their order."""
    order = np.argsort(tokens.lengths[rows], kind="stable")
    parts: list[Encoded] = []
    for start in range(0, len(rows), PART):
        # In parts, so that a page which wants the model waits for one of them and not for all.
        with hosted.lock:
            part = encode_corpus(
                hosted.model,
                tokens,
                rows[order[start : start + PART]],
                reconstruction=request.reconstruction,
                seed=request.seed + start,
            )
        parts.append(part)
        if progress:
            progress(min(start + PART, len(rows)), len(rows), "encoding")
        time.sleep(0.001)  # a thread that waits for the lock is woken
    back = np.argsort(order)
    names = COLUMNS if parts[0].deviations is None else (*COLUMNS, "deviations")
    return {name: np.concatenate([getattr(part, name) for part in parts])[back] for name in names}


def _data(request: Request) -> Corpus:
    return Corpus.open(str(request.run.config()["data"]["name"]))


def _with_texts(request: Request, arrays: dict[str, Any], data: Corpus) -> Codes:
    rows = arrays["indices"]
    columns = {name: arrays[name] for name in COLUMNS} | {"deviations": arrays.get("deviations")}
    return Codes(
        **columns,
        texts=data.texts(request.split, rows),
        labels=data.labels(request.split, rows),
        of=data.rows(request.split),
    )
