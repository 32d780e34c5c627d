r"""The mean of the model's posterior over a scalar code, by integration over a grid.

.. math:: \mu_\theta(x) = \sum_g w_g z_g, \quad w = \mathrm{softmax}_g [\log p(z_g) + \log p(x|z_g)]

References:
    He, Spokoyny, Neubig and Berg-Kirkpatrick, Lagging Inference Networks and Posterior Collapse in
    Variational Autoencoders, 2019, https://arxiv.org/abs/1901.05534
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.evaluation.likelihood import sentence_nll
from engine.evaluation.mode import evaluation_mode

if TYPE_CHECKING:
    from engine.models.vae import VAE

# Grid points whose weight is below e^-25 of another's are left out: all of them together move a mean
# by less than 1e-7, and float32 would not see them.
_NEGLIGIBLE = 25.0
# The grid is first looked at every so many points, then at the points between. A sentence whose mean has
# moved by less than this, and whose posterior is wider than two steps, is not looked at any closer.
_COARSEST = 8
_SETTLED = 2e-3


@dataclass(frozen=True)
class Grid:
    """Where a scalar code is integrated: low, low + step, ... below high (He et al. 2019: -20, 20, 0.1)."""

    low: float = -20.0
    high: float = 20.0
    step: float = 0.1

    @property
    def points(self) -> Tensor:
        """The grid, shape (S,), float64."""
        count = math.ceil((self.high - self.low) / self.step - 1e-9)
        return self.low + self.step * torch.arange(count, dtype=torch.float64)


PUBLISHED = Grid()


def is_integrated(model: VAE) -> bool:
    """Whether the model's mean is found on a grid: a code of one number on the whole line."""
    support: Any = model.latent.prior.support
    base = getattr(support, "base_constraint", support)
    return model.latent.size == 1 and base is torch.distributions.constraints.real


def grid_means(model: VAE, x: Tensor, grid: Grid = PUBLISHED, chunk: int = 2048) -> Tensor:
    """The mean of the model's posterior of sentences, shape (B, 1), float64.

    Where we differ from the authors' code, without moving a mean by more than some 0.001: points are left
    out that cannot matter (no log p(x|z) of tokens exceeds 0, so that the prior alone bounds a weight),
    and for sentences where every second, fourth or eighth point gives the same mean, the others are.

    Args:
        model: a text VAE with a code of one number.
        x: token ids, shape (B, T), padded with 0; best of about one length.
        grid: where.
        chunk: sentence-code pairs per call of the decoder; the numbers do not depend on it.
    """
    with evaluation_mode(model, 0):
        z = grid.points[:, None].to(x.device, torch.get_default_dtype())
        prior = model.latent.prior.log_prob(z).double()
        best = int(prior.argmax())
        floor = prior[best] - nll_of(model, x, z[best : best + 1], chunk)[0].max() - _NEGLIGIBLE
        z, prior = z[prior >= floor], prior[prior >= floor]
        joint = _Joint(model, x, z, prior, chunk)
        mean = z.new_zeros(len(x), dtype=torch.float64)
        open_, step = torch.arange(len(x), device=x.device), _COARSEST
        while len(open_):
            now, deviation = joint.moments(open_, step)
            wide = deviation > 2 * step * grid.step
            settled = wide & ((now - mean[open_]).abs() < _SETTLED) & (step < _COARSEST)
            mean[open_] = now
            open_, step = open_[~settled] if step > 1 else open_[:0], step // 2
        return mean[:, None]


class _Joint:
    """log p(x, z) of sentences (B, T) at codes (S, 1), each asked for once."""

    def __init__(self, model: VAE, x: Tensor, z: Tensor, prior: Tensor, chunk: int) -> None:
        self.model, self.x, self.z, self.prior, self.chunk = model, x, z, prior, chunk
        self.values = prior.new_full((len(z), len(x)), torch.nan)

    def moments(self, rows: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of some sentences' posteriors over every ``step``-th code."""
        at = torch.arange(0, len(self.z), step, device=rows.device)
        new = at[self.values[at, rows[0]].isnan()]
        nll = nll_of(self.model, self.x[rows], self.z[new], self.chunk)
        self.values[new[:, None], rows] = self.prior[new, None] - nll
        weights = torch.softmax(self.values[at[:, None], rows], 0)
        z = self.z[at].double()
        mean = (weights * z).sum(0)
        return mean, (weights * (z - mean).square()).sum(0).sqrt()


def nll_of(model: VAE, x: Tensor, z: Tensor, chunk: int) -> Tensor:
    """-log p(x|z), shape (S, B), float64: of all sentences at codes (S, Z), or at their own (S, B, Z)."""
    parts = []
    for some in z.split(max(1, chunk // len(x))):
        codes = some if some.dim() == 3 else some[:, None].expand(-1, len(x), -1)
        parts.append(sentence_nll(model, x, codes, "float32").double())
    return torch.cat(parts)
