from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.config import DataError
from engine.data.corpus import Corpus
from engine.data.importing import import_path
from engine.evaluation.true_codes import linear_r2, true_code_scores, true_codes
from engine.metrics import METRICS
from tests.evaluation.tiny import lstm_vae, random_tokens


def test_r2_is_that_of_the_planted_noise() -> None:
    """True codes that are a linear map plus noise of known variance: R² = 1 - noise / all."""
    rng = np.random.default_rng(1)
    codes = rng.standard_normal((20_000, 3))
    true = codes @ rng.standard_normal((3, 2)) + 5 + 0.5 * rng.standard_normal((20_000, 2))
    explained = 1 - 0.25 / true.var(axis=0).mean()
    assert linear_r2(codes, true) == pytest.approx(explained, abs=0.01)


def test_codes_that_say_nothing_have_none() -> None:
    rng = np.random.default_rng(2)
    assert abs(linear_r2(rng.standard_normal((4000, 2)), rng.standard_normal((4000, 2)))) < 0.01


def test_turned_and_mirrored_codes_are_found_in_full() -> None:
    true = np.random.default_rng(3).standard_normal((100, 2))
    assert linear_r2(true @ [[0.0, -2.0], [1.0, 0.0]], true) == pytest.approx(1)


def test_it_is_the_code_of_each_row_that_is_compared() -> None:
    """The model's own codes, given as the true ones, are found in full: no row is mistaken for another."""
    torch.manual_seed(0)
    model, tokens = lstm_vae(), random_tokens(200)
    with torch.no_grad():
        own = np.concatenate(
            [model.code(torch.from_numpy(tokens.rows([i]))).numpy() for i in range(200)]
        )
    found = true_code_scores(model.eval(), tokens, own.astype(float), limit=100)
    assert found["true_code_r2"] == pytest.approx(1, abs=1e-3) and found["true_code_n"] == 100
    assert found.keys() <= METRICS.keys()


def corpus(tmp_path: Path, header: str, row: str) -> Corpus:
    path = tmp_path / "data.csv"
    lines = [header, *(row.format(i, word="abcdefgh"[i % 8] * (i + 1)) for i in range(40))]
    path.write_text("\n".join(lines))
    return import_path(path)


def test_columns_of_numbers_are_read_in_their_order(tmp_path: Path) -> None:
    found = true_codes(corpus(tmp_path, "z1,text,z0", "{0}.5,{word},-{0}"), "train")
    assert found is not None and found.shape[1] == 2
    assert np.array_equal(found[:, 1], 0.5 - found[:, 0])


def test_a_corpus_without_such_columns_has_no_true_codes(tmp_path: Path) -> None:
    assert true_codes(corpus(tmp_path, "text,z1", "{word},{0}"), "train") is None


def test_words_are_no_true_codes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must be numbers"):
        true_codes(corpus(tmp_path, "text,z0", "{word} here,n{0}"), "train")


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(DataError, match="at least 4"):
        linear_r2(np.zeros((3, 2)), np.zeros((3, 2)))


def test_an_evaluation_tells_it_where_the_data_has_true_codes(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from engine.maps.evaluations import Amounts, _true_codes

    found = corpus(tmp_path, "text,z0", "{word},{0}")
    tokens = random_tokens(found.rows("train"))

    def told(data: str) -> dict[str, float]:
        config = SimpleNamespace(data=SimpleNamespace(name=data))
        hosted = SimpleNamespace(model=lstm_vae().eval(), config=config)
        return _true_codes(hosted, "train", tokens, 42, Amounts(limit=20))

    assert told(found.name)["true_code_n"] == 20
    plain = tmp_path / "plain.txt"
    plain.write_text("\n".join(f"{'word ' * (i + 1)}" for i in range(40)))
    assert told(import_path(plain).name) == {}
