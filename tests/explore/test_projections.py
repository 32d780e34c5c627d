"""Properties that every projection has, and what those without a formula do with other codes."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from engine.config import DataError
from engine.explore.libraries import Counter, quietly
from engine.explore.projections import PROJECTIONS, Groups, Projector, project
from engine.explore.projections.base import Nearest, arranged
from tests.explore.blobs import blobs

CODES, CLOUDS = blobs()
GROUPS = Groups(np.flatnonzero(CLOUDS == 0), np.flatnonzero(CLOUDS == 1))
SLOW = {name: [] if PROJECTIONS[name].quick else [pytest.mark.slow] for name in PROJECTIONS}  # type: ignore[attr-defined]
every_kind = pytest.mark.parametrize("name", [pytest.param(n, marks=SLOW[n]) for n in PROJECTIONS])


def fitted(name: str, codes: np.ndarray, **settings):
    kind: type[Projector] = PROJECTIONS[name]
    return project(kind.Config(**settings), codes, groups=GROUPS if kind.grouped else None)  # type: ignore[attr-defined]


@every_kind
def test_a_map_keeps_planted_clouds_apart_and_repeats_with_its_seed(name: str) -> None:
    found = fitted(name, CODES)
    assert found.coordinates.shape == (240, len(found.names)) and len(set(found.names)) > 1
    assert (found.coordinates == fitted(name, CODES).coordinates).all()
    if name != "units":
        plane = found.coordinates[:, :2]
        middles = np.stack([plane[cloud == CLOUDS].mean(0) for cloud in range(3)])
        apart = np.linalg.norm(plane[:, None] - middles, axis=2)
        assert (apart.argmin(1) == CLOUDS).mean() > 0.98
    assert found.exact == (found.shares is not None)
    assert found.exact == (not PROJECTIONS[name].caution)  # type: ignore[attr-defined]


@every_kind
def test_data_lie_where_they_lie_and_others_among_their_like(name: str) -> None:
    found = fitted(name, CODES)
    placed = found.transform(CODES[:20])
    assert placed.coordinates == pytest.approx(found.coordinates[:20], abs=1e-4)
    assert placed.exact == found.exact
    middle = CODES[CLOUDS == 2].mean(0)
    inside = found.coordinates[CLOUDS == 2]
    there = found.transform(middle)
    assert there.coordinates.shape == (1, len(found.names)) and not there.far.any()
    assert (there.coordinates >= inside.min(0)).all() and (there.coordinates <= inside.max(0)).all()


@every_kind
def test_a_projection_introduces_itself(name: str) -> None:
    assert PROJECTIONS[name].title  # type: ignore[attr-defined]
    with pytest.raises(DataError):
        fitted(name, np.full((20, 3), np.nan))


SEEDED = [name for name in PROJECTIONS if "seed" in PROJECTIONS[name].Config.model_fields]  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDED)
def test_another_seed_is_another_map(name: str) -> None:
    # t-SNE starts from the principal components: chance enters through its search beyond 1,000 rows.
    codes, _ = blobs((600, 500), 12)
    first, other = (fitted(name, codes, seed=seed).coordinates for seed in (1, 2))
    assert not np.allclose(first, other)


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDED)
def test_few_sentences_make_a_map_with_fewer_neighbours_and_it_is_said(name: str) -> None:
    found = fitted(name, CODES[:12])
    assert np.isfinite(found.coordinates).all()
    assert "instead of" in found.notes[0] and "only 12 sentences" in found.notes[0]
    assert fitted(name, CODES).notes == ()
    assert fitted(name, CODES[:, :1]).coordinates.shape == (240, 2), "one unit will do"


@pytest.mark.parametrize("name", SEEDED)
def test_too_few_sentences_or_a_collapsed_posterior_are_refused_with_a_cure(name: str) -> None:
    with pytest.raises(DataError, match="at least 10 sentences, got 9.*principal components"):
        fitted(name, CODES[:9])
    with pytest.raises(DataError, match="all 40 are equal: the posterior has collapsed"):
        fitted(name, np.ones((40, 3)))


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDED)
def test_progress_counts_up_to_its_total(name: str) -> None:
    said: list[tuple[int, int | None, str]] = []
    config = PROJECTIONS[name].Config()  # type: ignore[attr-defined]
    project(config, CODES, lambda *told: said.append(told))
    counts = [done for done, _, what in said if what == "arranging"]
    assert len(counts) > 2 and counts == sorted(counts)
    assert said[-1][0] == said[-1][1]


# -- maps without a formula ---------------------------------------------------------------------

PLACES = np.random.default_rng(0).normal(size=(240, 2))


def test_a_code_far_from_all_data_is_flagged() -> None:
    found = arranged(CODES, PLACES, "Any")
    assert not found.exact and found.names == ("Any 1", "Any 2")
    assert found.transform(CODES * 10).far.all()
    assert found.transform(CODES).far.mean() < 0.02
    between = (CODES[CLOUDS == 0].mean(0) + CODES[CLOUDS == 1].mean(0)) / 2
    assert found.transform(between).far.tolist() == [True]


def test_a_place_is_the_mean_of_its_nearest_data_weighted_by_distance() -> None:
    codes = np.array([[0.0], [3.0], [100.0], [200.0], [300.0], [400.0]])
    coordinates = np.array([[0.0, 0], [1, 0], [5, 5], [6, 5], [7, 5], [8, 5]])
    frame = Nearest(codes, coordinates, reach=10.0)
    place = frame.place([[1.0]]).coordinates[0]
    weights = 1 / np.square([1.0, 2, 99, 199, 299])
    assert place == pytest.approx(weights @ coordinates[:5] / weights.sum())
    assert frame.place([[3.0]]).coordinates.tolist() == [[1, 0]]


def test_a_library_that_loses_points_is_not_believed() -> None:
    with pytest.raises(DataError, match="no finite place"):
        arranged(CODES, np.full((240, 2), np.nan), "Any")


# -- other people's libraries -------------------------------------------------------------------


def test_a_library_runs_on_one_thread_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    import warnings

    import numba

    before = numba.get_num_threads()
    with quietly("chatty"):
        warnings.warn("old", FutureWarning, stacklevel=1)
        logging.getLogger("chatty").warning("seed is set")
        assert numba.get_num_threads() == 1
    assert numba.get_num_threads() == before
    logging.getLogger("chatty").warning("later")
    assert [record.message for record in caplog.records] == ["later"]


def test_what_a_library_prints_is_counted() -> None:
    said: list[tuple[int, int | None, str]] = []
    counter = Counter(r"Iteration: +(\d+)", 30, "arranging", lambda *told: said.append(told))
    for line in ("hello", "Iteration:   10, Loss: 3.5", "Iteration:   10", "\nIteration: 40"):
        print(line, file=counter)
    assert said == [(10, 30, "arranging"), (30, 30, "arranging")]
