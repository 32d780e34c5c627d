"""Writes a corpus as a stream: staged in a hidden folder, split, renamed only when whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.config import DataError
from engine.data.corpus import SPLITS, Card, Corpus, Progress, exists, folder, hashes
from engine.data.splitting import DROPPED, allot

STALE_PREFIX = ".draft-"


class Draft:
    """A corpus that is being written; leaving the ``with`` block unfinished leaves nothing.

    ``add`` takes columns of any number of rows; they go to one staging file, so that memory holds
    one batch and a 64-bit hash per row. ``finish`` decides the splits from the hashes, copies the
    rows into one file per split and renames the folder.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = 0
        self._hashes: list[np.ndarray] = []
        self._given: list[np.ndarray] = []
        self._digest = hashlib.blake2b(digest_size=16)
        self._numeric: dict[str, bool] = {}
        self._writer: Any = None

    def __enter__(self) -> Draft:
        if exists(self.name):
            raise DataError(
                f"a data set named {self.name!r} exists already; delete it first or choose "
                "another name"
            )
        folder().mkdir(parents=True, exist_ok=True)
        _sweep()
        prefix = f"{STALE_PREFIX}{os.getpid()}-"
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=folder()))
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def add(self, columns: Mapping[str, Any], split: str | None = None) -> None:
        """Stage rows; ``text`` is needed, ``split`` None leaves the choice to ``finish``."""
        batch = _batch(columns)
        if not batch.num_rows:
            return
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self.path / "staged"), batch.schema)
            self._numeric = {n: True for n in batch.schema.names if n not in ("text", "label")}
        self._writer.write_batch(batch)
        self._hashes.append(hashes(batch.column("text")))
        code = DROPPED if split is None else SPLITS.index(split)
        self._given.append(np.full(batch.num_rows, code, dtype=np.uint8))
        self._note_types(batch)
        self.rows += batch.num_rows

    def finish(
        self,
        *,
        valid: float = 0.1,
        test: float = 0.1,
        seed: int = 42,
        drop_overlap: bool = False,
        progress: Progress | None = None,
        **card: Any,
    ) -> Corpus:
        """Split, write, rename; ``card`` are the fields of ``Card`` that the caller knows."""
        texts = _joined(self._hashes, np.uint64)
        given = _joined(self._given, np.uint8)
        noun = "picture" if card.get("kind") == "images" else "text"
        shares = {"valid": valid, "test": test}
        codes, notes = allot(texts, given, shares, seed, drop_overlap, noun)
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        columns, rows = self._deal(codes, progress)
        self._digest.update(texts.tobytes() + codes.tobytes())
        card["notes"] = (*card.get("notes", ()), *notes)
        done = Card(
            name=self.name,
            columns=columns,
            label_column="label" if "label" in columns else None,
            rows=rows,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            seed=seed,
            fingerprint=self._digest.hexdigest(),
            **card,
        )
        return self._publish(done)

    def _note_types(self, batch: pa.RecordBatch) -> None:
        for name in batch.schema.names:
            column = batch.column(name)
            if name == "label":
                self._digest.update(hashes(column).tobytes())
            elif self._numeric.get(name) and pa.types.is_large_string(column.type):
                self._numeric[name] = _is_numeric(column)

    def _deal(
        self, codes: np.ndarray, progress: Progress | None
    ) -> tuple[tuple[str, ...], dict[str, int]]:
        """Copy the staged rows into one file per split; returns the columns and rows per split."""
        staged = pa.ipc.open_file(pa.memory_map(str(self.path / "staged")))
        schema = pa.schema([self._stored(field) for field in staged.schema])
        with contextlib.ExitStack() as stack:
            writers = [
                stack.enter_context(pa.ipc.new_file(str(self.path / f"{split}.arrow"), schema))
                for split in SPLITS
            ]
            start = 0
            for number in range(staged.num_record_batches):
                batch = staged.get_batch(number).cast(schema)
                mine = codes[start : start + batch.num_rows]
                for code, writer in enumerate(writers):
                    if (mine == code).any():
                        writer.write_batch(batch.filter(pa.array(mine == code)))
                start += batch.num_rows
                if progress:
                    progress(start, self.rows, f"writing {self.name}")
        (self.path / "staged").unlink()
        counts = {split: int((codes == code).sum()) for code, split in enumerate(SPLITS)}
        return tuple(schema.names), counts

    def _stored(self, field: pa.Field) -> pa.Field:
        """Extra columns of text that hold nothing but numbers are kept as numbers."""
        numeric = self._numeric.get(field.name) and pa.types.is_large_string(field.type)
        return pa.field(field.name, pa.float64()) if numeric else field

    def _publish(self, card: Card) -> Corpus:
        with open(self.path / "card.json", "w", encoding="utf-8") as file:
            file.write(card.model_dump_json(indent=2))
            file.flush()
            os.fsync(file.fileno())
        self.path.chmod(0o755)
        try:
            self.path.rename(folder() / self.name)
        except OSError as error:
            raise DataError(
                f"a data set named {self.name!r} appeared while this one was written; "
                "choose another name"
            ) from error
        return Corpus.open(self.name)


def _batch(columns: Mapping[str, Any]) -> pa.RecordBatch:
    arrays = {name: _array(values) for name, values in columns.items()}
    return pa.record_batch(list(arrays.values()), names=list(arrays))


def _array(values: Any) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    textual = pa.types.is_string(array.type) or pa.types.is_null(array.type)
    return array.cast(pa.large_string()) if textual else array


def _is_numeric(column: pa.Array) -> bool:
    try:
        pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _joined(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def _sweep() -> None:
    """Remove what processes left that were killed while they wrote."""
    import psutil

    for path in folder().glob(f"{STALE_PREFIX}*"):
        pid = path.name.removeprefix(STALE_PREFIX).split("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(path, ignore_errors=True)
