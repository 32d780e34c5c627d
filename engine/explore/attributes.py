r"""Directions of the latent space that stand for an attribute: two groups of sentences, and how sure it is.

.. math::
    v \propto \bar z_1 - \bar z_0 \qquad\text{or}\qquad v \propto \Sigma_w^{-1} (\bar z_1 - \bar z_0)

with :math:`\Sigma_w` the covariance within the groups (linear discriminant analysis). Codes are taken in the
coordinates in which vectors of their family add.

References:
    Fisher, The Use of Multiple Measurements in Taxonomic Problems, 1936, Annals of Eugenics 7.
    Ledoit and Wolf, A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices, 2004,
    Journal of Multivariate Analysis 88 (how the covariance is shrunk).
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, Chapman and Hall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError
from engine.explore.arithmetic import arithmetic_of

if TYPE_CHECKING:
    from engine.models.latents import LatentFamily

Floats = NDArray[np.float64]
How = Literal["mean", "lda"]

_LEAST = 1e-12


@dataclass(frozen=True)
class AttributeVector:
    """A direction from the sentences without an attribute to those with it.

    Attributes:
        direction: v, of length 1, in the coordinates in which codes add, (Z,).
        sigma: standard deviation of codes along v within the groups.
        middle: where between the two groups' means the coordinate along v is.
        effect: distance of the two means along v, in sigma.
        difference: mean of the one group minus mean of the other in each coordinate, (Z,).
        difference_se: its standard error over resamples, (Z,).
        auc: how often a sentence with the attribute lies farther along v than one without, for sentences
            that v was not made from; 0.5 is chance. Mean over resamples.
        auc_range: the middle nine tenths of it over resamples.
        directions: v of each resample, (R, Z).
        counts: sentences with and without the attribute.
        how: mean or lda.
    """

    direction: Floats
    sigma: float
    middle: float
    effect: float
    difference: Floats
    difference_se: Floats
    auc: float
    auc_range: tuple[float, float]
    directions: Floats
    counts: tuple[int, int]
    how: How

    @property
    def agreement(self) -> Floats:
        """The cosine of each resample's direction with the one from all sentences, (R,)."""
        return self.directions @ self.direction

    def along(self, vectors: ArrayLike) -> Floats:
        """How far along the direction coordinates (..., Z) lie from the middle, in sigma, (...)."""
        return (np.asarray(vectors) @ self.direction - self.middle) / self.sigma


def attribute_vector(
    latent: LatentFamily | type[LatentFamily],
    having: ArrayLike,
    lacking: ArrayLike,
    how: How = "mean",
    *,
    orthogonal_to: Sequence[ArrayLike] = (),
    resamples: int = 200,
    seed: int = 42,
) -> AttributeVector:
    """The direction from one group of codes to another, with its spread over resamples of the sentences.

    Each resample draws both groups anew with replacement; the sentences that it leaves out say how well
    its direction tells the groups apart.

    Args:
        latent: the family of the codes.
        having: codes of sentences with the attribute, (N, Z).
        lacking: codes of sentences without it, (M, Z).
        how: mean, the difference of the means; lda, which also divides by the covariance within groups, so
            that what varies anyway counts less.
        orthogonal_to: directions (Z,) along which a move should change nothing, such as
            ``direction_of`` length.
        resamples: R, at least 2.
        seed: of the resamples.

    Raises:
        ConfigError: a group has fewer than three sentences, or no direction is left.
    """
    kind = arithmetic_of(latent)
    groups = (kind.vectors(having), kind.vectors(lacking))
    counts = len(groups[0]), len(groups[1])
    if min(counts) < 3 or resamples < 2:
        raise ConfigError(
            "an attribute vector needs at least three sentences with the attribute and three without, and "
            f"2 resamples, got {counts[0]}, {counts[1]} and {resamples}"
        )
    basis = _basis(orthogonal_to, groups[0].shape[1])
    direction = _direction(*groups, how, basis)
    if not direction.any():
        raise ConfigError(
            "the two groups have one mean, or differ only along what the vector must be orthogonal to; "
            "choose other sentences or leave a direction out"
        )
    directions, differences, aucs = _resampled(groups, how, basis, resamples, seed)
    high, low = (group @ direction for group in groups)
    sigma = float(np.sqrt(_pooled(high, low)))
    low_auc, high_auc = np.quantile(aucs, (0.05, 0.95))
    return AttributeVector(
        direction=direction,
        sigma=max(sigma, _LEAST),
        middle=float((high.mean() + low.mean()) / 2),
        effect=float((high.mean() - low.mean()) / max(sigma, _LEAST)),
        difference=groups[0].mean(axis=0) - groups[1].mean(axis=0),
        difference_se=differences.std(axis=0, ddof=1),
        auc=float(aucs.mean()),
        auc_range=(float(low_auc), float(high_auc)),
        directions=directions,
        counts=counts,
        how=how,
    )


