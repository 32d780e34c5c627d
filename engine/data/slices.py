"""Slices: named groups of rows of a data set, which every run on it can show, filter and compare.

A slice is a file of JSON in ``slices/<data set>/`` of the home folder. It remembers the fingerprint of
the rows that it was made of: where the data set is made anew with other rows it is kept, and refused,
because its row numbers would point at strangers.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
from pydantic import ValidationError

from engine.config import Config, DataError, explain, home, one_of
from engine.data.corpus import SPLITS, Corpus, Split

LONGEST = 60


class Slice(Config):
    """Some rows of one split of a data set.

    Attributes:
        name: unique within the data set, whatever the case of its letters.
        data: name of the data set.
        fingerprint: of its rows when the slice was made.
        split: which split the rows are of.
        rows: their numbers, ascending, each once.
        made: how it was made, in words ("lasso on PaCMAP of run mine").
        created: when, ISO 8601.
    """

    name: str
    data: str
    fingerprint: str
    split: Split
    rows: tuple[int, ...]
    made: str = ""
    created: str

    @property
    def indices(self) -> np.ndarray:
        """The row numbers, int64 (n,)."""
        return np.asarray(self.rows, dtype=np.int64)

    def positions(self, shown: np.ndarray) -> np.ndarray:
        """Where the rows of the slice are among the row numbers ``shown``, ascending; others are left out."""
        return np.flatnonzero(np.isin(shown, self.indices))


@dataclass(frozen=True)
class Shelf:
    """The slices of a data set.

    Attributes:
        slices: those that can be used, by name.
        stale: those whose rows the data set no longer has.
        problems: a sentence for each file that cannot be read.
    """

    slices: tuple[Slice, ...]
    stale: tuple[Slice, ...]
    problems: tuple[str, ...]


def folder(data: str) -> Path:
    """Where the slices of a data set are."""
    return home() / "slices" / data


def shelf(corpus: Corpus) -> Shelf:
    """All slices of a data set; one that is damaged takes none of the others with it."""
    found: list[Slice] = []
    stale: list[Slice] = []
    problems: list[str] = []
    for path in sorted(folder(corpus.name).glob("[!.]*.json")):
        try:
            one = _read(path)
        except DataError as error:
            problems.append(str(error))
            continue
        (found if _fits(one, corpus) else stale).append(one)
    return Shelf(_by_name(found), _by_name(stale), tuple(problems))


def find(corpus: Corpus, name: str) -> Slice:
    """The slice of that name.

    Raises:
        DataError: there is none, its file is damaged, or the data set has other rows by now.
    """
    path = _path(corpus.name, name)
    if not path.is_file():
        known = [one.name for one in shelf(corpus).slices]
        hint = one_of("slice", name, known) if known else f"unknown slice {name!r}"
        raise DataError(
            hint if known else f"{hint}; {corpus.name} has none yet, save one on the map"
        )
    found = _read(path)
    if not _fits(found, corpus):
        raise DataError(
            f"slice {found.name!r} is of other rows: data set {corpus.name!r} was made anew since "
            f"{found.created[:10]}; delete the slice and choose its sentences again"
        )
    return found


def save(
    corpus: Corpus, name: str, split: str, rows: Iterable[int] | np.ndarray, made: str = ""
) -> Slice:
    """Keep some rows of a split under a name.

    Args:
        corpus: the data set.
        name: 1 to 60 characters, one of them a letter or digit.
        split: train, valid or test.
        rows: row numbers in that split, in any order.
        made: how it was made, in words.

    Raises:
        DataError: the name is taken or cannot be one, or there are no such rows.
    """
    if split not in SPLITS:
        raise DataError(one_of("split", split, SPLITS))
    chosen = np.unique(np.asarray(list(rows), dtype=np.int64))
    total = corpus.rows(split)
    if not len(chosen) or chosen[0] < 0 or chosen[-1] >= total:
        what = f"{chosen[0]:,} to {chosen[-1]:,}" if len(chosen) else "none"
        raise DataError(
            f"a slice needs at least one row number between 0 and {total - 1:,}, got {what}; "
            "choose some sentences of this split"
        )
    fresh = Slice(
        name=_checked(name),
        data=corpus.name,
        fingerprint=corpus.card.fingerprint,
        split=cast(Split, split),
        rows=tuple(chosen.tolist()),
        made=made,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    _place(fresh)
    return fresh


def rename(corpus: Corpus, name: str, new: str) -> Slice:
    """Give a slice another name.

    Raises:
        DataError: there is no such slice, or the new name is taken or cannot be one.
    """
    renamed = find(corpus, name).model_copy(update={"name": _checked(new)})
    old, path = _path(corpus.name, name), _path(corpus.name, new)
    if old == path:  # other capitals, the same file
        _write(old, renamed)
        return renamed
    _place(renamed)
    old.unlink(missing_ok=True)
    return renamed


def delete(corpus: Corpus, name: str) -> None:
    """Remove a slice, a stale or damaged one too.

    Raises:
        DataError: there is no slice of that name.
    """
    path = _path(corpus.name, name)
    if not path.is_file():
        find(corpus, name)  # says which there are
    path.unlink(missing_ok=True)


def _by_name(found: list[Slice]) -> tuple[Slice, ...]:
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def _fits(one: Slice, corpus: Corpus) -> bool:
    return one.fingerprint == corpus.card.fingerprint


def _checked(name: str) -> str:
    """A name that can be shown and found again."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not re.search(r"\w", tidy) or len(tidy) > LONGEST or not tidy.isprintable():
        raise DataError(
            f"a slice's name must be 1 to {LONGEST} printable characters, one of them a letter or "
            f"digit, got {name!r}; choose another name"
        )
    return tidy


def _path(data: str, name: str) -> Path:
    """The file of a name: readable where that can be, and its own whatever the name."""
    tidy = " ".join(unicodedata.normalize("NFC", name).split()).casefold()
    readable = re.sub(r"[^a-z0-9]+", "-", tidy).strip("-")[:40]
    mark = hashlib.blake2b(tidy.encode(), digest_size=4).hexdigest()
    return folder(data) / f"{readable or 'slice'}-{mark}.json"


def _read(path: Path) -> Slice:
    try:
        return Slice.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        why = explain(error)
    except (OSError, UnicodeDecodeError) as error:
        why = str(error)
    raise DataError(f"{path} cannot be read as a slice ({why}); delete the file")


def _place(one: Slice) -> None:
    """Write a slice whose name is free, even if somebody takes it at this instant."""
    path = _path(one.data, one.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, one)
    try:
        os.link(draft, path)
    except FileExistsError as error:
        raise DataError(
            f"a slice named {one.name!r} exists already; choose another name or delete that slice"
        ) from error
    finally:
        draft.unlink()


def _write(path: Path, one: Slice) -> None:
    os.replace(_draft(path, one), path)


def _draft(path: Path, one: Slice) -> Path:
    """The slice on disk under a hidden name, whole."""
    handle, draft = tempfile.mkstemp(prefix=".", suffix=".draft", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(one.model_dump_json())
        file.flush()
        os.fsync(file.fileno())
    return Path(draft)
