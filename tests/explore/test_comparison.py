from __future__ import annotations

import numpy as np
import pytest

from engine.config import DataError
from engine.explore.comparison import align, neighbourhood_change, shared_rows
from engine.explore.steps import in_one_frame

RNG = np.random.default_rng(11)
CODES = RNG.normal(size=(200, 6))


def turn(degrees: float) -> np.ndarray:
    """Turns points in rows counter-clockwise."""
    a = np.radians(degrees)
    return np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])


# -- neighbourhoods -----------------------------------------------------------------------------


def test_turning_and_stretching_a_space_changes_no_neighbourhood() -> None:
    turned = 3 * CODES @ np.linalg.qr(RNG.normal(size=(6, 6)))[0] + 5
    found = neighbourhood_change(CODES, turned)
    assert found.mean == 0 and (found.of_row == 0).all() and (found.k, found.n) == (10, 200)


def test_unrelated_codes_share_neighbours_by_chance_alone() -> None:
    found = neighbourhood_change(CODES, RNG.normal(size=(200, 3)))
    assert found.mean > 0.93


def test_the_rows_that_moved_are_those_that_changed_most() -> None:
    moved = CODES.copy()
    moved[:5] += 50
    found = neighbourhood_change(CODES, moved, k=4)
    assert (found.of_row[:5] == 1).all() and found.of_row[5:].mean() < 0.2
    one, other = np.zeros((4, 1)), np.array([[0.0], [1], [3], [10]])
    one[:, 0] = [0, 1, 2, 4]
    # Of row 0: {1, 2} and {1, 2}; of row 3: {2, 1} and {2, 1}.
    assert neighbourhood_change(one, other, k=2).of_row.tolist() == [0, 0, 0, 0]
    swapped = one[[0, 3, 2, 1]]  # rows 1 and 3 change places: row 0 has {1, 2}, then {3, 2}
    assert neighbourhood_change(one, swapped, k=2).of_row[0] == pytest.approx(2 / 3)


def test_many_rows_are_sampled_for_the_comparison() -> None:
    found = neighbourhood_change(CODES, CODES + RNG.normal(size=CODES.shape), pairs=50 * 200)
    assert (found.n, found.of) == (50, 200) and np.isfinite(found.of_row).sum() == 50


def test_codes_of_different_rows_are_not_compared() -> None:
    with pytest.raises(DataError, match="the same rows.*got 200 and 199"):
        neighbourhood_change(CODES, CODES[1:])


def test_rows_that_two_encodings_share_are_found_in_both() -> None:
    one, other = np.array([9, 2, 7, 4]), np.array([4, 9, 1])
    first, second = shared_rows(one, other)
    assert one[first].tolist() == other[second].tolist() == [4, 9]


# -- one map on another -------------------------------------------------------------------------


def test_a_planted_rotation_scale_and_shift_are_recovered() -> None:
    fixed = RNG.normal(size=(60, 2)) * [3, 1] + [5, -2]
    moved = (fixed @ turn(-35)) / 2.5 + 7
    found = align(moved, fixed)
    assert found.coordinates == pytest.approx(fixed)
    assert found.degrees == pytest.approx(35) and found.scale == pytest.approx(2.5)
    assert not found.reflected and found.disparity == pytest.approx(0, abs=1e-9)


def test_a_map_that_was_turned_over_is_turned_back_and_it_is_said() -> None:
    fixed = RNG.normal(size=(60, 2)) * [3, 1]
    moved = fixed @ turn(-20) * [1, -1]
    found = align(moved, fixed)
    assert found.coordinates == pytest.approx(fixed)
    assert found.reflected and found.degrees == pytest.approx(20)


def test_unrelated_maps_leave_most_of_the_squares() -> None:
    found = align(RNG.normal(size=(500, 2)), RNG.normal(size=(500, 2)))
    assert found.disparity > 0.95
    assert np.isnan(align(CODES, CODES).degrees), "an angle is of a plane"


def test_maps_that_cannot_be_aligned_are_refused() -> None:
    with pytest.raises(DataError, match=r"got shapes \(200, 6\) and \(200, 2\)"):
        align(CODES, CODES[:, :2])
    with pytest.raises(DataError, match="all coincide"):
        align(np.ones((9, 2)), RNG.normal(size=(9, 2)))


# -- steps --------------------------------------------------------------------------------------


def test_steps_lie_in_the_frame_of_the_last_and_what_moves_has_moved() -> None:
    parts = [CODES * share for share in (0.1, 0.5, 1.0)]
    found = in_one_frame(("step-1", "step-2", "last"), (1, 2, 3), parts)
    assert found.coordinates.shape == (3, 200, 2) and found.steps.tolist() == [1, 2, 3]
    assert found.coordinates[2] == pytest.approx(found.projection.coordinates, abs=1e-5)
    apart = found.coordinates[1] - found.coordinates[1].mean(0)
    assert apart == pytest.approx(0.5 * found.projection.coordinates, abs=1e-5)
    still = in_one_frame(("a", "b"), (1, 2), [CODES, CODES])
    assert (still.coordinates[0] == still.coordinates[1]).all()


def test_a_frame_of_all_steps_is_that_of_their_codes_together() -> None:
    first, last = CODES * [9, 1, 1, 1, 1, 1], CODES * [1, 1, 1, 1, 1, 9]
    found = in_one_frame(("a", "b"), (1, 2), [first, last], "all")
    assert np.abs(found.projection.frame.loadings).argmax(1).tolist() in ([0, 5], [5, 0])
    alone = in_one_frame(("a", "b"), (1, 2), [first, last])
    assert np.abs(alone.projection.frame.loadings[0]).argmax() == 5


def test_one_unit_has_steps_on_a_line_and_different_rows_have_none() -> None:
    line = in_one_frame(("a", "b"), (1, 2), [CODES[:, :1], CODES[:, :1]])
    assert line.coordinates.shape == (2, 200, 2) and (line.coordinates[..., 1] == 0).all()
    for wrong in ([], [CODES, CODES[1:]]):
        with pytest.raises(DataError, match="the same rows and units"):
            in_one_frame(("a", "b"), (1, 2), wrong)
