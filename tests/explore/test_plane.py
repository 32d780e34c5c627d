from __future__ import annotations

import numpy as np
import pytest

from engine.explore.plane import Plane
from engine.explore.projections import dimensions, pca
from engine.explore.projections.base import arranged
from tests.explore.blobs import blobs

CODES, _ = blobs()
RNG = np.random.default_rng(3)


def test_two_components_are_drawn_with_their_names_and_shares() -> None:
    projection = pca(CODES, 4)
    plane = Plane(projection, 2, 0)
    assert plane.coordinates == pytest.approx(projection.coordinates[:, [2, 0]], abs=1e-5)
    assert plane.names == ("PC 3", "PC 1") and not plane.flat
    assert projection.shares is not None
    assert plane.shares == (projection.shares[2], projection.shares[0])
    placed = plane.place(CODES[:3])
    assert placed.coordinates == pytest.approx(plane.coordinates[:3], abs=1e-5) and placed.exact
    assert Plane(pca(CODES, 2), 7, 1).axes == (1, 1), "no component beyond the last"


def test_rings_are_where_draws_of_the_prior_end() -> None:
    plane = Plane(pca(CODES, 3), 1, 2)
    draws = plane.place(RNG.normal(size=(20_000, CODES.shape[1]))).coordinates
    rings = plane.prior_rings()
    assert [sigma for sigma, _ in rings] == [1, 2, 3]
    for sigma, ring in rings:
        inside = np.hypot(draws[:, 0] - ring.x, draws[:, 1] - ring.y) < ring.rx
        assert inside.mean() == pytest.approx(1 - np.exp(-(sigma**2) / 2), abs=0.01)


def test_a_posterior_is_the_ellipse_of_its_draws() -> None:
    plane = Plane(pca(CODES, 3))
    mean, deviations = CODES[7], np.array([0.1, 2.0, 0.5, 1.0, 0.3, 0.7])
    oval = plane.posterior(mean, deviations)
    assert oval is not None and oval.rx >= oval.ry
    draws = plane.place(mean + deviations * RNG.normal(size=(50_000, 6))).coordinates
    assert draws.mean(axis=0) == pytest.approx([oval.x, oval.y], abs=0.05)
    turn = np.array([[np.cos(oval.angle), -np.sin(oval.angle)],
                     [np.sin(oval.angle), np.cos(oval.angle)]])  # fmt: skip
    expected = turn @ np.diag([oval.rx**2, oval.ry**2]) @ turn.T
    assert np.cov(draws.T) == pytest.approx(expected, abs=0.05)


def test_a_code_of_one_unit_is_a_band_without_rings() -> None:
    codes = RNG.normal(size=(200, 1))
    plane = Plane(pca(codes, 8))
    assert plane.flat and plane.names == ("PC 1", "strewn at random") and plane.shares[1] is None
    assert plane.coordinates.shape == (200, 2)
    across, up = np.ptp(plane.coordinates, axis=0)
    assert 0 < up < 0.13 * across
    assert (plane.coordinates == Plane(pca(codes, 8)).coordinates).all(), "the same at every look"
    assert plane.prior_rings() == [] and plane.posterior(codes[0], [1.0]) is None
    assert plane.place(codes[:2]).coordinates[:, 1].tolist() == [0, 0]


def test_a_map_without_a_formula_has_neither_rings_nor_ellipses() -> None:
    plane = Plane(arranged(CODES, RNG.normal(size=(len(CODES), 2)), "UMAP"))
    assert plane.prior_rings() == [] and plane.posterior(CODES[0], np.ones(6)) is None
    assert plane.shares == (None, None) and not plane.place(CODES[:1]).exact
    same = Plane(dimensions(CODES), 1, 1)
    assert same.prior_rings() == [], "one axis twice is a line"
