"""A corpus on disk: a card and one memory-mapped Arrow file per split."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.config import Config, DataError, home, one_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Indices = Sequence[int] | np.ndarray

SPLITS = ("train", "valid", "test")
NOUNS = {"text": "sentences", "images": "pictures"}
"""What the rows of a corpus are called, by its kind."""
Split = Literal["train", "valid", "test"]
Progress = Callable[[int, int | None, str], None]
"""Called with what is done, the total where it is known, and what is being done, in words."""


class Card(Config):
    """What is known about a corpus without opening it.

    Of ``kind`` images, each text is a picture: a PNG as a data URI (:mod:`engine.data.pictures`).
    """

    name: str
    title: str
    kind: Literal["text", "images"] = "text"
    source: str
    licence: str = ""
    columns: tuple[str, ...] = ("text",)
    text_column: str = "text"
    label_column: str | None = None
    rows: dict[str, int]
    created: str
    seed: int | None = None
    notes: tuple[str, ...] = ()
    encoding_problems: tuple[str, ...] = ()
    builtin: bool = False
    fingerprint: str
    source_fingerprint: str = ""


def folder() -> Path:
    """Where corpora live: ``datasets/`` of the home folder."""
    return home() / "datasets"


def corpora() -> list[Card]:
    """The cards of all corpora on disk, sorted by name."""
    cards = folder().glob("[!.]*/card.json")
    return sorted((_read_card(path) for path in cards), key=lambda card: card.name)


def delete(name: str) -> None:
    """Remove a corpus from disk; what was tokenised from it stays in the cache."""
    path = Corpus.open(name).path
    # Renamed first: a reader never sees half a corpus.
    doomed = path.with_name(f".deleted-{path.name}")
    shutil.rmtree(doomed, ignore_errors=True)
    path.rename(doomed)
    shutil.rmtree(doomed)


def exists(name: str) -> bool:
    """Whether a corpus of this name is on disk."""
    named = bool(name) and "/" not in name and not name.startswith(".")
    return named and (folder() / name / "card.json").is_file()


def _read_card(path: Path) -> Card:
    try:
        return Card.model_validate_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(
            f"{path} cannot be read as the card of a data set; delete the folder "
            f"{path.parent} and import the data again"
        ) from error


class Corpus:
    """Sentences in three splits, read from disk as they are asked for."""

    def __init__(self, card: Card, path: Path) -> None:
        self.card = card
        self.path = path

    @property
    def name(self) -> str:
        """The name under which the corpus is opened."""
        return self.card.name

    @classmethod
    def open(cls, name: str) -> Corpus:
        """The corpus of this name.

        Raises:
            DataError: there is none; the message names those that exist.
        """
        if not exists(name):
            known = [card.name for card in corpora()]
            hint = one_of("data set", name, known) if known else f"unknown data set {name!r}"
            raise DataError(hint if known else f"{hint}; none has been imported yet")
        path = folder() / name
        return cls(_read_card(path / "card.json"), path)

    def rows(self, split: str) -> int:
        """How many sentences a split has."""
        return self._table(split).num_rows

    def texts(self, split: str, indices: Indices | None = None) -> list[str]:
        """Sentences of a split: all of them, or those at ``indices``, in that order."""
        return self._values(split, "text", indices).to_pylist()

    def labels(self, split: str, indices: Indices | None = None) -> list[str] | None:
        """Labels of a split, or None where the corpus has none."""
        if self.card.label_column is None:
            return None
        return self._values(split, "label", indices).to_pylist()

    def column(self, split: str, name: str, indices: Indices | None = None) -> np.ndarray:
        """Any column as an array, such as the true latents z0 and z1 of the synthetic corpus."""
        if name not in self.card.columns:
            raise DataError(one_of("column", name, self.card.columns))
        return self._values(split, name, indices).to_numpy()

    def iter_texts(self, split: str, batch: int = 10_000) -> Iterator[list[str]]:
        """All sentences of a split in order, ``batch`` at a time."""
        column = self._table(split).column("text")
        for start in range(0, len(column), batch):
            yield column.slice(start, batch).to_pylist()

    def text_hashes(self, split: str) -> np.ndarray:
        """A 64-bit hash of every text of a split, uint64 (N,): equal texts, equal hashes."""
        import numpy as np

        chunks = self._table(split).column("text").chunks
        return np.concatenate([hashes(chunk) for chunk in chunks] or [np.empty(0, np.uint64)])

    def _values(self, split: str, name: str, indices: Indices | None) -> Any:
        column = self._table(split).column(name)
        return column if indices is None else column.take(_positions(indices, len(column)))

    def _table(self, split: str) -> pa.Table:
        if split not in SPLITS:
            raise DataError(one_of("split", split, SPLITS))
        return self._tables[split]

    @cached_property
    def _tables(self) -> dict[str, pa.Table]:
        import pyarrow as pa

        try:
            return {
                split: pa.ipc.open_file(pa.memory_map(str(self.path / f"{split}.arrow"))).read_all()
                for split in SPLITS
            }
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(
                f"the files of data set {self.name!r} in {self.path} cannot be read ({error}); "
                "delete it and import it again"
            ) from error


def hashes(column: pa.Array) -> np.ndarray:
    """A 64-bit hash per string; two of five million texts share one with odds of 1 in a million."""
    import numpy as np
    import pandas as pd

    values = column.to_numpy(zero_copy_only=False)
    return pd.util.hash_array(np.asarray(values, dtype=object), categorize=False)


def _positions(indices: Indices, rows: int) -> Any:
    import numpy as np
    import pyarrow as pa

    positions = np.asarray(indices, dtype=np.int64)
    if positions.size and not (positions.min() >= 0 and positions.max() < rows):
        raise DataError(
            f"row numbers must lie between 0 and {rows - 1:,}, got {positions.min():,} to "
            f"{positions.max():,}"
        )
    return pa.array(positions)
