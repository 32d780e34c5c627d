r"""The aggregated posterior of n sentences, :math:`q(z) = \frac1n \sum_i q(z|x_i)`: where codes are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.distributions import Distribution

from engine.config import ConfigError, DataError
from engine.evaluation.information import density_blocks
from engine.evaluation.mode import Progress, evaluation_mode
from engine.evaluation.rows import Indices, by_length, choose

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.models.vae import VAE

Floats = NDArray[np.float64]

# Share of the data's own draws that a code must be less likely than, to be called off the data.
OFF_DATA = 0.01


@dataclass(frozen=True)
class Aggregate:
    """Encoded rows as a mixture of their posteriors, from short sentences to long ones.

    Attributes:
        rows: row numbers in the split, shape (N,).
        codes: the deterministic code of each, shape (N, Z).
        z: one draw of each posterior, shape (N, Z); the code again where there is no posterior.
        kl: KL(q(z|x) || p(z)) of each row, nats, (N, Z) or (N, 1) as the latent family has it.
        posteriors: q(z|x) of the rows, in batches one after the other; none where the latent family has
            no density.
        prior: p(z).
    """

    rows: Indices
    codes: Tensor
    z: Tensor
    kl: Tensor
    posteriors: tuple[Distribution, ...]
    prior: Distribution

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_density(self) -> bool:
        """Whether q(z) can be evaluated; not where codes are points."""
        return bool(self.posteriors)

    def log_density(self, z: ArrayLike | Tensor) -> Floats:
        """log q(z) of codes (M, Z), nats, (M,).

        Raises:
            ConfigError: the latent family has no density.
        """
        points = torch.as_tensor(np.asarray(z) if not isinstance(z, Tensor) else z).to(self.z)
        blocks = [torch.logsumexp(block, 1) for _, block in self._blocks(points)]
        return torch.cat(blocks).numpy() - math.log(len(self))

    def log_prior(self, z: Tensor) -> Floats:
        """log p(z) of codes (M, Z), nats, (M,)."""
        return self.prior.log_prob(z.to(self.z)).double().cpu().numpy()

    @cached_property
    def own_log_density(self) -> Floats:
        r"""log q(z) at each row's own draw, the row itself left out, nats, (N,).

        .. math:: \log \frac1{n-1} \sum_{k \ne i} q(z_i|x_k)

        With it, every draw would lie on a peak of its own, and where posteriors are narrow everything
        else would seem far from the data.
        """
        if len(self) < 2:
            raise DataError("a density without the row itself needs another row, got one")
        found = []
        for start, block in self._blocks(self.z):
            at = torch.arange(len(block))
            block[at, start + at] = -math.inf
            found.append(torch.logsumexp(block, 1))
        return torch.cat(found).numpy() - math.log(len(self) - 1)

    @cached_property
    def floor(self) -> float:
        """The log density that 99 of 100 draws of the posteriors exceed, nats; below it is off the data."""
        return float(np.quantile(self.own_log_density, OFF_DATA))

    def off_data(self, z: ArrayLike | Tensor) -> NDArray[np.bool_]:
        """Whether codes (M, Z) lie where hardly any draw of the posteriors does, (M,)."""
        return self.log_density(z) < self.floor

    def _blocks(self, z: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Where they start, and log q(z_i|x_k) of some codes under all rows, (m, N)."""
        if not self.posteriors:
            raise ConfigError(
                "log q(z) needs the density of the posterior, and codes of this latent family are "
                "points without one; look at distances to encoded sentences instead"
            )
        return density_blocks(self.posteriors, z)


def aggregate(
    model: VAE,
    tokens: Tokens,
    limit: int | None = 2000,
    *,
    batch: int = 256,
    seed: int = 42,
    progress: Progress | None = None,
) -> Aggregate:
    """Encode random rows and keep their posteriors.

    Args:
        model: a text VAE.
        tokens: one tokenised split.
        limit: how many random rows; all of them where absent.
        batch: sentences encoded at once.
        seed: of the rows and of the draws.
        progress: told how many sentences are done.

    Raises:
        DataError: there is no row.
    """
    rows = by_length(tokens.lengths, choose(len(tokens), limit, seed))
    if not len(rows):
        raise DataError("an aggregated posterior needs at least one sentence, got none")
    codes, z, kl, posteriors = [], [], [], []
    with evaluation_mode(model, seed) as device:
        for start in range(0, len(rows), batch):
            part = rows[start : start + batch]
            h = model.summary(torch.from_numpy(tokens.rows(part)).to(device))
            latent = model.latent(h)
            codes.append(model.latent.code(h).flatten(1))
            z.append(latent.z.flatten(1))
            kl.append(latent.kl.flatten(1))
            if latent.posterior is not None:
                posteriors.append(latent.posterior)
            if progress:
                progress(start + len(part), len(rows), "encoding")
        prior = model.latent.prior
    return Aggregate(rows, torch.cat(codes), torch.cat(z), torch.cat(kl), tuple(posteriors), prior)