def direction_of(
    latent: LatentFamily | type[LatentFamily], codes: ArrayLike, values: ArrayLike
) -> Floats:
    r"""The direction along which a number, such as the length of a sentence, rises fastest, (Z,), length 1.

    .. math:: w \propto \Sigma^{-1} \mathrm{Cov}(z, y)

    the gradient of its linear prediction by least squares: a move at right angles to w leaves the prediction as it is.

    Args:
        latent: the family of the codes.
        codes: shape (N, Z).
        values: y, shape (N,).

    Raises:
        ConfigError: all values are the same.
    """
    vectors = arithmetic_of(latent).vectors(codes)
    y = np.asarray(values, dtype=np.float64)
    if y.shape != (len(vectors),):
        raise ConfigError(f"a direction needs one number for each of {len(vectors)} codes")
    if np.ptp(y) == 0:
        raise ConfigError(
            f"a direction needs numbers that differ, and all of them are {y[0]:g}; leave it out"
        )
    centred = vectors - vectors.mean(axis=0)
    found = np.linalg.lstsq(centred, y - y.mean(), rcond=None)[0]
    return found / max(float(np.linalg.norm(found)), _LEAST)


def _resampled(
    groups: tuple[Floats, Floats], how: How, basis: Floats, resamples: int, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Directions (R, Z), differences (R, Z), and AUC of the sentences left out, (R,)."""
    rng = np.random.default_rng(seed)
    directions, differences, aucs = [], [], []
    for _ in range(resamples):
        drawn = [rng.integers(0, len(group), len(group)) for group in groups]
        having, lacking = (group[rows] for group, rows in zip(groups, drawn, strict=True))
        direction = _direction(having, lacking, how, basis)
        left = [np.delete(group, rows, axis=0) for group, rows in zip(groups, drawn, strict=True)]
        directions.append(direction)
        differences.append(having.mean(axis=0) - lacking.mean(axis=0))
        aucs.append(_auc(*(group @ direction for group in left)))
    return np.array(directions), np.array(differences), np.array(aucs)


def _direction(having: Floats, lacking: Floats, how: How, basis: Floats) -> Floats:
    """v of two groups, at right angles to the rows of ``basis``; zeros where nothing is left."""
    found = having.mean(axis=0) - lacking.mean(axis=0)
    if how == "lda":
        within = np.concatenate([having - having.mean(axis=0), lacking - lacking.mean(axis=0)])
        found = np.linalg.solve(_shrunk(within), found)
    left = found - basis.T @ (basis @ found)
    before, after = float(np.linalg.norm(found)), float(np.linalg.norm(left))
    return left / after if after > max(1e-9 * before, _LEAST) else np.zeros_like(left)


def _basis(directions: Sequence[ArrayLike], size: int) -> Floats:
    """Orthonormal rows that span some directions, (M, Z)."""
    if not len(directions):
        return np.empty((0, size))
    rows = np.stack([np.asarray(one, dtype=np.float64) for one in directions])
    _, sizes, spanned = np.linalg.svd(rows, full_matrices=False)
    return spanned[sizes > 1e-9 * float(sizes[0])]


def _shrunk(centred: Floats) -> Floats:
    """The covariance of centred rows (N, Z), shrunk so that it can be inverted, (Z, Z)."""
    from sklearn.covariance import ledoit_wolf

    covariance = ledoit_wolf(centred, assume_centered=True)[0]
    return covariance + _LEAST * np.eye(len(covariance))


def _pooled(high: Floats, low: Floats) -> float:
    """Variance within two groups of numbers."""
    squares = np.square(high - high.mean()).sum() + np.square(low - low.mean()).sum()
    return float(squares / (len(high) + len(low) - 2))


def _auc(high: Floats, low: Floats) -> float:
    """How often a number of the one group exceeds one of the other; one half where a group is empty."""
    from scipy.stats import rankdata

    if not len(high) or not len(low):
        return 0.5
    ranks = rankdata(np.concatenate([high, low]))[: len(high)].sum()
    return float((ranks - len(high) * (len(high) + 1) / 2) / (len(high) * len(low)))
