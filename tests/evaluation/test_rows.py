from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.rows import by_length, choose, equal_length_groups, packed

LENGTHS = np.array([5, 3, 5, 4, 3, 3, 9, 5])


def test_a_limit_takes_random_rows_and_the_seed_decides_which() -> None:
    assert choose(5, None, 0).tolist() == [0, 1, 2, 3, 4]
    assert choose(5, 9, 0).tolist() == [0, 1, 2, 3, 4]
    first = choose(1000, 50, 1)
    assert len(set(first.tolist())) == 50 and (np.diff(first) > 0).all()
    assert first.tolist() == choose(1000, 50, 1).tolist() != choose(1000, 50, 2).tolist()
    assert first.mean() == pytest.approx(500, abs=150)


def test_groups_have_one_length_and_hold_every_row_once() -> None:
    groups = equal_length_groups(LENGTHS, np.arange(8), 2)
    assert [group.tolist() for group in groups] == [[1, 4], [5], [3], [0, 2], [7], [6]]
    assert equal_length_groups(LENGTHS, np.array([], dtype=np.int64), 2) == []


def test_groups_are_packed_into_batches_of_a_size() -> None:
    groups = equal_length_groups(LENGTHS, np.arange(8), 2)
    batches = packed(groups, 3)
    assert [[len(group) for group in batch] for batch in batches] == [[2, 1], [1, 2], [1, 1]]
    assert [len(batch) for batch in packed(groups, 1)] == [1] * 6


def test_sorting_by_length_keeps_the_order_of_equals() -> None:
    assert by_length(LENGTHS, np.array([7, 2, 1, 0])).tolist() == [1, 7, 2, 0]
