from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pytest

from engine.data.tokenizers import Tokenizer
from engine.data.tokens import Tokens
from engine.evaluation.aggregate import aggregate
from engine.evaluation.holes import find_holes
from engine.explore.analogy import analogy
from engine.explore.arithmetic import arithmetic_of
from engine.explore.attributes import attribute_vector
from engine.explore.holes import decode_extremes
from engine.explore.interpolation import between
from engine.explore.palette import palette
from engine.explore.slide import slide
from engine.explore.smoothness import smoothness
from engine.explore.stops import tour
from engine.explore.tables import WRITERS, Table, table_of, table_of_measures
from engine.explore.traversal import traverse, unit_axes
from engine.explore.wobble import wobble
from engine.models.vae import VAE
from tests.explore.conftest import TEXTS


@pytest.fixture(scope="module")
def results(trained: VAE, tokenizer: Tokenizer) -> dict[str, tuple[Any, int]]:
    """One of each kind, with the rows that its table has."""
    data = aggregate(trained, Tokens.of(tokenizer.encode(TEXTS * 4)), None)
    codes = data.codes.numpy()
    rng = np.random.default_rng(0)
    groups = (codes[:5] + 0.1 * rng.normal(size=(5, 4)), codes[-5:] + 0.1 * rng.normal(size=(5, 4)))
    vector = attribute_vector(trained.latent, *groups, resamples=5)
    axes = unit_axes(arithmetic_of(trained.latent), codes)[:2]
    model = (trained, tokenizer)
    pairs = [(TEXTS[0], TEXTS[1])]
    return {
        "palette": (palette(*model, TEXTS[:4], 3, data=data), 9),
        "tour": (tour(*model, TEXTS[:3], 4), 7),
        "traversals": (traverse(*model, TEXTS[0], axes, stops=3), 6),
        "slide": (slide(*model, TEXTS[0], vector, [-1, 0, 1], resamples=2), 3),
        "analogy": (analogy(*model, pairs, TEXTS[2], (0, 1), others=codes, controls=2), 4),
        "wobble": (wobble(*model, TEXTS[0], 10), 0),
        "extremes": (decode_extremes(*model, find_holes(trained, data, 20), 3), 6),
    }


KINDS = ["palette", "tour", "traversals", "slide", "analogy", "wobble", "extremes"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_result_has_a_table_in_every_format(
    kind: str, results: dict[str, tuple[Any, int]]
) -> None:
    found, count = results[kind]
    table = table_of(found)
    assert len(table.rows) == (count or len(found.readings))
    assert all(len(row) == len(table.columns) for row in table.rows)
    rows = list(csv.DictReader(io.StringIO(table.to_csv())))
    loaded = json.loads(table.to_json())
    assert [row["sentence"] for row in rows] == [row["sentence"] for row in loaded]
    assert table.to_markdown().count("\n") == len(table.rows) + 2
    assert table.to_latex().count(r" \\") == len(table.rows) + 1
    assert set(WRITERS) == {"csv", "json", "md", "tex"}


def test_paths_are_laid_side_by_side(trained: VAE, tokenizer: Tokenizer) -> None:
    paths = {
        "linear": between(trained, tokenizer, TEXTS[0], TEXTS[3], 5),
        "still": between(trained, tokenizer, TEXTS[0], TEXTS[0], 5),
    }
    table = table_of_measures({name: smoothness(trained, one) for name, one in paths.items()})
    assert table.columns[0] == "path" and "Smoothness of a path" in table.columns
    assert [row[0] for row in table.rows] == ["linear", "still"]
    assert table.rows[1][table.columns.index("Smoothness of a path")] is None
    assert "–" in table.to_markdown()


def test_cells_are_written_so_that_nothing_breaks() -> None:
    table = Table(("text", "n"), [('a | "b", 50% & c_d', 1.23456), (None, True)])
    assert list(csv.reader(io.StringIO(table.to_csv())))[1] == ['a | "b", 50% & c_d', "1.23456"]
    assert r"a \| " in table.to_markdown() and "1.23" in table.to_markdown()
    assert r"50\% \& c\_d" in table.to_latex() and "yes" in table.to_latex()
    assert r"\begin{tabular}{lr}" in table.to_latex()


def test_a_table_of_pictures_says_so_and_lays_them_on_a_sheet() -> None:
    from PIL import Image

    from engine.data.pictures import write

    uris = [write(np.full((8, 8), level, np.uint8)) for level in (0, 255, 255, 0, 0, 0)]
    rows = [(at % 3, at // 3, uri) for at, uri in enumerate(uris)]
    table = Table(("across", "down", "sentence"), rows, across=3)
    assert table.columns == ("across", "down", "picture")
    assert json.loads(table.to_json())[1]["picture"] == uris[1]
    sheet = Image.open(io.BytesIO(table.to_png()))
    assert sheet.width > 1.4 * sheet.height
    assert sheet.getpixel((sheet.width // 2, sheet.height // 4)) == 255
    assert not Table(("across", "sentence"), [(0, "words")]).pictures


def test_what_has_no_table_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="no table of a int"):
        table_of(3)
