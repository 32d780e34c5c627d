"""The probe on codes whose labels are planted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.config import DataError
from engine.evaluation.probe import probe
from engine.metrics import METRICS

N, M = 1500, 1000


def planted(seed: int, n: int) -> tuple[np.ndarray, list[str]]:
    """Three labels in equal parts, by the sign of two units; units differ in size by a thousand."""
    rng = np.random.default_rng(seed)
    codes = rng.normal(size=(n, 6))
    codes[:, :2] += 0.3 * np.sign(codes[:, :2])  # a gap, so that the classes can be told apart
    labels = np.where(codes[:, 0] < 0, "low", np.where(codes[:, 1] < 0, "middle", "high"))
    return codes * [1000, 1, 1, 1, 0.001, 1], labels.tolist()


def test_a_linear_code_is_read_and_shuffled_labels_are_not() -> None:
    found = probe(*planted(0, N), *planted(1, M))
    assert set(found) <= set(METRICS)
    assert found["probe_accuracy"] > 0.97
    # Half of the labels are "low": without knowledge a guess of it is right half the time, any other
    # guess less often.
    assert found["probe_majority"] == pytest.approx(0.5, abs=3 * math.sqrt(0.25 / M))
    assert 0.25 - 0.05 < found["probe_control"] < found["probe_majority"] + 3 * math.sqrt(0.25 / M)
    assert (found["probe_classes"], found["probe_rows"], found["probe_test_rows"]) == (3, N, M)


def test_labels_that_have_nothing_to_do_with_the_code_are_guessed_at_chance() -> None:
    rng = np.random.default_rng(2)
    codes, test_codes = rng.normal(size=(N, 4)), rng.normal(size=(M, 4))
    labels, truth = ([str(k) for k in rng.integers(0, 4, n)] for n in (N, M))
    found = probe(codes, labels, test_codes, truth)
    error = 4 * math.sqrt(0.25 * 0.75 / M)
    assert found["probe_accuracy"] == pytest.approx(0.25, abs=error)
    assert found["probe_control"] == pytest.approx(0.25, abs=error)


def test_a_probe_is_the_same_twice_and_does_not_know_the_test_labels() -> None:
    (codes, labels), (test_codes, truth) = planted(0, 300), planted(1, 50)
    first, second = (probe(codes, labels, test_codes, truth) for _ in range(2))
    assert first == second
    strange = ["never seen"] * 50
    assert probe(codes, labels, test_codes, strange)["probe_accuracy"] == 0


def test_what_cannot_be_probed_is_answered() -> None:
    codes, labels = planted(0, 20)
    with pytest.raises(DataError, match="all 20 sentences have one"):
        probe(codes, ["a"] * 20, codes, labels)
    with pytest.raises(DataError, match="several sentences share"):
        probe(codes, [str(k) for k in range(20)], codes, labels)
    with pytest.raises(DataError, match="a label for each code"):
        probe(codes, labels[:-1], codes, labels)
    with pytest.raises(DataError, match="at least one to score"):
        probe(codes, labels, codes[:0], [])
