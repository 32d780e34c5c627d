r"""A map as files: Parquet and CSV for programs, and the pair that the TensorFlow Projector reads.

The Projector's files are lines of fields parted by tabs, without quotes; so in texts a backslash, tab or
line end is written ``\\``, ``\t``, ``\n`` or ``\r``.

References:
    TensorBoard's Projector, https://projector.tensorflow.org (load: one vector a line, one row of
    metadata a line, with a header where there is more than one column).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.config import DataError

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True)
class Points:
    """What is exported of N sentences.

    Attributes:
        rows: their numbers in the split, shape (N,).
        texts: of each.
        coordinates: on the map, shape (N, C).
        axes: names of the C axes.
        codes: shape (N, Z).
        labels: of each, or None.
        columns: more of each, such as cluster numbers, by name.
    """

    rows: NDArray[np.int64]
    texts: Sequence[str]
    coordinates: NDArray[Any]
    axes: Sequence[str]
    codes: NDArray[Any]
    labels: Sequence[str] | None = None
    columns: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MapExport:
    """One format: its label, file suffix, media type and writer."""

    label: str
    suffix: str
    media_type: str
    write: Callable[[Points], bytes]


def table(points: Points) -> Any:
    """A pyarrow table: row, text, label, the map's axes, other columns, and z0 ... of the code.

    Raises:
        DataError: two columns would bear one name.
    """
    import pyarrow as pa

    names, values = ["row", "text"], [pa.array(points.rows), pa.array(list(points.texts))]
    if points.labels is not None:
        names, values = [*names, "label"], [*values, pa.array(list(points.labels))]
    for axis, across in zip(points.axes, np.asarray(points.coordinates).T, strict=True):
        names.append(f"map_{_plain(axis)}")
        values.append(pa.array(across.astype(np.float32)))
    for name, column in points.columns.items():
        names.append(name)
        values.append(pa.array(column))
    for unit, value in enumerate(np.asarray(points.codes).T):
        names.append(f"z{unit}")
        values.append(pa.array(value.astype(np.float32)))
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"columns need different names, got {', '.join(twice)} twice; rename one")
    return pa.table(values, names=names)


def to_parquet(points: Points) -> bytes:
    """One row a sentence, typed columns."""
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(table(points), out)
    return out.getvalue()


def to_csv(points: Points) -> bytes:
    """One row a sentence, UTF-8, a header, texts in quotes."""
    import pyarrow.csv

    out = io.BytesIO()
    pyarrow.csv.write_csv(table(points), out)
    return out.getvalue()


def to_projector(points: Points) -> bytes:
    """vectors.tsv (the codes) and metadata.tsv (row, text, label, other columns), in a zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("vectors.tsv", vectors_tsv(points.codes))
        pack.writestr("metadata.tsv", metadata_tsv(points))
    return out.getvalue()


def vectors_tsv(codes: NDArray[Any]) -> bytes:
    """One code a line, its units parted by tabs."""
    import pyarrow as pa
    import pyarrow.csv

    units = np.asarray(codes, dtype=np.float32).T
    columns = pa.table(
        [pa.array(unit) for unit in units], names=[str(n) for n in range(len(units))]
    )
    out = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter="\t")
    pyarrow.csv.write_csv(columns, out, options)
    return out.getvalue()


def metadata_tsv(points: Points) -> bytes:
    """A header, and one line a sentence in the order of the codes."""
    columns: dict[str, Iterable[Any]] = {"row": points.rows.tolist(), "text": points.texts}
    if points.labels is not None:
        columns["label"] = points.labels
    columns |= {name: np.asarray(column).tolist() for name, column in points.columns.items()}
    lines = ["\t".join(map(escaped, columns))]
    lines += ["\t".join(map(escaped, line)) for line in zip(*columns.values(), strict=True)]
    return ("\n".join(lines) + "\n").encode()


def escaped(value: Any) -> str:
    """A field of a file whose fields are parted by tabs."""
    return str(value).translate(_ESCAPES)


def _plain(axis: str) -> str:
    """``PC 1`` -> ``pc_1``, ``z[3]`` -> ``z_3``."""
    return re.sub(r"\W+", "_", axis.lower()).strip("_") or "axis"


MAP_EXPORTS: dict[str, MapExport] = {
    "parquet": MapExport("Parquet", "parquet", "application/vnd.apache.parquet", to_parquet),
    "csv": MapExport("CSV", "csv", "text/csv", to_csv),
    "projector": MapExport("TensorFlow Projector", "zip", "application/zip", to_projector),
}
