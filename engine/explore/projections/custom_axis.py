"""An axis from one group of sentences to another."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from engine.config import Config as BaseConfig
from engine.config import ConfigError, param
from engine.explore.libraries import Progress
from engine.explore.projections.base import (
    Floats,
    Groups,
    Linear,
    Projection,
    Projector,
    points_of,
    told_apart,
)
from engine.explore.projections.principal_components import directions


class CustomAxis(Projector):
    r"""Across: from one group of sentences to another. Up: what else varies most, at right angles.

    With the means :math:`m_A, m_B` of two groups and their common covariance :math:`\Sigma`, the axis is

    .. math:: v \propto m_B - m_A \quad \text{or, whitened,} \quad v \propto \Sigma^{-1} (m_B - m_A),

    and 0 lies half-way between the means. The covariance is shrunk towards a multiple of the identity
    as far as few rows demand.

    References:
        Sampling Generative Networks, White, 2016, https://arxiv.org/abs/1609.04468 (attribute vectors);
        Fisher, The Use of Multiple Measurements in Taxonomic Problems, 1936, Annals of Eugenics 7 (2);
        Ledoit and Wolf, A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices, 2004,
        https://doi.org/10.1016/S0047-259X(03)00096-4
    """

    class Config(BaseConfig):
        """From one group to another."""

        name: Literal["axis"] = "axis"
        direction: Literal["difference", "whitened"] = param(
            "difference",
            "difference: between the means of the two groups. whitened: the direction that separates "
            "them best (linear discriminant), which ignores what varies within both.",
            basic=True,
        )

    title = "Custom axis"
    quick = True
    grouped = True
    caution = ""

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(
        self, codes: ArrayLike, progress: Progress | None = None, groups: Groups | None = None
    ) -> Projection:
        """The axis between ``groups``, and the first principal component at right angles to it."""
        points = points_of(codes)
        found = told_apart(points, groups)
        away, towards = points[found.away], points[found.towards]
        axis = _unit(_direction(away, towards, self.config.direction))
        centre = (away.mean(axis=0) + towards.mean(axis=0)) / 2
        moved = points - centre
        across = moved @ axis
        loadings, names = axis[None], [" → ".join(found.names)]
        if points.shape[1] > 1:
            rest = moved - across[:, None] * axis
            aside = directions(rest - rest.mean(axis=0))[0][0]
            loadings = np.stack([axis, _at_right_angles(aside, axis)])
            names.append("most of the rest")
        coordinates = moved @ loadings.T
        variance = points.var(axis=0).sum()
        shares = coordinates.var(axis=0) / variance if variance > 0 else np.zeros(len(loadings))
        return Projection(coordinates, tuple(names), Linear(loadings, centre), shares)


def _direction(away: Floats, towards: Floats, kind: str) -> Floats:
    difference = towards.mean(axis=0) - away.mean(axis=0)
    if kind == "difference":
        return difference
    from sklearn.covariance import ledoit_wolf

    within = np.concatenate([away - away.mean(axis=0), towards - towards.mean(axis=0)])
    if not within.any():  # one row each: nothing varies within
        return difference
    covariance, _ = ledoit_wolf(within, assume_centered=True)
    return np.linalg.solve(covariance, difference)


def _unit(vector: Floats) -> Floats:
    length = np.linalg.norm(vector)
    if not length > 0:
        raise ConfigError(
            "a custom axis needs groups with different means, and these two have the same; choose "
            "other rows"
        )
    return vector / length


def _at_right_angles(vector: Floats, axis: Floats) -> Floats:
    """The vector without its part along ``axis``; any such direction where nothing else is left of it."""
    aside = vector - (vector @ axis) * axis
    if np.linalg.norm(aside) < 0.5:  # nothing varies at right angles
        aside = np.zeros_like(axis)
        aside[np.abs(axis).argmin()] = 1.0
        aside = aside - (aside @ axis) * axis
    return aside / np.linalg.norm(aside)
