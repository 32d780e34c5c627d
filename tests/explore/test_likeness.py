from __future__ import annotations

import numpy as np
import pytest

from engine.explore.likeness import alike, share_between

RNG = np.random.default_rng(0)
MEANS = RNG.normal(size=(4000, 8))


def test_the_share_between_sentences_is_that_of_the_draws() -> None:
    spread = np.full_like(MEANS, 2.0)
    assert share_between(MEANS, spread) == pytest.approx(1 / 5, abs=0.01)
    assert share_between(MEANS, np.zeros_like(MEANS)) == pytest.approx(1)


def test_a_collapsed_posterior_is_seen_whatever_the_offset() -> None:
    ones = np.ones_like(MEANS)
    assert alike(0.01 * MEANS, ones) and alike(7 + 0.01 * MEANS, ones)
    one_unit = np.zeros_like(MEANS)
    one_unit[:, 3] = MEANS[:, 3]
    assert not alike(one_unit, ones), "one unit that speaks is enough"


def test_codes_without_a_spread_are_alike_if_they_are_equal() -> None:
    assert alike(np.full((5, 3), 0.7)) and alike(np.zeros((5, 3)))
    assert alike(np.zeros((5, 3)), np.zeros((5, 3)))
    assert not alike(MEANS) and not alike(MEANS[:1]), "one sentence has nothing to differ from"
