"""One split of a corpus as ids on disk, so that a run starts without cutting text again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.config import home
from engine.data.corpus import Corpus, Progress
from engine.data.tokenizers import PAD, Tokenizer

_BATCH = {"text": 20_000, "images": 1_000}
"""Rows that are in memory at once; a picture takes as much as hundreds of sentences."""


class Tokens:
    """The ids of a split: rows of ``START ... END``, memory-mapped.

    Attributes:
        lengths: int64 (N,), tokens of each row, start and end counted.
    """

    def __init__(self, ids: np.ndarray, offsets: np.ndarray) -> None:
        """``ids`` int32 flat; row i lies between ``offsets[i]`` and ``offsets[i + 1]``."""
        self.ids = ids
        self.offsets = offsets
        self.lengths = np.diff(offsets)

    @classmethod
    def open(cls, path: Path) -> Tokens:
        """Map the files that ``tokenize`` wrote."""
        offsets = np.load(path / "offsets.npy")
        if offsets[-1] == 0:
            return cls(np.empty(0, np.int32), offsets)
        return cls(np.load(path / "ids.npy", mmap_mode="r"), offsets)

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Tokens:
        """Rows of ids held in memory, such as ``Tokenizer.encode`` returns."""
        offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        flat = [i for row in rows for i in row]
        return cls(np.array(flat, dtype=np.int32), offsets)

    def __len__(self) -> int:
        return len(self.lengths)

    def head(self, rows: int | None) -> Tokens:
        """The first ``rows`` rows, or all of them for None, without a copy."""
        if rows is None or rows >= len(self):
            return self
        return Tokens(self.ids, self.offsets[: rows + 1])

    def rows(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """The rows at ``indices`` as int64 (B, T), padded on the right with 0."""
        chosen = np.asarray(indices, dtype=np.int64)
        lengths = self.lengths[chosen]
        columns = np.arange(lengths.max(initial=0))
        inside = columns < lengths[:, None]
        out = np.full(inside.shape, PAD, dtype=np.int64)
        out[inside] = self.ids[(self.offsets[chosen][:, None] + columns)[inside]]
        return out

    def sentences(self, indices: Sequence[int] | np.ndarray) -> list[list[int]]:
        """The rows at ``indices`` without start and end."""
        bounds = ((self.offsets[row] + 1, self.offsets[row + 1] - 1) for row in indices)
        return [self.ids[start:end].tolist() for start, end in bounds]


def tokenize(
    corpus: Corpus,
    split: str,
    tokenizer: Tokenizer,
    max_tokens: int | None,
    progress: Progress | None = None,
) -> Tokens:
    """The ids of a split, cut to ``max_tokens`` between start and end; kept in the cache."""
    path = home() / "cache" / "tokens" / _key(corpus, split, tokenizer, max_tokens)
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=path.parent))
        try:
            _write(draft, corpus, split, tokenizer, max_tokens, progress)
            _publish(draft, path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return Tokens.open(path)


def _key(corpus: Corpus, split: str, tokenizer: Tokenizer, max_tokens: int | None) -> str:
    parts = [corpus.card.fingerprint, split, tokenizer.fingerprint, max_tokens]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _write(
    draft: Path,
    corpus: Corpus,
    split: str,
    tokenizer: Tokenizer,
    max_tokens: int | None,
    progress: Progress | None,
) -> None:
    total, lengths = corpus.rows(split), []
    pieces = "pixels" if corpus.card.kind == "images" else "tokens"
    with open(draft / "flat", "wb") as file:
        for texts in corpus.iter_texts(split, _BATCH[corpus.card.kind]):
            ids, sizes = tokenizer.flat(texts, max_tokens)
            ids.tofile(file)
            lengths.append(sizes)
            if progress:
                progress(sum(map(len, lengths)), total, f"cutting {corpus.name} into {pieces}")
    offsets = np.concatenate([[0], *lengths]).cumsum().astype(np.int64)
    np.save(draft / "offsets.npy", offsets)
    _with_header(draft / "flat", draft / "ids.npy", int(offsets[-1]))


def _with_header(flat: Path, target: Path, size: int) -> None:
    """Turn raw int32 into .npy: the header needs the size, known only at the end."""
    with open(target, "wb") as file, open(flat, "rb") as body:
        header = {"descr": "<i4", "fortran_order": False, "shape": (size,)}
        np.lib.format.write_array_header_1_0(file, header)
        shutil.copyfileobj(body, file, 1 << 22)
    flat.unlink()


def _publish(draft: Path, path: Path) -> None:
    try:
        os.rename(draft, path)
    except OSError:
        if not path.is_dir():
            raise
        # Another process was faster with the same content.
