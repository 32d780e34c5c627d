from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from engine.config import DataError
from engine.explore import quality as module
from engine.explore.projections import pca
from engine.explore.quality import quality
from engine.metrics import describe

RNG = np.random.default_rng(5)
CODES = RNG.normal(size=(300, 8)) * np.linspace(3, 0.3, 8)


def test_trustworthiness_is_that_of_the_textbook_and_its_rows_average_to_it() -> None:
    places = pca(CODES, 2).coordinates
    for k in (3, 10, 40):
        found = quality(CODES, places, k)
        assert found.trustworthiness == pytest.approx(trustworthiness(CODES, places, n_neighbors=k))
        assert found.trustworthiness_of.mean() == pytest.approx(found.trustworthiness)
        assert found.recall_of.mean() == pytest.approx(found.recall)


def test_recall_is_the_share_of_true_neighbours_that_are_left() -> None:
    places = pca(CODES, 2).coordinates

    def near(points: np.ndarray, row: int) -> set[int]:
        return set(np.linalg.norm(points - points[row], axis=1).argsort()[1:11].tolist())

    found = quality(CODES, places, 10)
    for row in (0, 17, 299):
        shared = len(near(CODES, row) & near(places, row))
        assert found.recall_of[row] == pytest.approx(shared / 10)


def test_the_space_itself_and_planar_data_in_their_plane_are_perfect_maps() -> None:
    assert quality(CODES, CODES).scalars() == {"trustworthiness": 1.0, "neighbour_recall": 1.0}
    plane = RNG.normal(size=(250, 2)) @ RNG.normal(size=(2, 9)) + 3
    found = quality(plane, pca(plane, 2).coordinates, 12)
    assert found.trustworthiness == pytest.approx(1) and found.recall == pytest.approx(1)
    assert describe("trustworthiness").better == describe("neighbour_recall").better == "higher"


def test_a_shuffled_map_is_worth_as_much_as_chance() -> None:
    found = quality(CODES, CODES[RNG.permutation(300), :2])
    assert found.trustworthiness == pytest.approx(0.5, abs=0.06)
    assert found.recall == pytest.approx(10 / 299, abs=0.02)


def test_a_row_out_of_place_is_the_one_that_is_marked_down() -> None:
    places = CODES.copy()
    places[7] = CODES[np.linalg.norm(CODES - CODES[7], axis=1).argmax()] + 0.01
    found = quality(CODES, places)
    assert found.trustworthiness_of.argmin() == 7 and found.recall_of[7] == 0
    assert np.median(found.recall_of) == 1


def test_many_rows_are_sampled_and_it_is_said_how_many() -> None:
    places = pca(CODES, 2).coordinates
    whole, part = quality(CODES, places), quality(CODES, places, pairs=100 * 300)
    assert (whole.n, whole.of, part.n, part.of) == (300, 300, 100, 300)
    seen = np.isfinite(part.recall_of)
    assert seen.sum() == 100
    assert (part.recall_of[seen] == whole.recall_of[seen]).all(), "compared with all rows"
    assert part.recall == pytest.approx(whole.recall, abs=0.05)
    again = quality(CODES, places, pairs=100 * 300)
    assert (np.isfinite(again.recall_of) == seen).all()


def test_blocks_and_progress_reach_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    places = pca(CODES, 2).coordinates
    whole = quality(CODES, places)
    monkeypatch.setattr(module, "_BLOCK", 70 * 300)
    said: list[int] = []
    parts = quality(CODES, places, progress=lambda done, *_: said.append(done))
    assert (parts.recall_of == whole.recall_of).all() and said == [70, 140, 210, 280, 300]


def test_codes_far_from_the_origin_and_copies_of_codes_are_judged_alike() -> None:
    places = pca(CODES, 2).coordinates
    moved = quality(CODES + 1000, places)
    assert moved.trustworthiness == pytest.approx(quality(CODES, places).trustworthiness, abs=1e-4)
    bits = (CODES > 0).astype(np.float32)
    assert quality(bits, bits).recall == 1.0, "a copy may stand for another copy"


def test_few_rows_have_few_neighbours_and_too_few_are_refused() -> None:
    assert quality(CODES[:5], CODES[:5, :2]).k == 2
    with pytest.raises(DataError, match="at least 4 sentences, got 3"):
        quality(CODES[:3], CODES[:3, :2])
