"""Exports of a map are read back by those who read such files."""

from __future__ import annotations

import csv
import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from engine.config import DataError
from engine.explore.map_exports import MAP_EXPORTS, Points, escaped, table

TEXTS = ['plain, "quoted"', "a\ttab and\na line", "back\\slash \\n", "ünïcode ☂"]
POINTS = Points(
    rows=np.array([3, 5, 8, 13]),
    texts=TEXTS,
    coordinates=np.array([[0.5, -1], [1, 2], [3, 4], [5, 6]]),
    axes=("PC 1", "z[3]"),
    codes=np.arange(12, dtype=np.float32).reshape(4, 3) / 7,
    labels=["a", "b", "a\tb", "c"],
    columns={"cluster": np.array([1, 0, 2, 1])},
)
COLUMNS = ["row", "text", "label", "map_pc_1", "map_z_3", "cluster", "z0", "z1", "z2"]


def test_parquet_holds_rows_texts_coordinates_and_codes() -> None:
    frame = pd.read_parquet(io.BytesIO(MAP_EXPORTS["parquet"].write(POINTS)))
    assert frame.columns.tolist() == COLUMNS
    assert frame["text"].tolist() == TEXTS and frame["row"].tolist() == [3, 5, 8, 13]
    assert frame[["z0", "z1", "z2"]].to_numpy() == pytest.approx(POINTS.codes)
    assert frame[["map_pc_1", "map_z_3"]].to_numpy() == pytest.approx(POINTS.coordinates)
    assert frame["cluster"].tolist() == [1, 0, 2, 1] and frame["z0"].dtype == np.float32


def test_csv_holds_the_same_and_texts_come_back_as_they_were() -> None:
    written = MAP_EXPORTS["csv"].write(POINTS).decode("utf-8")
    header, *lines = csv.reader(io.StringIO(written, newline=""))
    assert header == COLUMNS and [line[1] for line in lines] == TEXTS
    assert [float(line[8]) for line in lines] == pytest.approx(POINTS.codes[:, 2], rel=1e-6)
    assert pd.read_csv(io.StringIO(written))["label"].tolist() == POINTS.labels


def test_the_projector_reads_a_vector_and_a_row_of_metadata_a_line() -> None:
    pack = zipfile.ZipFile(io.BytesIO(MAP_EXPORTS["projector"].write(POINTS)))
    vectors = pack.read("vectors.tsv").decode().splitlines()
    metadata = pack.read("metadata.tsv").decode().removesuffix("\n").split("\n")
    assert [[float(unit) for unit in line.split("\t")] for line in vectors] == [
        pytest.approx(code) for code in POINTS.codes.tolist()
    ]
    header, *rows = [line.split("\t") for line in metadata]
    assert header == ["row", "text", "label", "cluster"] and len(rows) == len(vectors)
    assert all(len(row) == 4 for row in rows)
    assert [row[1] for row in rows] == [escaped(text) for text in TEXTS]
    assert rows[1][1] == "a\\ttab and\\na line" and rows[2][2] == "a\\tb"


def test_what_is_escaped_can_be_read_back() -> None:
    for text in [*TEXTS, "\r\n\t\\", "\\t", "\t"]:
        safe = escaped(text)
        assert not set(safe) & set("\t\n\r")
        assert safe.encode().decode("unicode_escape").encode("latin-1").decode() == text


def test_without_labels_there_is_no_such_column_and_names_are_used_once() -> None:
    bare = Points(POINTS.rows, TEXTS, POINTS.coordinates, ("a", "b"), POINTS.codes)
    assert table(bare).column_names == ["row", "text", "map_a", "map_b", "z0", "z1", "z2"]
    twice = Points(POINTS.rows, TEXTS, POINTS.coordinates, ("PC 1", "pc 1"), POINTS.codes)
    with pytest.raises(DataError, match="map_pc_1 twice"):
        table(twice)


@pytest.mark.parametrize("name", MAP_EXPORTS)
def test_every_format_introduces_itself(name: str) -> None:
    export = MAP_EXPORTS[name]
    assert export.label and "/" in export.media_type and not export.suffix.startswith(".")
