r"""Where the prior draws codes that no sentence has: holes of the aggregated posterior q(z).

.. math:: \log q(z) - \log p(z), \qquad q(z) = \frac1n \sum_i q(z|x_i)

A hole is a place where the prior draws and q(z) is lower than at 99 of 100 draws of the posteriors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.evaluation.aggregate import OFF_DATA, Aggregate
from engine.evaluation.mmd import TwoSample, two_sample
from engine.evaluation.mode import evaluation_mode
from engine.evaluation.units import Units, units_of

if TYPE_CHECKING:
    from engine.models.vae import VAE

Floats = NDArray[np.float64]

_SHELL = (0.005, 0.995)
_RESAMPLES = 200
# Rows that were encoded with this seed have its noise already; the prior's must be other noise.
_OTHER_STREAM = 2**20 + 7
# Rows of each set in the two-sample test: their kernel takes 16 MiB.
_TESTED = 700


@dataclass(frozen=True)
class Holes:
    """Draws of the prior and of the posteriors, and how likely each is under the other.

    Attributes:
        prior_z: draws of the prior, shape (M, Z).
        prior_log_q, prior_log_p: log densities there, nats, (M,).
        log_q, log_p: log densities at one draw of each posterior, nats, (N,); q without the row itself.
        floor: the log density q that 99 of 100 posterior draws exceed.
        rate: share of prior draws below the floor; 0.01 where the two distributions are one.
        rate_se: its standard error, by resampling both sets.
        reverse: share of posterior draws outside the shell that holds 99 of 100 prior draws; 0.01 where
            the two are one, 0 where every code is as probable as any other under the prior.
        covered: units without a hole, out of ``units``; None where units cannot be judged alone.
        units: how many units there are.
        mmd: the two sets of draws compared by a kernel.
    """

    prior_z: Tensor
    prior_log_q: Floats
    prior_log_p: Floats
    log_q: Floats
    log_p: Floats
    floor: float
    rate: float
    rate_se: float
    reverse: float
    covered: int | None
    units: int
    mmd: TwoSample

    @property
    def prior_ratio(self) -> Floats:
        """log q(z) - log p(z) at the draws of the prior, nats, (M,)."""
        return self.prior_log_q - self.prior_log_p

    @property
    def ratio(self) -> Floats:
        """log q(z) - log p(z) at the draws of the posteriors, nats, (N,)."""
        return self.log_q - self.log_p

    def words(self, information: float | None = None) -> list[str]:
        """What was found, a sentence each.

        Args:
            information: mutual information of the same rows, nats, to say where they are too few.
        """
        told = [
            f"{self.rate:.1%} of {len(self.prior_log_q)} prior draws lie in holes (standard error "
            f"{self.rate_se:.1%}): less likely than 99 of 100 draws of the posteriors; 1% would lie there "
            "if the two were one."
        ]
        if self.covered is not None:
            told.append(f"{self.covered} of {self.units} dimensions have no hole of their own.")
        told.append(f"{self.reverse:.1%} of the posteriors' draws lie outside the prior's shell.")
        n = len(self.log_q)
        if information is not None and information > 0.9 * math.log(n):
            told.append(
                f"{n} posteriors hardly overlap, so that what lies between them is poorly known: another "
                "number of rows gives another rate."
            )
        return told

    def scalars(self) -> dict[str, float]:
        """The numbers by their names in METRICS."""
        found = {
            "hole_rate": self.rate,
            "hole_rate_se": self.rate_se,
            "reverse_coverage": self.reverse,
            "mmd_prior": self.mmd.value,
            "mmd_p": self.mmd.p_value,
        }
        return found if self.covered is None else found | {"covered_units": float(self.covered)}


def find_holes(
    model: VAE, encoded: Aggregate, draws: int = 2000, seed: int = 42, units: Units | None = None
) -> Holes:
    r"""Draw from the prior and see how many draws lie where no sentence's code does.

    The hole rate is the share of prior draws at which log q(z) is below its first percentile at draws of
    the posteriors.

    Where we differ from what is usual: at a row's own draw the row itself is left out of q(z). A fresh
    draw has no posterior of its own in the mixture either, so that the rate is one percent, and not
    nearly all, where posteriors are narrow and prior and aggregated posterior are one.

    References:
        Improving VAEs with Density Gap-based Regularization, Zhang et al., 2022,
        https://arxiv.org/abs/2211.00321 (holes, and units without)

    Args:
        model: a text VAE.
        encoded: rows of a split with their posteriors.
        draws: M, of the prior.
        seed: of the draws.
        units: those of ``encoded``, where somebody has them already.

    Raises:
        ConfigError: the latent family has no density.
    """
    log_q = encoded.own_log_density
    with evaluation_mode(model, seed + _OTHER_STREAM):
        z = model.latent.sample_prior(draws)
    prior_log_q = encoded.log_density(z)
    rate, rate_se = _rate(prior_log_q, log_q, seed)
    prior_log_p, log_p = encoded.log_prior(z), encoded.log_prior(encoded.z)
    units = units_of(encoded) if units is None else units
    return Holes(
        prior_z=z.cpu(),
        prior_log_q=prior_log_q,
        prior_log_p=prior_log_p,
        log_q=log_q,
        log_p=log_p,
        floor=encoded.floor,
        rate=rate,
        rate_se=rate_se,
        reverse=_outside(log_p, prior_log_p),
        covered=None if units is None else units.covered,
        units=0 if units is None else len(units),
        mmd=_compared(encoded, z, seed),
    )


def _rate(prior_log_q: Floats, log_q: Floats, seed: int) -> tuple[float, float]:
    """The share of prior draws under the floor, and its standard error."""
    rng = np.random.default_rng(seed)
    rates = []
    for _ in range(_RESAMPLES):
        floor = np.quantile(rng.choice(log_q, len(log_q)), OFF_DATA)
        rates.append((rng.choice(prior_log_q, len(prior_log_q)) < floor).mean())
    rate = (prior_log_q < np.quantile(log_q, OFF_DATA)).mean()
    return float(rate), float(np.std(rates, ddof=1))


def _outside(log_p: Floats, prior_log_p: Floats) -> float:
    """Share of draws less or more probable under the prior than 99 of 100 of its own."""
    low, high = np.quantile(prior_log_p, _SHELL)
    # Equal probabilities are equal up to rounding.
    slack = 1e-6 * max(1.0, abs(high))
    return float(((log_p < low - slack) | (log_p > high + slack)).mean())


def _compared(encoded: Aggregate, prior_z: Tensor, seed: int) -> TwoSample:
    """Random rows' draws and as many of the prior, as the kernel sees them."""
    n = min(len(encoded), len(prior_z), _TESTED)
    rows = torch.from_numpy(np.random.default_rng(seed).permutation(len(encoded))[:n])
    sigma = math.sqrt(float(prior_z.var(0).mean()))
    return two_sample(encoded.z[rows.to(encoded.z.device)], prior_z[:n], sigma, seed=seed)
