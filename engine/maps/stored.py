"""Arrays in the cache of a run: written whole, and made anew where they are damaged."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.explore.comparison import Change
from engine.explore.projections import Linear, Nearest, Projection
from engine.explore.quality import Quality
from engine.runs import files

logger = logging.getLogger(__name__)


def write(path: Path, arrays: dict[str, Any]) -> None:
    """Keep arrays in a file that is whole or absent."""
    with files.drafted(path) as draft, open(draft, "wb") as file:
        np.savez(file, **arrays)


def read(path: Path, needed: Iterable[str]) -> dict[str, Any] | None:
    """The arrays of a file of the cache; None where there is none, or it is damaged and now removed."""
    if not path.exists():
        return None
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
        if missing := set(needed) - set(arrays):
            raise KeyError(f"no {', '.join(sorted(missing))}")
        return arrays
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        logger.warning("%s is damaged and will be made anew: %s", path, error)
        path.unlink(missing_ok=True)
        return None


def projection_arrays(made: Projection) -> dict[str, Any]:
    """What is kept of a projection; its codes have a file of their own."""
    arrays: dict[str, Any] = {
        "coordinates": made.coordinates,
        "names": np.array(made.names),
        "notes": np.array(made.notes, dtype=str),
    }
    if made.shares is not None:
        arrays["shares"] = made.shares
    if isinstance(made.frame, Linear):
        return arrays | {"loadings": made.frame.loadings, "centre": made.frame.centre}
    return arrays | {"reach": np.array(made.frame.reach)}


def read_projection(path: Path, encoded: NDArray[Any]) -> Projection | None:
    """The projection in a file, of these codes (N, Z); None where there is none or it is damaged."""
    saved = read(path, ("coordinates", "names", "notes"))
    if saved is None or len(saved["coordinates"]) != len(encoded):
        return None
    coordinates = saved["coordinates"]
    frame: Linear | Nearest
    if "loadings" in saved:
        frame = Linear(saved["loadings"], saved["centre"])
    else:
        frame = Nearest(encoded, coordinates, float(saved["reach"]))
    names, notes = tuple(saved["names"].tolist()), tuple(saved["notes"].tolist())
    return Projection(coordinates, names, frame, saved.get("shares"), notes)


def quality_arrays(measured: Quality) -> dict[str, Any]:
    """What is kept of a map's quality."""
    return {
        "counts": np.array([measured.k, measured.n, measured.of]),
        "means": np.array([measured.trustworthiness, measured.recall]),
        "trustworthiness": measured.trustworthiness_of,
        "recall": measured.recall_of,
    }


def read_quality(path: Path, rows: int) -> Quality | None:
    """The quality in a file, of so many rows; None where there is none or it is damaged."""
    saved = read(path, ("counts", "means", "trustworthiness", "recall"))
    if saved is None or len(saved["recall"]) != rows:
        return None
    k, n, of = (int(count) for count in saved["counts"])
    trust, recall = (float(mean) for mean in saved["means"])
    return Quality(k, n, of, trust, recall, saved["trustworthiness"], saved["recall"])


def change_arrays(change: Change) -> dict[str, Any]:
    """What is kept of a comparison of two neighbourhoods."""
    counts = np.array([change.k, change.n, change.of])
    return {"counts": counts, "mean": np.array(change.mean), "of_row": change.of_row}


def read_change(path: Path, rows: int) -> Change | None:
    """The change in a file, of so many rows; None where there is none or it is damaged."""
    saved = read(path, ("counts", "mean", "of_row"))
    if saved is None or len(saved["of_row"]) != rows:
        return None
    k, n, of = (int(count) for count in saved["counts"])
    return Change(k, n, of, float(saved["mean"]), saved["of_row"])
