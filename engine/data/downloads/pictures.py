"""Readers of published pictures: tensors, a Matlab file, and the idx files of MNIST."""

from __future__ import annotations

import gzip
import math
import pickle
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.config import DataError
from engine.data.corpus import SPLITS
from engine.data.pictures import WHITE, write
from engine.data.reading import Rows

SIDE = 28
_ROWS = 1_000
_IMAGES, _LABELS = 2051, 2049
"""What an idx file begins with: unsigned bytes in three dimensions, and in one."""

_NO_TENSORS = (
    *(pickle.UnpicklingError, RuntimeError, EOFError, ValueError),
    *(KeyError, IndexError, TypeError, AttributeError),
    *(AssertionError, OSError, OverflowError, struct.error),
)

_NO_MATRICES = (
    *(KeyError, IndexError, ValueError, TypeError),
    *(NotImplementedError, OSError, EOFError, zlib.error),
)


def tensors(path: Path, split: str) -> Iterator[Rows]:
    """One of three tensors (N, 1, 28, 28) of ink from 0 to 1: training, validation, test.

    Only tensors are taken out of the file: a pickle that would run code is refused.

    References:
        Lagging Inference Networks and Posterior Collapse in Variational Autoencoders, He, Spokoyny,
        Neubig and Berg-Kirkpatrick, 2019, https://arxiv.org/abs/1901.05534

    Raises:
        DataError: it holds anything else.
    """
    import torch

    try:
        parts = torch.load(path, map_location="cpu", weights_only=True)
        found = parts[SPLITS.index(split)].reshape(-1, SIDE, SIDE).double().numpy()
        if len(parts) != len(SPLITS):
            raise ValueError(f"it holds {len(parts)} parts")
    except _NO_TENSORS as error:
        raise DataError(_other(path, "three tensors of 28 by 28 pictures", error)) from error
    yield from _rows(path, _levels(path, found))


def matlab(path: Path, split: str) -> Iterator[Rows]:
    """The columns of ``data`` or ``testdata``, ink from 0 to 1, as Matlab orders them; the alphabet is the label.

    References:
        Importance Weighted Autoencoders, Burda, Grosse and Salakhutdinov, 2016,
        https://arxiv.org/abs/1509.00519

    Raises:
        DataError: it has not these arrays.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    prefix = "test" if split == "test" else ""
    try:
        arrays = loadmat(path, variable_names=[f"{prefix}data", f"{prefix}target"])
        # Matlab counts down the columns first.
        found = arrays[f"{prefix}data"].T.reshape(-1, SIDE, SIDE).transpose(0, 2, 1)
        alphabets = arrays[f"{prefix}target"].argmax(0) + 1
    except (*_NO_MATRICES, MatReadError) as error:
        raise DataError(_other(path, "data and target in Matlab's format", error)) from error
    yield from _rows(path, _levels(path, found), [str(number) for number in alphabets])


def idx(path: Path, split: str) -> Iterator[Rows]:
    """The pictures of an idx file with the digits of the file of labels beside it.

    References:
        Gradient-based learning applied to document recognition, LeCun, Bottou, Bengio and Haffner, 1998,
        https://doi.org/10.1109/5.726791

    Raises:
        DataError: one of the two is missing or is another file.
    """
    beside = path.with_name(path.name.replace("images-idx3", "labels-idx1"))
    if not beside.exists():
        raise DataError(f"{beside.name} must lie beside {path.name}, in {path.parent}")
    found = _idx(path, _IMAGES, 3)
    digits = _idx(beside, _LABELS, 1)
    if len(found) != len(digits):
        raise DataError(
            f"{path.name} holds {len(found):,} pictures, but {beside.name} {len(digits):,} labels; "
            "take both from one place"
        )
    yield from _rows(path, found, [str(digit) for digit in digits])


def _idx(path: Path, magic: int, dimensions: int) -> np.ndarray:
    """The array of an idx file: a magic number, its sizes, and its bytes."""
    try:
        content = path.read_bytes()
        body = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        begins, *shape = struct.unpack_from(f">{1 + dimensions}I", body)
        start = 4 * (1 + dimensions)
        if begins != magic or len(body) - start != math.prod(shape):
            raise ValueError(f"it begins with {begins} and has {len(body):,} bytes")
        return np.frombuffer(body, np.uint8, offset=start).reshape(shape)
    except (struct.error, ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(_other(path, "a whole idx file of MNIST", error)) from error


def _levels(path: Path, ink: np.ndarray) -> np.ndarray:
    """Ink from 0 to 1 as grey levels."""
    if not (np.isfinite(ink).all() and ink.min(initial=0) >= 0 and ink.max(initial=0) <= 1):
        raise DataError(
            f"the ink of {path.name} must lie between 0 and 1; is it the published file?"
        )
    return np.rint(ink * WHITE).astype(np.uint8)


def _rows(path: Path, grey: np.ndarray, labels: Sequence[str] | None = None) -> Iterator[Rows]:
    size = path.stat().st_size
    for start in range(0, len(grey), _ROWS):
        part = grey[start : start + _ROWS]
        columns: dict[str, list[str]] = {"text": [write(picture) for picture in part]}
        if labels is not None:
            columns["label"] = list(labels[start : start + _ROWS])
        end = start + len(part)
        yield Rows(columns, range(start + 1, end + 1), size * end // len(grey))


def _other(path: Path, wanted: str, error: Exception) -> str:
    why = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
    return f"{path.name} must hold {wanted} ({why}); is it the published file, and whole?"
