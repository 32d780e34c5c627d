"""How far codes are from those of sentences."""

from __future__ import annotations

import numpy as np
import pytest

from engine.explore.distances import Surroundings


def test_the_nearest_sentence_of_a_code_is_found_with_its_distance():
    codes = np.array([[0.0, 0.0], [3.0, 4.0], [10.0, 0.0]])
    near = Surroundings(codes).near([[0.0, 1.0], [3.0, 4.0]])
    assert near.rows.tolist() == [0, 1]
    assert near.distances == pytest.approx([1.0, 0.0])


def test_what_is_usual_is_how_far_sentences_are_from_their_nearest_other_one():
    line = np.stack([np.arange(50.0), np.zeros(50)], axis=1)
    assert Surroundings(line).usual == pytest.approx((1.0, 1.0))


def test_two_copies_of_a_sentence_are_each_others_nearest():
    assert Surroundings(np.ones((2, 3))).usual == pytest.approx((0.0, 0.0))
