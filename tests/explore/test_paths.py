from __future__ import annotations

import numpy as np
import pytest

from engine.config import ConfigError
from engine.explore.paths import PATHS, interpolate

# The others need codes of one kind, and have tests of their own.
ANYWHERE = ("linear", "spherical", "norm-preserving")
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=8), RNG.normal(size=8) * 2


def norms(path: np.ndarray) -> np.ndarray:
    return np.linalg.norm(path, axis=1)


@pytest.mark.parametrize("path", ANYWHERE)
@pytest.mark.parametrize(
    ("a", "b"),
    [
        (A, B),
        (A, A),
        (A, 3 * A),
        (A, A + 1e-9 * B),
        (A, -A),
        (A, -2 * A + 1e-9 * B),
        (A, 0 * A),
        (0 * A, 0 * A),
        (np.array([1.0]), np.array([-2.0])),
    ],
    ids=[
        "apart",
        "same",
        "aligned",
        "near",
        "opposite",
        "nearly opposite",
        "to zero",
        "zeros",
        "one unit",
    ],
)
def test_every_path_runs_evenly_from_end_to_end(path: str, a: np.ndarray, b: np.ndarray) -> None:
    found = interpolate(a, b, 11, path)
    assert found.shape == (11, len(a)) and np.isfinite(found).all()
    assert (found[0] == a).all() and (found[-1] == b).all()
    jumps = norms(np.diff(found, axis=0))
    longest = max(np.linalg.norm(a), np.linalg.norm(b))
    assert jumps.max() <= 0.35 * np.pi * longest + 1e-12  # no leap, whatever the ends
    assert norms(found).max() <= 1.1 * longest + 1e-12
    assert found[::-1] == pytest.approx(interpolate(b, a, 11, path), abs=1e-6) or a @ b < 0


def test_the_line_is_straight() -> None:
    assert interpolate(A, B, 5, "linear")[1] == pytest.approx(0.75 * A + 0.25 * B)


def test_the_arc_keeps_the_length_of_equally_long_codes() -> None:
    unit = B / np.linalg.norm(B) * np.linalg.norm(A)
    assert norms(interpolate(A, unit, 7, "spherical")) == pytest.approx(np.linalg.norm(A))
    assert norms(interpolate(A, unit, 7, "linear"))[3] < 0.95 * np.linalg.norm(A)


def test_the_arc_turns_by_equal_angles_and_is_the_formula() -> None:
    a, b = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    found = interpolate(a, b, 4, "spherical")
    assert np.arctan2(found[:, 1], found[:, 0]) == pytest.approx(np.linspace(0, np.pi / 2, 4))
    omega = np.arccos(A @ B / np.linalg.norm(A) / np.linalg.norm(B))
    middle = np.sin(0.3 * omega) / np.sin(omega) * A + np.sin(0.7 * omega) / np.sin(omega) * B
    assert interpolate(A, B, 11, "spherical")[7] == pytest.approx(middle)


def test_the_norm_preserving_path_changes_length_evenly_and_turns_as_the_arc_does() -> None:
    found = interpolate(A, B, 9, "norm-preserving")
    assert norms(found) == pytest.approx(np.linspace(np.linalg.norm(A), np.linalg.norm(B), 9))
    arc = interpolate(A / np.linalg.norm(A), B / np.linalg.norm(B), 9, "spherical")
    assert found / norms(found)[:, None] == pytest.approx(arc)


@pytest.mark.parametrize("path", ["spherical", "norm-preserving"])
def test_opposite_codes_are_joined_by_half_a_turn(path: str) -> None:
    found = interpolate(A, -A, 5, path)
    assert norms(found) == pytest.approx(np.linalg.norm(A))
    assert found[2] @ A == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("path", ANYWHERE)
@pytest.mark.parametrize("angle", [1e-3, np.pi - 0.1])
def test_paths_of_equally_long_codes_are_continuous_where_the_formula_changes(
    path: str, angle: float
) -> None:
    start = np.array([1.0, 0, 0])
    ends = [np.array([np.cos(x), np.sin(x), 0.0]) for x in (angle - 1e-6, angle + 1e-6)]
    near, far = (interpolate(start, end, 11, path) for end in ends)
    assert near == pytest.approx(far, abs=1e-5)


def test_nearly_opposite_codes_of_different_lengths_stay_between_their_lengths() -> None:
    for angle in np.linspace(np.pi - 0.09, np.pi, 7):
        end = 2 * np.array([np.cos(angle), np.sin(angle)])
        found = interpolate([1.0, 0.0], end, 11, "spherical")
        assert norms(found).min() > 0.99 and norms(found).max() < 2.01


def proportions(*weights: float) -> np.ndarray:
    return np.array(weights) / sum(weights)


def test_the_fisher_rao_path_stays_among_proportions_and_moves_evenly() -> None:
    """Even in the distance 2 arccos(sum sqrt(p q)) of two categorical distributions."""
    for a, b in [
        (proportions(1, 2, 3), proportions(5, 1, 1)),
        (proportions(1, 0, 0), proportions(0, 0, 1)),
        (proportions(1, 1, 1), proportions(1, 1, 1)),
        (proportions(1, 1e-13, 1e-13), proportions(1e-13, 1, 1e-13)),
    ]:
        found = interpolate(a, b, 9, "fisher-rao")
        assert (found[0] == a).all() and (found[-1] == b).all()
        assert (found >= 0).all() and found.sum(1) == pytest.approx(1)
        steps = 2 * np.arccos(np.clip(np.sqrt(found[1:] * found[:-1]).sum(1), -1, 1))
        whole = 2 * np.arccos(np.clip(np.sqrt(a * b).sum(), -1, 1))
        assert steps == pytest.approx(whole / 8, abs=1e-6)


def test_the_fisher_rao_path_of_a_coin_is_the_sine_squared() -> None:
    found = interpolate([0.0, 1.0], [1.0, 0.0], 5, "fisher-rao")
    assert found[:, 0] == pytest.approx(np.sin(np.linspace(0, np.pi / 2, 5)) ** 2)


@pytest.mark.parametrize("code", [[0.5, 0.6], [1.5, -0.5]])
def test_the_fisher_rao_path_refuses_what_is_no_proportion(code: list[float]) -> None:
    with pytest.raises(ConfigError, match="needs codes that are proportions"):
        interpolate([0.5, 0.5], code, 5, "fisher-rao")


def test_each_latent_token_goes_its_own_way() -> None:
    for path in ANYWHERE:
        found = interpolate(A, B, 7, path, tokens=2)
        halves = [interpolate(A[half], B[half], 7, path) for half in (slice(4), slice(4, 8))]
        assert found == pytest.approx(np.concatenate(halves, axis=1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"path": "lineer"}, "did you mean 'linear'"),
        ({"steps": 1}, "at least 2 steps, got 1"),
        ({"z_b": np.zeros(3)}, "one length"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        interpolate(**({"z_a": A, "z_b": B} | settings))


def test_every_path_has_a_line_for_a_tooltip() -> None:
    for path in PATHS.values():
        assert (path.__doc__ or "").splitlines()[0].endswith(".")
