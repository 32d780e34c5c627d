"""Four bits and a function of them: small enough to count, and to draw a million times.

The log odds and f were fitted, on variances counted exactly, so that six published ones come out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor
from torch.distributions import Bernoulli, Independent

from engine.models.estimators import ESTIMATORS
from engine.models.estimators.base import draw
from engine.models.latents.base import Latent
from engine.models.latents.bernoulli import bernoulli_kl

BITS, WIDTH = 4, 5
LOGITS = torch.tensor([1.25, -0.01, 0.17, -0.91])
PRIOR = torch.tensor([0.5, 0.0, -0.4, 0.2])
# log p(x|b) of the codes 0000, 0001, ..., 1111.
F = torch.tensor(
    [-3.41, -4.40, -5.90, -4.12, -4.09, -4.54, -4.79, -4.23]
    + [-6.82, -4.98, -5.35, -2.19, -3.89, -5.94, -5.51, -5.69]
)
CODES = torch.tensor(list(itertools.product([0.0, 1.0], repeat=BITS)))

# Variance summed over the bits.
PUBLISHED = {
    "none": 22.2,
    "moving_average": 1.21,
    "self_critic": 1.37,
    "leave_one_out": 1.22,
    "arm": 0.68,
    "disarm": 0.55,
}
SETTINGS: dict[str, dict[str, Any]] = {
    "none": {"name": "score_function", "baseline": {"name": "none"}},
    "moving_average": {"name": "score_function", "baseline": {"name": "moving_average"}},
    "self_critic": {"name": "score_function", "baseline": {"name": "self_critic"}},
    "leave_one_out": {"name": "score_function", "baseline": {"name": "leave_one_out"}},
    "input_dependent": {"name": "score_function", "baseline": {"name": "input_dependent"}},
    "arm": {"name": "arm"},
    "disarm": {"name": "disarm"},
    "vimco": {"name": "vimco"},
    "straight_through": {"name": "straight_through"},
    "gumbel_sigmoid": {"name": "gumbel_sigmoid"},
}
UNBIASED = ("none", "moving_average", "self_critic", "leave_one_out", "input_dependent")
UNBIASED += ("arm", "disarm")


def estimator(name: str, **changed: Any) -> Any:
    """A fresh estimator by its name in SETTINGS, in training mode."""
    config: Any = TypeAdapter(ESTIMATORS.union).validate_python(SETTINGS[name] | changed)
    torch.manual_seed(0)
    return ESTIMATORS.build(config, WIDTH, BITS)


def nll(z: Tensor) -> Tensor:
    """-f(z) for bits (..., 4); between bits, linear in each of them."""
    table = -F
    for bit in z.unbind(-1):
        zero, one = table.chunk(2, -1)
        table = zero + bit.unsqueeze(-1) * (one - zero)
    return table.squeeze(-1)


def independent(logits: Tensor) -> Independent:
    """Bits with these log odds."""
    return Independent(Bernoulli(logits=logits), 1)


def latent_of(logits: Tensor, samples: int | None = None) -> Latent:
    """What the family would return for these log odds."""
    kl = bernoulli_kl(logits, PRIOR)
    return Latent(draw(logits, samples), kl, independent(logits))


def exact_gradient(of: Callable[[Tensor], Tensor]) -> Tensor:
    """Gradient of the number that ``of`` makes of the log odds, float64."""
    logits = LOGITS.double().requires_grad_()
    (gradient,) = torch.autograd.grad(of(logits), logits)
    return gradient


def expected_nll(logits: Tensor) -> Tensor:
    """E_q nll(z) over all 16 codes."""
    q = independent(logits).log_prob(CODES.double()).exp()
    return -(q * F.double()).sum()


def estimates(
    module: Any, draws: int = 200_000, samples: int | None = None, seed: int = 1
) -> tuple[Tensor, Tensor]:
    """Values (N,) and gradients (N, 4) of N independent estimates, float64; h is random."""
    torch.manual_seed(seed)
    values, gradients = [], []
    for start in range(0, draws, 20_000):
        rows = min(20_000, draws - start)
        logits = LOGITS.expand(rows, -1).clone().requires_grad_()
        h = torch.randn(rows, WIDTH)
        value = module(h, latent_of(logits, samples), independent(PRIOR), nll)
        (gradient,) = torch.autograd.grad(value.sum(), logits)
        values.append(value.detach().double())
        gradients.append(gradient.double())
    return torch.cat(values), torch.cat(gradients)


def warmed(name: str, **changed: Any) -> Any:
    """An estimator whose running mean, if it has one, has seen enough."""
    module = estimator(name, **changed)
    for seed in range(4):
        estimates(module, 5000, seed=seed)
    return module


def variance(gradients: Tensor) -> float:
    """Summed over the bits."""
    return float(gradients.var(0).sum())
