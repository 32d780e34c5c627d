"""Normal logits and the proportions that they make."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Distribution, Transform, constraints
from torch.nn import functional as F

# Logits beyond this are taken back to it: e^-30 is as near to 0 as a proportion need come, and its
# logarithm is still exact in float32.
FARTHEST = 15.0


class Proportions(Transform):
    r"""Free logits to proportions, one to one: the last logit is held at 0.

    .. math::
        y = \mathrm{softmax}([u, 0]), \quad u_k = \ln(y_k / y_K), \quad
        |\partial y_{1..K-1} / \partial u| = \prod_{k \le K} y_k
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Proportions)

    __hash__ = Transform.__hash__

    def _call(self, x: Tensor) -> Tensor:
        return F.pad(x.clamp(-FARTHEST, FARTHEST), (0, 1)).softmax(-1)

    def _inverse(self, y: Tensor) -> Tensor:
        return differences(y.log())

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The logarithm of the volume that y has for a unit of u."""
        return y.log().sum(-1)

    def forward_shape(self, shape: Any) -> torch.Size:
        """(..., K-1) to (..., K)."""
        return torch.Size((*shape[:-1], shape[-1] + 1))

    def inverse_shape(self, shape: Any) -> torch.Size:
        """(..., K) to (..., K-1)."""
        return torch.Size((*shape[:-1], shape[-1] - 1))


def differences(x: Tensor) -> Tensor:
    """All but the last of x (..., K), less the last: what is left of K logits in a softmax, (..., K-1)."""
    return x[..., :-1] - x[..., -1:]


class Differences(Distribution):
    r"""K independent normal logits, less the last of them: what a softmax keeps, each logit like the others.

    .. math::
        u = x_{1..K-1} - x_K, \quad x \sim N(\mu, \mathrm{diag}\,\sigma^2), \quad
        \mathrm{Cov}(u) = \mathrm{diag}(\sigma^2_{1..K-1}) + \sigma_K^2 11^T

    Its determinant is :math:`\prod_k \sigma_k^2 \sum_k \sigma_k^{-2}`, over all K.

    Args:
        loc, scale: of the K logits, (*batch, K).
    """

    arg_constraints: dict[str, constraints.Constraint] = {}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Tensor, scale: Tensor) -> None:
        self.loc, self.scale = loc, scale
        event = torch.Size([loc.shape[-1] - 1])
        super().__init__(loc.shape[:-1], event, validate_args=False)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Free logits (*sample_shape, *batch, K-1)."""
        shape = torch.Size((*sample_shape, *self.loc.shape))
        noise = torch.randn(shape, dtype=self.loc.dtype, device=self.loc.device)
        return differences(self.loc + self.scale * noise)

    def log_prob(self, value: Tensor) -> Tensor:
        """The log density, nats."""
        far = F.pad(value, (0, 1)) - self.loc
        # K distances, known up to what they share: the most probable shared part is their mean, each
        # weighted by its precision. No matrix is needed, and nothing large is subtracted.
        shared = (torch.softmax(-2 * self.scale.log(), -1) * far).sum(-1, keepdim=True)
        square = ((far - shared) / self.scale).square().sum(-1)
        return -0.5 * (square + self.event_shape[0] * math.log(2 * math.pi) + self.log_volume())

    def log_volume(self) -> Tensor:
        """The log determinant of the covariance, (*batch)."""
        logs = 2 * self.scale.log()
        return logs.sum(-1) + torch.logsumexp(-logs, -1)
