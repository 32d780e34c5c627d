"""Are two sets of codes from one distribution? A kernel two-sample test."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class TwoSample:
    """What the test found.

    Attributes:
        value: MMD², unbiased, so that it may be negative.
        p_value: how often sets that were shuffled together are as far apart.
        n: rows of each set.
    """

    value: float
    p_value: float
    n: int


def two_sample(
    x: Tensor, y: Tensor, sigma: float = 1.0, permutations: int = 500, seed: int = 42
) -> TwoSample:
    r"""MMD² of two equally large sets of codes under the inverse multiquadric kernel, with its p-value.

    .. math::
        k(a, b) = \frac{C}{C + \|a - b\|^2}, \quad C = 2 Z \sigma^2, \qquad
        p = \frac{1 + \#\{\text{permutations with at least this MMD}^2\}}{1 + \#\text{permutations}}

    References:
        A Kernel Two-Sample Test, Gretton et al., 2012, https://jmlr.org/papers/v13/gretton12a.html

    Args:
        x, y: codes, shape (N, Z) each, N at least 2.
        sigma: standard deviation of the prior's units.
        permutations: how often the sets are shuffled together and parted again.
        seed: of the permutations.
    """
    n, width = len(x), 2 * x.shape[1] * sigma**2
    pooled = torch.cat([x, y]).double().cpu()
    kernel = width / (width + torch.cdist(pooled, pooled).square())
    kernel.fill_diagonal_(0)
    generator = torch.Generator().manual_seed(seed)
    shuffled = [torch.randperm(2 * n, generator=generator) for _ in range(permutations)]
    first = torch.zeros(2 * n, 1 + permutations, dtype=torch.float64)
    for column, order in enumerate([torch.arange(2 * n), *shuffled]):
        first[order[:n], column] = 1
    towards = kernel @ first
    inside = (first * towards).sum(0)
    across = towards.sum(0) - inside
    rest = kernel.sum() - inside - 2 * across
    # The own pair of x_i and y_i counts across, as in the estimate with all pairs.
    values = (inside + rest) / (n * (n - 1)) - 2 * across / n**2
    as_far = int((values[1:] >= values[0]).sum())
    return TwoSample(float(values[0]), (1 + as_far) / (1 + permutations), n)
