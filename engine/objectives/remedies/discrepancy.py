"""Maximum mean discrepancy: how far apart two sets of codes are, as a kernel sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from engine.config import Config as BaseConfig
from engine.config import ConfigError, param
from engine.objectives.remedies.base import Forward

if TYPE_CHECKING:
    from engine.models.latents import Latent
    from engine.models.vae import VAE

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
KERNELS = Literal["imq", "imq-mixture", "rbf", "transformer-vae"]


class KernelConfig(BaseConfig):
    """How two codes are compared."""

    kernel: KERNELS = param(
        "imq",
        "imq: inverse multiquadric; imq-mixture: the sum of seven of them, width times 0.1 to 10; rbf: "
        "Gaussian, as wide as the median distance; transformer-vae: that system's kernel, estimate and "
        "scaling, which hardly see a difference.",
        basic=True,
    )
    sigma: float = param(
        1.0,
        "Standard deviation of the prior's units, which sets the width 2 Z σ² of the inverse "
        "multiquadric (1 for a standard normal prior; on a sphere it is 1/√Z).",
        gt=0,
        le=100,
        symbol="σ",
    )


def discrepancy(forward: Forward, config: KernelConfig) -> Tensor:
    """MMD² between the batch's codes and as many draws of the prior, scalar.

    Where a code is made of K latent tokens, each token is a row of its own.
    """
    family = forward.model.latent
    size = family.size // family.tokens
    # One code per sentence: several of the same sentence are no independent draws of q(z).
    z = forward.z.float().reshape(-1, size)
    prior = family.sample_prior(len(forward.z)).to(z).reshape(-1, size)
    if config.kernel == "transformer-vae":
        return transformer_vae(z, prior, len(forward.z))
    return squared_mmd(z, prior, config.kernel, config.sigma)


def squared_mmd(x: Tensor, y: Tensor, kernel: str = "imq", sigma: float = 1.0) -> Tensor:
    r"""The unbiased estimate of MMD² between rows x (N, D) and y (M, D); it may be negative.

    .. math::
        \frac{1}{N(N-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{M(M-1)} \sum_{i \ne j} k(y_i, y_j)
        - \frac{2}{NM} \sum_{i,j} k(x_i, y_j)

    With fewer than two rows there is no pair: 0, without a pull.

    References:
        A Kernel Two-Sample Test, Gretton et al., 2012, https://jmlr.org/papers/v13/gretton12a.html
    """
    if min(len(x), len(y)) < 2:
        return x.sum() * 0
    distances = [_squared_distances(a, b) for a, b in ((x, x), (y, y), (x, y))]
    if kernel == "rbf":
        width = torch.pdist(torch.cat([x, y]).detach()).square().median()
        xx, yy, xy = ((-d / width).exp() for d in distances)
    else:
        widths = [2 * x.shape[1] * sigma**2 * s for s in (SCALES if "mixture" in kernel else (1,))]
        xx, yy, xy = (_inverse_multiquadric(d, widths) for d in distances)
    return _off_diagonal_mean(xx) + _off_diagonal_mean(yy) - 2 * xy.mean()


def transformer_vae(z: Tensor, prior: Tensor, sentences: int) -> Tensor:
    r"""The regulariser of Fraser Greenlee's transformer-vae, as its code computes it.

    .. math::
        k(a, b) = e^{-\|a - b\|^2 / D^2}, \quad
        \frac{K}{B} \left( \overline{k(z, z)} + \overline{k(p, p)} - 2\, \overline{k(z, p)} \right)

    with the diagonals in the means. At D = 77 two draws of N(0, I) have k = 0.97: it hardly sees a
    difference between codes that match the prior and codes that are all zero.
    """
    zz, pp, zp = (
        (-_squared_distances(a, b) / z.shape[1] ** 2).exp()
        for a, b in ((z, z), (prior, prior), (z, prior))
    )
    return (zz.mean() + pp.mean() - 2 * zp.mean()) / sentences * (len(z) // sentences)


def needs_gradient(name: str, model: VAE, latent: Latent) -> None:
    """Raises a ConfigError where no gradient reaches the encoder through z."""
    if not latent.z.requires_grad:
        raise ConfigError(
            f"{name} moves the encoder through its codes, and no gradient goes through those of "
            f"{type(model.latent).__name__}; choose another latent family or leave {name} out"
        )


def _squared_distances(a: Tensor, b: Tensor) -> Tensor:
    # By differences: |a|² + |b|² - 2ab would cancel, and half precision would not survive it.
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square()


def _inverse_multiquadric(distances: Tensor, widths: list[float]) -> Tensor:
    return torch.stack([c / (c + distances) for c in widths]).sum(0)


def _off_diagonal_mean(k: Tensor) -> Tensor:
    return (k.sum() - k.diagonal().sum()) / (len(k) * (len(k) - 1))
