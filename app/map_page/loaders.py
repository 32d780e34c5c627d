"""What the map's page computes once and keeps: packed points, texts and colours, so that a rerun packs nothing.

Beside app/loaders.py the only ``st.cache_*`` wrappers. What is kept is shared by all sessions and never
changed. Its key says what it is made of: run, checkpoint and its version, rows, the data's fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from app import latent_map as maps
from app import loaders, showing
from app.once import once
from engine.data import corpus, slices
from engine.maps import codes
from engine.maps.codes import Codes, Request

if TYPE_CHECKING:
    from engine.explore.encoding import Encoded
    from engine.explore.sentences import Sentence
    from engine.explore.words import WordIndex


@dataclass(frozen=True, eq=False)
class Space:
    """Encoded rows of a run at a checkpoint.

    Attributes:
        request: which rows of what.
        found: their codes and sentences.
        key: names them; other rows, codes or texts have another key.
    """

    request: Request
    found: Codes
    key: str

    @property
    def n(self) -> int:
        """How many rows."""
        return len(self.found.texts)

    @property
    def corpus(self) -> corpus.Corpus:
        """The data set that the rows are of."""
        return corpus.Corpus.open(loaders.data_name(self.request.run))

    def taken(self, found: Codes, name: str) -> Space:
        """Some of the rows."""
        same = found.texts == self.found.texts
        return self if same else replace(self, found=found, key=f"{self.key}-{name}")


class _Absent(Exception):
    """What is not there is not kept either: it may be there the next time."""


@st.cache_resource(show_spinner=False, max_entries=4)
def _space(key: str, _request: Request) -> Space:
    if (found := codes.find(_request)) is None:
        raise _Absent
    return Space(_request, found, key)


def space(request: Request) -> Space | None:
    """The encoded rows; None until they are encoded.

    Raises:
        DataError: the data set is gone.
    """
    data = corpus.Corpus.open(loaders.data_name(request.run))
    try:
        return _space(f"{request.run.path}|{request.mark}|{data.card.fingerprint}", request)
    except _Absent:
        return None


def of_file(path: Path, make: Callable[[], Any]) -> Any:
    """What ``make`` reads from a file, read once for each version of it; None where it reads nothing."""
    try:
        stamp = path.stat()
    except FileNotFoundError:
        return None

    def read() -> Any:
        if (found := make()) is None:
            raise _Absent
        return found

    try:
        return once(f"{path}|{stamp.st_mtime_ns}|{stamp.st_size}", read)
    except _Absent:
        return None


def texts(space: Space) -> maps.Texts:
    """The sentences as the map takes them; what they say is what its rows are known by."""
    pictures = showing.of(space.request.run).images
    return once(f"texts|{space.key}", lambda: maps.Texts(space.found.texts, pictures))


def column(space: Space) -> Any:
    """The sentences as an Arrow array, which is searched in no time."""
    import pyarrow as pa

    return once(f"column|{space.key}", lambda: pa.array(space.found.texts, pa.large_string()))


def words(space: Space) -> WordIndex:
    """The words of all sentences, counted: a second for a hundred thousand."""
    from engine.explore.words import WordIndex

    return once(f"words|{space.key}", lambda: WordIndex.of(space.found.texts))


def labels(space: Space) -> maps.Categories | None:
    """The labels, where the rows have some."""
    found = space.found.labels
    if found is None or not any(found):
        return None
    return once(f"labels|{space.key}", lambda: maps.Categories.of(found))


def values(
    space: Space, name: str, unit: str, make: Callable[[], np.ndarray], version: str = ""
) -> maps.Values:
    """A number a row as the map takes it."""
    key = f"values|{space.key}|{name}|{version}"
    return once(key, lambda: maps.Values(np.asarray(make(), np.float32), name, unit))


def typed(request: Request, text: str) -> tuple[Sentence, Encoded]:
    """A typed sentence as a checkpoint's model reads it, and through its encoder."""
    run, checkpoint = request.run, request.checkpoint
    key = f"typed|{loaders.version(run, checkpoint)}|{text}"
    return once(key, lambda: _typed(request, text))


def _typed(request: Request, text: str) -> tuple[Sentence, Encoded]:
    from engine.explore.encoding import encode_texts
    from engine.explore.sentences import read

    hosted = loaders.host().get(request.run, request.checkpoint)
    with hosted.lock:
        most = loaders.max_tokens(request.run)
        (sentence,) = read(hosted.tokenizer, [text], most)
        return sentence, encode_texts(hosted.model, hosted.tokenizer, [text], most)


def centroid(space: Space, rows: np.ndarray) -> Any:
    """The middle of chosen rows, decoded."""
    return once(f"centroid|{space.key}|{digest(rows)}", lambda: _centroid(space, rows))


def _centroid(space: Space, rows: np.ndarray) -> Any:
    from engine.decoding import DecodingConfig
    from engine.explore.centroid import centroid

    run = space.request.run
    hosted = loaders.host().get(run, space.request.checkpoint)
    with hosted.lock:
        decoding = DecodingConfig(max_tokens=loaders.max_tokens(run))
        return centroid(hosted.model, hosted.tokenizer, space.found.codes[rows], decoding)


def shelf(space: Space) -> slices.Shelf:
    """The slices of the data set, read anew whenever one was saved, renamed or deleted."""
    data = space.corpus
    files = sorted(slices.folder(data.name).glob("[!.]*.json"))
    stamp = [(path.name, path.stat().st_mtime_ns) for path in files]
    return once(f"shelf|{data.card.fingerprint}|{stamp}", lambda: slices.shelf(data))


def digest(array: np.ndarray) -> str:
    """Names the content of an array."""
    return hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=12).hexdigest()
