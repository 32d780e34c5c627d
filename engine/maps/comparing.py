"""Two runs, or two checkpoints of one, over the same sentences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import DataError
from engine.data.corpus import Progress
from engine.explore.comparison import Change, neighbourhood_change, shared_rows
from engine.maps import codes, stored
from engine.maps.codes import Codes, Request

if TYPE_CHECKING:
    from engine.hosting import ModelHost


@dataclass(frozen=True)
class Comparison:
    """The same sentences as two models see them.

    Attributes:
        left: their codes by the one.
        right: their codes by the other; row i is the sentence of row i on the left.
        change: how far the neighbourhoods differ, of the whole and of each row.
    """

    left: Codes
    right: Codes
    change: Change


def compare(
    left: Request,
    right: Request,
    host: ModelHost,
    progress: Progress | None = None,
    k: int = 10,
) -> Comparison:
    """The codes of both over the rows that both have, and whose neighbours have changed.

    Args:
        left: rows of one run at one checkpoint.
        right: rows of another run on the same data, or of another checkpoint; the same n and seed give
            the same rows.
        host: where the models are, for codes that are not there yet.
        progress: told how many sentences are encoded.
        k: neighbours compared.

    Raises:
        DataError: the two do not share their data and split, or fewer than two rows.
    """
    _require_same_data(left, right)
    one, other = (codes.obtain(request, host, progress) for request in (left, right))
    one, other = _shared(one, other)
    if progress:
        progress(0, None, "comparing neighbours")
    change = neighbourhood_change(one.codes, other.codes, k)
    stored.write(file_of(left, right, k), stored.change_arrays(change))
    return Comparison(one, other, change)


def find(left: Request, right: Request, k: int = 10) -> Comparison | None:
    """The comparison if it has been made; None until then.

    Args:
        left: as for ``compare``.
        right: as for ``compare``.
        k: neighbours compared.

    Raises:
        DataError: the two do not share their data and split, or the data set is gone.
    """
    _require_same_data(left, right)
    one, other = codes.find(left), codes.find(right)
    if one is None or other is None:
        return None
    one, other = _shared(one, other)
    change = stored.read_change(file_of(left, right, k), len(one.texts))
    return None if change is None else Comparison(one, other, change)


def file_of(left: Request, right: Request, k: int = 10) -> Path:
    """Where a comparison is kept once it is made."""
    return left.run.cache / f"change-{left.mark}-{right.mark}-{k}.npz"


def _require_same_data(left: Request, right: Request) -> None:
    sides = [(request.run.config()["data"]["name"], request.split) for request in (left, right)]
    if sides[0] != sides[1]:
        a, b = (f"{data} ({split})" for data, split in sides)
        raise DataError(
            f"two maps can be compared if they are of the same data set and split, got {a} and {b}; "
            "choose a run on the same data"
        )


def _shared(one: Codes, other: Codes) -> tuple[Codes, Codes]:
    """The rows that both have, in one order."""
    first, second = shared_rows(one.indices, other.indices)
    return one.take(first), other.take(second)
