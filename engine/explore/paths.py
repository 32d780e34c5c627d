r"""Paths between two codes.

With :math:`\Omega` the angle between a and b and t running from 0 to 1.

References:
    White, Sampling Generative Networks, 2016, arXiv:1609.04468 (spherical interpolation).
    Lebanon, Riemannian Geometry and Statistical Machine Learning, 2005, thesis, Carnegie Mellon
    University (the Fisher geometry of the simplex).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError, one_of

Floats = NDArray[np.float64]
Path = Callable[[Floats, Floats, Floats], Floats]

# Below this angle (or this near to opposite) the sines of the formula lose their digits.
_SMALL_ANGLE = 1e-3
# This near to opposite the formula throws codes of different lengths far beyond both.
_OPPOSITE = 0.1
# Proportions in float32 sum to 1 within this.
_ROUNDING = 1e-3


def linear(a: Floats, b: Floats, t: Floats) -> Floats:
    r"""The straight line: every step moves by the same amount. Good between posterior means.

    .. math:: z_t = (1-t)\,a + t\,b
    """
    return (1 - t) * a + t * b


def spherical(a: Floats, b: Floats, t: Floats) -> Floats:
    r"""Along the arc: keeps the length of codes that are equally long, so it stays in the prior's shell.

    .. math:: z_t = \frac{\sin((1-t)\Omega)}{\sin\Omega}\,a + \frac{\sin(t\Omega)}{\sin\Omega}\,b

    Straight where the codes point the same way or one of them is zero; norm-preserving where they point
    opposite ways (within 0.1 radians), because there the formula leaves the neighbourhood of both.
    """
    angle = _angle(a, b)
    if angle is None or angle < _SMALL_ANGLE:
        return linear(a, b, t)
    if np.pi - angle < _OPPOSITE:
        return norm_preserving(a, b, t)
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def norm_preserving(a: Floats, b: Floats, t: Floats) -> Floats:
    r"""The direction turns along the arc and the length changes evenly. Made for samples of the prior.

    .. math::
        z_t = \big((1-t)\|a\| + t\|b\|\big)
        \frac{\sin((1-t)\Omega)\,\hat a + \sin(t\Omega)\,\hat b}{\sin\Omega}

    Straight where one code is zero; through a fixed direction at right angles where they are opposite.
    """
    angle = _angle(a, b)
    if angle is None:
        return linear(a, b, t)
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    start = a / length_a
    if angle < _SMALL_ANGLE:
        direction = linear(start, b / length_b, t)
        direction = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    else:
        side = _side(start, b / length_b, angle)
        direction = np.cos(t * angle) * start + np.sin(t * angle) * side
    return ((1 - t) * length_a + t * length_b) * direction


def fisher_rao(a: Floats, b: Floats, t: Floats) -> Floats:
    r"""Between proportions: along the arc of their square roots, by equal steps of how different they look.

    .. math:: z_t = \Big(\frac{\sin((1-t)\Omega)}{\sin\Omega}\sqrt a
        + \frac{\sin(t\Omega)}{\sin\Omega}\sqrt b\Big)^2

    with :math:`\Omega` the angle between the roots, at most a right one.

    Raises:
        ConfigError: the codes are no proportions.
    """
    for code in (a, b):
        if code.min() < 0 or abs(code.sum() - 1) > _ROUNDING:
            raise ConfigError(
                "the fisher-rao path needs codes that are proportions (none negative, sum 1), as those "
                f"of logistic_gaussian are, got a code with least entry {code.min():.3g} and sum "
                f"{code.sum():.3g}; take linear"
            )
    squares = spherical(np.sqrt(a), np.sqrt(b), t) ** 2
    return squares / squares.sum(axis=1, keepdims=True)


def bits(a: Floats, b: Floats, t: Floats) -> Floats:
    r"""The units that differ change over one group after the other: between bits, every step is bits.

    Of m units that differ, the first :math:`\lfloor tm + \tfrac12 \rfloor` are those of b, in the order of
    their numbers; the way back passes the same codes.
    """
    places = np.flatnonzero(a != b)
    if len(places) and a[places[0]] > b[places[0]]:
        return bits(b, a, 1 - t)
    rank = np.full(len(a), len(places))
    rank[places] = np.arange(len(places))
    # Rounded first: half a unit, there and back, must not depend on the last digit of t.
    return np.where(rank < np.floor(np.round(t * len(places) + 0.5, 9)), b, a)


PATHS: dict[str, Path] = {
    "linear": linear,
    "spherical": spherical,
    "norm-preserving": norm_preserving,
    "fisher-rao": fisher_rao,
    "bits": bits,
}


def interpolate(
    z_a: ArrayLike, z_b: ArrayLike, steps: int = 11, path: str = "linear", tokens: int = 1
) -> Floats:
    """Codes from ``z_a`` to ``z_b``, both included, shape (steps, Z).

    Args:
        z_a: the first code, shape (Z,).
        z_b: the last code, shape (Z,).
        steps: number of codes, at least 2.
        path: a name in PATHS.
        tokens: how many latent tokens a code is made of; each goes its own way.

    Raises:
        ConfigError: the path is unknown, there are too few steps, or it cannot join these codes.
    """
    if steps < 2:
        raise ConfigError(f"an interpolation needs at least 2 steps, got {steps}; take 11")
    codes = at(z_a, z_b, np.linspace(0, 1, steps), path, tokens)
    codes[0], codes[-1] = z_a, z_b
    return codes


def at(
    z_a: ArrayLike, z_b: ArrayLike, t: ArrayLike, path: str = "linear", tokens: int = 1
) -> Floats:
    """Codes at chosen places of a path, shape (T, Z).

    Args:
        z_a, z_b: its ends, shape (Z,).
        t: the places, 0 at ``z_a`` and 1 at ``z_b``, shape (T,).
        path: a name in PATHS.
        tokens: how many latent tokens a code is made of; each goes its own way.

    Raises:
        ConfigError: the path is unknown, or it cannot join these codes.
    """
    if path not in PATHS:
        raise ConfigError(one_of("path", path, PATHS))
    a, b = np.asarray(z_a, dtype=np.float64), np.asarray(z_b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ConfigError(f"two codes must be vectors of one length, got {a.shape} and {b.shape}")
    places = np.asarray(t, dtype=np.float64)[:, None]
    ends = zip(np.split(a, tokens), np.split(b, tokens), strict=True)
    return np.concatenate([PATHS[path](start, end, places) for start, end in ends], axis=1)


def _angle(a: Floats, b: Floats) -> float | None:
    """The angle between two vectors, 0 to π; None where one is zero."""
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if lengths == 0:
        return None
    # Half-angle form: exact near 0 and π, where the arc cosine is not.
    unit_a, unit_b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return float(2 * np.arctan2(np.linalg.norm(unit_a - unit_b), np.linalg.norm(unit_a + unit_b)))


def _side(start: Floats, end: Floats, angle: float) -> Floats:
    """The unit vector at right angles to ``start`` towards which the arc to ``end`` leaves."""
    towards = end
    if np.pi - angle < _SMALL_ANGLE:
        towards = np.zeros_like(start)
        towards[np.argmin(np.abs(start))] = 1.0
    side = towards - (towards @ start) * start
    length = np.linalg.norm(side)
    # One dimension has no direction at right angles: the path then runs straight through zero.
    return side / length if length > 0 else side
