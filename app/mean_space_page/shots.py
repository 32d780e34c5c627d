"""Snapshots as the tab takes them: those that were recorded, of one run or of two over the same sentences."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from app import loaders
from engine.data.corpus import Corpus
from engine.explore.mean_space import Along, Film, film
from engine.runs import store
from engine.runs.mean_space import Snapshot, snapshots


@dataclass(frozen=True, eq=False)
class Shots:
    """The snapshots of one run.

    Attributes:
        run: whose.
        taken: in the order of training, at least one.
    """

    run: store.Run
    taken: Sequence[Snapshot]

    @property
    def moments(self) -> list[float]:
        """When they were taken."""
        return [one.moment for one in self.taken]

    @property
    def units(self) -> int:
        """Z, numbers in a code."""
        return int(self.taken[-1].means.model.shape[1])

    def film(self, along: Along) -> Film:
        """What is drawn of them."""
        key = f"mean-space|{self.run.path}|{self.moments}|{self.version}|{along}"
        means = [one.means for one in self.taken]
        return kept(key, lambda: film(self.moments, means, along))

    @property
    def version(self) -> str:
        """What changes when a snapshot was taken anew."""
        return hashlib.blake2b(self.taken[-1].means.model.tobytes(), digest_size=8).hexdigest()


@st.cache_resource(show_spinner=False, max_entries=32)
def kept(key: str, _make: Callable[[], Any]) -> Any:
    """What ``_make`` makes, made once for a key that names all it is made of."""
    return _make()


@st.cache_resource(show_spinner=False, max_entries=8)
def _known(path: str, created: int) -> dict[float, Snapshot]:
    """Snapshots of a run that have been read; of another run in the same folder none."""
    return {}


def recorded(run: store.Run) -> Shots | None:
    """What a run has recorded so far; None where that is nothing."""
    created = (run.path / store.CONFIG_FILE).stat().st_mtime_ns
    known = dict(_known(str(run.path), created))
    taken = snapshots(run, known)
    _known(str(run.path), created).update(known)
    return Shots(run, taken) if taken else None


def others(run: store.Run) -> list[store.Run]:
    """Runs on the same data that have recorded something as well."""
    from engine.runs.mean_space import recorded as moments

    name = loaders.data_name(run)
    return [
        other
        for other in loaders.runs()
        if other != run and moments(other) and loaders.data_name(other) == name
    ]


@dataclass(frozen=True, eq=False)
class Rows:
    """The sentences that all shots have.

    Attributes:
        numbers: in their split, shape (N,).
        places: where they are among each shots' own, (N,) each.
        texts: what they say.
        key: names them.
    """

    numbers: np.ndarray
    places: Sequence[np.ndarray]
    texts: Sequence[str]
    key: str


def rows_of(shots: Sequence[Shots]) -> Rows:
    """The sentences that one or two runs have in common; none where they looked at different ones."""
    split = shots[0].taken[-1].split
    own = [one.taken[-1].rows if one.taken[-1].split == split else np.empty(0) for one in shots]
    shared = own[0]
    for other in own[1:]:
        shared = np.intersect1d(shared, other).astype(np.int64)
    places = [np.flatnonzero(np.isin(rows, shared)) for rows in own]
    data = loaders.data_name(shots[0].run)
    mark = hashlib.blake2b(np.ascontiguousarray(shared).tobytes(), digest_size=8).hexdigest()
    key = f"{data}|{split}|{mark}"
    texts = kept(f"mean-space-texts|{key}", lambda: list(Corpus.open(data).texts(split, shared)))
    return Rows(shared, places, texts, key)
