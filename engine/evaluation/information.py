r"""What the code knows about the sentence: mutual information, active units.

The mixture :math:`q(z) = \frac1n \sum_k q(z|x_k)` is the aggregated posterior of n rows, and

.. math:: E_x\, KL(q(z|x)\|p(z)) = I_q(x;z) + KL(q(z)\|p(z)).

References:
    Hoffman and Johnson, ELBO surgery, 2016, NIPS workshop on approximate inference.
    He et al., Lagging Inference Networks and Posterior Collapse in VAEs, 2019, arXiv:1901.05534.
    Burda et al., Importance Weighted Autoencoders, 2016, arXiv:1509.00519 (active units).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

ACTIVE_VARIANCE = 0.01

# Log densities held at once: 16 MiB of float64, which a server's cache still helps with. A distribution
# that is not Gaussian holds as many for every unit.
_BLOCK = 2**21


@dataclass(frozen=True)
class Information:
    """Mutual information of sentence and code, nats.

    Attributes:
        value: own term included in q(z): at most ln n, biased downwards near that cap.
        upper: own term left out: biased upwards, so that the two are a sandwich; nan for n = 1.
        n: rows behind it.
    """

    value: float
    upper: float
    n: int


def mutual_information(posteriors: Distribution | Sequence[Distribution], z: Tensor) -> Information:
    r"""Mutual information of n sentences and their codes, from all n² densities.

    .. math:: \frac1n \sum_i \Big[\log q(z_i|x_i) - \log \frac1n \sum_k q(z_i|x_k)\Big]

    Where we differ from He et al.: the first term is taken at the same :math:`z_i` as the second, not
    from the entropy in closed form. The mean is the same, the noise of the two cancels, and the
    estimate cannot exceed ln n. ``in_batch_information`` is theirs.

    Args:
        posteriors: q(z|x) of the rows in one or several batches, n rows in all.
        z: one sample of each, shape (n, Z).
    """
    batches = [posteriors] if isinstance(posteriors, Distribution) else list(posteriors)
    n = len(z)
    value = upper = 0.0
    for start, block in density_blocks(batches, z):
        rows = torch.arange(len(block))
        own = block[rows, start + rows].clone()
        value += (own - torch.logsumexp(block, 1)).sum().item()
        block[rows, start + rows] = -math.inf
        upper += (own - torch.logsumexp(block, 1)).sum().item()
    if n == 1:
        return Information(0.0, math.nan, 1)
    return Information(value / n + math.log(n), upper / n + math.log(n - 1), n)


def in_batch_information(posterior: Distribution, z: Tensor, sizes: Sequence[int]) -> float:
    r"""The estimator of He et al. summed over batches: each batch's value times its size, nats.

    Divided by the number of rows it is their data set value, at most about ln(batch size):

    .. math:: -H[q(z|x_i)] - \log \frac1n \sum_k q(z_i|x_k), \quad k\ \text{over the batch of}\ i

    Args:
        posterior: q(z|x) of the batches one after the other, sum(sizes) rows.
        z: one sample of each, shape (sum(sizes), Z).
        sizes: rows of each batch.
    """
    densities = _densities([posterior])(z)
    own = _negative_entropy(posterior, densities.diagonal())
    total, start = 0.0, 0
    for size in sizes:
        part = slice(start, start + size)
        mixture = torch.logsumexp(densities[part, part], 1) - math.log(size)
        total += (own[part] - mixture).sum().item()
        start += size
    return total


def _negative_entropy(posterior: Distribution, own: Tensor) -> Tensor:
    """E log q(z|x) in closed form; at the sample where the family has no closed form."""
    try:
        return -posterior.entropy().double().cpu()
    except NotImplementedError:
        return own


def density_blocks(posteriors: Sequence[Distribution], z: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Log densities of codes under all posteriors, as many codes at a time as memory should hold.

    Args:
        posteriors: q(z|x) of the rows in one or several batches, n rows in all.
        z: codes, shape (M, Z).

    Yields:
        The number of the first code, and log q(z_i|x_k) for some codes i and all rows k, (m, n), float64
        on the CPU; the caller's to change.
    """
    rows = sum(posterior.batch_shape[0] for posterior in posteriors)
    width = 1 if all(map(_is_diagonal_gaussian, posteriors)) else z[0].numel()
    step = max(1, _BLOCK // (rows * width))
    densities = _densities(posteriors)
    for start in range(0, len(z), step):
        yield start, densities(z[start : start + step])


def _densities(posteriors: Sequence[Distribution]) -> Callable[[Tensor], Tensor]:
    """A function from z (m, Z) to log q(z_i|x_k) for all rows k, (m, n), float64 on the CPU."""
    if all(_is_diagonal_gaussian(posterior) for posterior in posteriors):
        bases = [posterior.base_dist for posterior in posteriors]  # type: ignore[attr-defined]
        loc = torch.cat([base.loc.flatten(1) for base in bases]).double().cpu()
        scale = torch.cat([base.scale.flatten(1) for base in bases]).double().cpu()
        return _gaussian_densities(loc, scale)

    def densities(z: Tensor) -> Tensor:
        blocks = [posterior.log_prob(z.unsqueeze(1)) for posterior in posteriors]
        return torch.cat(blocks, dim=1).double().cpu()

    return densities


def _is_diagonal_gaussian(posterior: Distribution) -> bool:
    return (
        isinstance(posterior, Independent)
        and isinstance(posterior.base_dist, Normal)
        and len(posterior.batch_shape) == 1
    )


def _gaussian_densities(loc: Tensor, scale: Tensor) -> Callable[[Tensor], Tensor]:
    """All pairs by two matrix products: Σ (z-μ)²/σ² = z²·(1/σ²) - 2 z·(μ/σ²) + Σ μ²/σ²."""
    centre = loc.mean(0)  # the expansion cancels; near the origin it cancels least
    mean, precision = loc - centre, scale**-2
    constant = -0.5 * (mean**2 * precision).sum(1) - scale.log().sum(1)
    constant -= 0.5 * loc.shape[1] * math.log(2 * math.pi)
    factors = torch.cat([-0.5 * precision, mean * precision], dim=1).T.contiguous()

    def densities(z: Tensor) -> Tensor:
        moved = z.flatten(1).double().cpu() - centre
        return torch.addmm(constant, torch.cat([moved**2, moved], dim=1), factors)

    return densities


class Moments:
    """Running mean and variance of each unit, in float64, merged batch by batch (Chan et al.)."""

    def __init__(self) -> None:
        self.count = 0
        self._mean: NDArray[np.float64] | float = 0.0
        self._squares: NDArray[np.float64] | float = 0.0

    def add(self, values: Tensor) -> None:
        """Take in values of shape (B, Z)."""
        batch = values.flatten(1).double().cpu().numpy()
        mean = batch.mean(0)
        delta = mean - self._mean
        total = self.count + len(batch)
        self._squares += ((batch - mean) ** 2).sum(0) + delta**2 * self.count * len(batch) / total
        self._mean = self._mean + delta * len(batch) / total
        self.count = total

    def variance(self) -> NDArray[np.float64]:
        """Unbiased variance of each unit, shape (Z,); nan where fewer than 2 rows were seen."""
        squares = np.atleast_1d(self._squares)
        return squares / (self.count - 1) if self.count > 1 else np.full_like(squares, np.nan)


def active_units(variance: NDArray[np.float64], threshold: float = ACTIVE_VARIANCE) -> int:
    """How many latent units have a posterior mean that varies: variance of at least 0.01."""
    return int((variance >= threshold).sum())
