r"""Each latent unit against its prior: the aggregated posterior :math:`q(z_j) = \frac1n \sum_i q(z_j|x_i)`.

Both are cut into bins a tenth of the prior's standard deviation wide, with everything beyond eight of them
in the outermost, or into the two values of a bit. The masses are exact; nothing is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from torch import Tensor
from torch.distributions import Bernoulli, Distribution, Independent, Normal
from torch.distributions.transformed_distribution import TransformedDistribution

from engine.evaluation.aggregate import Aggregate
from engine.models.distributions.sphere import AboutAxis

Floats = NDArray[np.float64]

# A unit is covered if the prior is within this many nats of its aggregated posterior (DG-VAE).
COVERED_NATS = 0.03
_EDGES = np.arange(-80, 81) / 10
_LEAST = 1e-300


@dataclass(frozen=True)
class Units:
    """Units of a code, J of them, under the aggregated posterior and under the prior.

    Attributes:
        names: ``z[0]``, or ``u[0]`` where a unit is a free logit of proportions.
        mean: of the aggregated posterior, shape (J,).
        mean_variance: variance of the posterior means over sentences, unbiased, (J,).
        within: mean variance of the posteriors, (J,).
        prior_mean, prior_variance: shape (J,).
        edges: where the inner bins begin and end, in standard deviations from the prior's mean, (B - 1,);
            empty where a unit is a bit.
        masses: probability of each bin under the aggregated posterior, (J, B).
        prior_masses: under the prior, (J, B).
        dense: whether the posterior has a density; otherwise codes are points and a divergence from them
            means nothing.
    """

    names: tuple[str, ...]
    mean: Floats
    mean_variance: Floats
    within: Floats
    prior_mean: Floats
    prior_variance: Floats
    edges: Floats
    masses: Floats
    prior_masses: Floats
    dense: bool = True

    def __len__(self) -> int:
        return len(self.names)

    @property
    def variance(self) -> Floats:
        """Of the aggregated posterior: that of the means plus the mean of the variances, (J,)."""
        return self.mean_variance + self.within

    @property
    def snr(self) -> Floats:
        r"""What part of the variance tells sentences apart, (J,), 0 to 1; 0 where nothing varies.

        .. math:: \frac{\mathrm{Var}\,\mu_j}{\mathrm{Var}\,\mu_j + E\,\sigma_j^2}
        """
        return self.mean_variance / np.maximum(self.variance, _LEAST)

    @property
    def offset(self) -> Floats:
        """How far the mean is from the prior's, in standard deviations of the prior, (J,)."""
        return (self.mean - self.prior_mean) / np.sqrt(self.prior_variance)

    @property
    def scale(self) -> Floats:
        """Standard deviation over that of the prior, (J,)."""
        return np.sqrt(self.variance / self.prior_variance)

    @property
    def ks(self) -> Floats:
        """Largest difference of the two distribution functions (Kolmogorov-Smirnov), (J,), 0 to 1."""
        return np.abs(np.cumsum(self.masses - self.prior_masses, axis=1)).max(axis=1)

    @property
    def kl_to_prior(self) -> Floats:
        """KL(q(z_j) || p(z_j)) of the bins, nats, (J,); nan where codes are points."""
        return self._divergence(self.masses, self.prior_masses)

    @property
    def kl_from_prior(self) -> Floats:
        """KL(p(z_j) || q(z_j)) of the bins, nats, (J,): large where the prior has a hole; nan for points."""
        return self._divergence(self.prior_masses, self.masses)

    @property
    def covered(self) -> int:
        """How many units have no hole: KL(p(z_j) || q(z_j)) below 0.03 nats; a collapsed one has none."""
        return int((self.kl_from_prior < COVERED_NATS).sum())

    def _divergence(self, p: Floats, q: Floats) -> Floats:
        if not self.dense:
            return np.full(len(self), np.nan)
        ratio = np.log(np.maximum(p, _LEAST)) - np.log(np.maximum(q, _LEAST))
        return np.maximum((p * ratio).sum(axis=1), 0.0)


