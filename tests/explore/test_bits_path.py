from __future__ import annotations

import numpy as np
import pytest

from engine.explore.paths import interpolate

RNG = np.random.default_rng(1)
A, B = (RNG.integers(0, 2, 16).astype(float) for _ in range(2))


def distances(path: np.ndarray) -> list[int]:
    """Bits that change at each step."""
    return (np.diff(path, axis=0) != 0).sum(axis=1).tolist()


@pytest.mark.parametrize("steps", [2, 3, 11, 40])
def test_every_step_is_bits_and_the_ends_are_the_two_codes(steps: int) -> None:
    found = interpolate(A, B, steps, "bits")
    assert found.shape == (steps, 16) and set(np.unique(found)) == {0.0, 1.0}
    assert (found[0] == A).all() and (found[-1] == B).all()


@pytest.mark.parametrize("steps", [2, 3, 6, 11, 40])
def test_each_bit_that_differs_changes_once_and_no_other_does(steps: int) -> None:
    found = interpolate(A, B, steps, "bits")
    changes = (np.diff(found, axis=0) != 0).sum(axis=0)
    assert (changes == (A != B)).all() and (A != B).sum() > 4


@pytest.mark.parametrize("steps", [3, 6, 11, 40])
def test_the_changes_are_spread_evenly_over_the_steps(steps: int) -> None:
    even = (A != B).sum() / (steps - 1)
    assert all(abs(n - even) < 1 for n in distances(interpolate(A, B, steps, "bits")))


def test_bits_change_in_the_order_of_their_numbers() -> None:
    found = interpolate([0, 0, 1, 0], [1, 1, 1, 1], 4, "bits")
    assert found.tolist() == [[0, 0, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0], [1, 1, 1, 1]]


@pytest.mark.parametrize("steps", [2, 4, 7, 11])
def test_the_way_back_passes_the_same_codes(steps: int) -> None:
    assert (interpolate(A, B, steps, "bits") == interpolate(B, A, steps, "bits")[::-1]).all()


def test_a_code_and_itself_are_joined_by_itself() -> None:
    assert (interpolate(A, A, 5, "bits") == A).all()


def test_one_bit_of_difference_changes_half_way() -> None:
    assert interpolate([1, 0], [1, 1], 5, "bits")[:, 1].tolist() == [0, 0, 1, 1, 1]
    assert interpolate([1, 1], [1, 0], 5, "bits")[:, 1].tolist() == [1, 1, 1, 0, 0]
