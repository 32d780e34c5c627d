from __future__ import annotations

import numpy as np
import pytest

from engine.config import ConfigError
from engine.explore.through_data import DataGraph

RNG = np.random.default_rng(0)


def ring(n: int = 300) -> np.ndarray:
    """Points on a circle, with a little noise; nobody is in the middle."""
    angles = np.linspace(0, 2 * np.pi, n)
    return np.stack([np.cos(angles), np.sin(angles)], 1) * RNG.normal(1, 0.001, (n, 1))


def gaps(codes: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.diff(codes, axis=0), axis=1)


def test_the_path_goes_where_the_sentences_are() -> None:
    codes = ring()
    walk = DataGraph(codes).between([1.0, 0.0], [-1.0, 0.0], 21)
    assert np.linalg.norm(walk.codes, axis=1).min() > 0.9  # around the middle, not through it
    assert walk.straight == pytest.approx(2) and walk.length == pytest.approx(np.pi, rel=0.05)
    assert walk.longest < 0.4
    assert (walk.codes[0] == [1, 0]).all() and (walk.codes[-1] == [-1, 0]).all()


def test_steps_are_spaced_evenly_and_the_sentences_passed_are_named() -> None:
    codes = ring()
    walk = DataGraph(codes, power=3).between([1.0, 0.0], [0.0, 1.0], 30)
    assert gaps(walk.codes) == pytest.approx(walk.length / 29, rel=0.1)
    stops = np.array([[1.0, 0.0], *codes[walk.rows], [0.0, 1.0]])
    assert gaps(stops).sum() == pytest.approx(walk.length)
    assert gaps(stops).max() == pytest.approx(walk.longest)
    for code in walk.codes:  # each lies on a leg
        along = [np.linalg.norm(code - a) + np.linalg.norm(code - b) - np.linalg.norm(a - b)
                 for a, b in zip(stops, stops[1:], strict=False)]  # fmt: skip
        assert min(along) == pytest.approx(0, abs=1e-9)


def test_a_higher_power_takes_more_and_shorter_steps() -> None:
    codes = RNG.normal(size=(2000, 4))
    a, b = np.full(4, -1.5), np.full(4, 1.5)
    walks = [DataGraph(codes, k=30, power=power).between(a, b) for power in (1, 2, 6)]
    assert len(walks[0].rows) < len(walks[1].rows) < len(walks[2].rows)
    assert walks[0].longest > walks[2].longest
    assert walks[0].straight < walks[0].length < walks[1].length < walks[2].length


def test_the_way_back_is_the_same_way() -> None:
    graph = DataGraph(RNG.normal(size=(500, 3)))
    there = graph.between(np.full(3, -1.5), np.full(3, 1.5), 9)
    back = graph.between(np.full(3, 1.5), np.full(3, -1.5), 9)
    assert there.rows == back.rows[::-1]
    assert there.codes == pytest.approx(back.codes[::-1])


def test_islands_are_joined() -> None:
    """Two heaps far apart: with few neighbours there is no way between them."""
    codes = np.concatenate([RNG.normal(size=(40, 2)), RNG.normal(size=(40, 2)) + 50])
    walk = DataGraph(codes, k=3).between([0.0, 0.0], [50.0, 50.0])
    assert walk.longest > 40 and walk.length >= walk.straight


def test_near_ends_are_joined_directly_and_an_end_is_no_stop() -> None:
    codes = RNG.normal(size=(200, 2))
    graph = DataGraph(codes)
    near = graph.between(codes[0], codes[0] + 1e-6, 5)
    assert near.rows == [] and len(near.codes) == 5
    far = graph.between(codes[3], codes[np.linalg.norm(codes - codes[3], axis=1).argmax()])
    assert far.rows and 3 not in far.rows and far.longest > 0


def test_copies_of_a_sentence_do_not_tear_the_graph() -> None:
    codes = np.repeat(RNG.normal(size=(10, 2)), 20, axis=0)
    walk = DataGraph(codes, k=3).between(codes[0] - 5, codes[-1] + 5)
    assert np.isfinite(walk.codes).all() and walk.length >= walk.straight - 1e-9


def test_on_the_sphere_and_on_the_simplex_it_stays_there() -> None:
    directions = RNG.normal(size=(400, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    walk = DataGraph(directions, "spherical").between([1.0, 0, 0], [-1.0, 0, 0], 17)
    assert np.linalg.norm(walk.codes, axis=1) == pytest.approx(1)
    assert walk.straight == pytest.approx(np.pi) and walk.length >= np.pi - 1e-9
    proportions = RNG.dirichlet(np.ones(4), 400)
    walk = DataGraph(proportions, "fisher-rao").between(
        [0.97, 0.01, 0.01, 0.01], [0.01, 0.97, 0.01, 0.01]
    )
    assert (walk.codes >= 0).all() and walk.codes.sum(1) == pytest.approx(1)


def test_bits_stay_bits_and_are_counted() -> None:
    codes = RNG.integers(0, 2, (300, 12)).astype(float)
    walk = DataGraph(codes, "bits").between(np.zeros(12), np.ones(12), 13)
    assert set(np.unique(walk.codes)) == {0.0, 1.0}
    assert walk.straight == pytest.approx(12) and walk.length == pytest.approx(round(walk.length))


@pytest.mark.parametrize(
    "settings", [{"k": 0}, {"power": 0.5}, {"codes": np.zeros((1, 2))}, {"codes": np.zeros(4)}]
)
def test_what_cannot_be_a_graph_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="graph of neighbours needs two codes"):
        DataGraph(**({"codes": ring(10)} | settings))


def test_a_walk_of_one_step_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 2 steps"):
        DataGraph(ring(20)).between([1.0, 0.0], [-1.0, 0.0], 1)


@pytest.mark.slow
def test_twenty_thousand_sentences_are_walked_in_seconds() -> None:
    import time

    codes = RNG.normal(size=(20_000, 32))
    began = time.process_time()
    graph = DataGraph(codes)
    graph.between(codes[0], codes[1])
    made = time.process_time()
    graph.between(codes[2], codes[3])
    assert made - began < 30 and time.process_time() - made < 2