def units_of(encoded: Aggregate) -> Units | None:
    """The units of an aggregated posterior, or None where a code has none of its own: see ``why_none``.

    A Gaussian's are its coordinates, those of proportions their free logits, bits are bits; of codes
    without a density there are the points themselves.

    Args:
        encoded: rows with their posteriors.
    """
    if why_none(encoded):
        return None
    prior = _base(encoded.prior)
    if not encoded.posteriors:
        return _of_points(_array(encoded.codes), prior)
    bases: list[Any] = [_base(posterior) for posterior in encoded.posteriors]
    if isinstance(prior, Bernoulli):
        return _of_bits(np.concatenate([_array(base.probs) for base in bases]), prior)
    name = "u" if isinstance(encoded.prior, TransformedDistribution) else "z"
    mean = np.concatenate([_array(base.loc) for base in bases])
    return _of_normals(name, mean, np.concatenate([_array(base.scale) for base in bases]), prior)


def why_none(encoded: Aggregate) -> str:
    """Why single units say nothing for such codes, in a sentence; empty where they do."""
    if isinstance(_base(encoded.prior), Normal | Bernoulli):
        return ""
    if encoded.posteriors and isinstance(encoded.posteriors[0], AboutAxis):
        return "Coordinates of the unit sphere share one length, so that none can be judged alone."
    return "The units of such codes depend on one another, so that none can be judged alone."


def _base(distribution: Distribution) -> Any:
    """What is independent in each unit, if anything is."""
    if isinstance(distribution, TransformedDistribution):
        distribution = distribution.base_dist
    return distribution.base_dist if isinstance(distribution, Independent) else distribution


def _of_normals(name: str, mean: Floats, deviation: Floats, prior: Normal) -> Units:
    """Normal posteriors (N, J) against a normal prior (J,)."""
    centre, width = _array(prior.loc), _array(prior.scale)
    masses = [
        _normal_masses(*column)
        for column in zip(((mean - centre) / width).T, (deviation / width).T, strict=True)
    ]
    units = range(mean.shape[1])
    return Units(
        names=tuple(f"{name}[{unit}]" for unit in units),
        mean=mean.mean(axis=0),
        mean_variance=_variance(mean),
        within=np.square(deviation).mean(axis=0),
        prior_mean=centre,
        prior_variance=np.square(width),
        edges=_EDGES,
        masses=np.array(masses),
        prior_masses=np.array([_normal_masses(np.zeros(1), np.ones(1))] * len(units)),
    )


def _of_points(codes: Floats, prior: Normal) -> Units:
    """Codes without a density (N, J) against a normal prior (J,)."""
    found = _of_normals("z", codes, np.ones_like(codes), prior)
    columns = ((codes - found.prior_mean) / np.sqrt(found.prior_variance)).T
    bins = np.array([-np.inf, *_EDGES, np.inf])
    masses = [np.histogram(column, bins)[0] / len(codes) for column in columns]
    within = np.zeros_like(found.within)
    return replace(found, within=within, masses=np.array(masses), dense=False)


def _of_bits(ones: Floats, prior: Bernoulli) -> Units:
    """Posterior probabilities of a 1 (N, J) against the prior's (J,)."""
    centre, mean = _array(prior.probs), ones.mean(axis=0)
    return Units(
        names=tuple(f"z[{unit}]" for unit in range(len(mean))),
        mean=mean,
        mean_variance=_variance(ones),
        within=(ones * (1 - ones)).mean(axis=0),
        prior_mean=centre,
        prior_variance=centre * (1 - centre),
        edges=np.empty(0),
        masses=np.stack([1 - mean, mean], axis=1),
        prior_masses=np.stack([1 - centre, centre], axis=1),
    )


def _normal_masses(mean: Floats, deviation: Floats) -> Floats:
    """Probability of each bin under a mixture of normals (N,), in standard deviations of the prior."""
    x = (_EDGES - mean[:, None]) / deviation[:, None]
    below, above = ndtr(x), ndtr(-x)
    # From the nearer tail, so that far bins keep their digits.
    inner = np.where(x[:, :-1] > 0, above[:, :-1] - above[:, 1:], below[:, 1:] - below[:, :-1])
    return np.concatenate([below[:, :1], inner, above[:, -1:]], axis=1).mean(axis=0)


def _variance(values: Floats) -> Floats:
    return values.var(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1])


def _array(values: Tensor) -> Floats:
    return values.double().cpu().numpy()
