"""Does the decoder use the code? What it costs to be given another sentence's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from engine.config import DataError
from engine.evaluation.aggregate import Aggregate
from engine.evaluation.mode import Progress, evaluation_mode
from engine.evaluation.rows import Indices, choose

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.models.vae import VAE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Swap:
    """Reconstruction of sentences with their own code and with that of another sentence.

    Attributes:
        rows: row numbers in the split, shape (N,).
        partners: the rows whose codes were given instead, shape (N,).
        own: -log p(x|z) with the sentence's own code, nats, shape (N,).
        swapped: the same with the other's, shape (N,).
    """

    rows: Indices
    partners: Indices
    own: Floats
    swapped: Floats

    @property
    def cost(self) -> float:
        """How many nats a sentence is the worse for another's code, on average."""
        return float((self.swapped - self.own).mean())

    @property
    def se(self) -> float:
        """Standard error of the cost over the pairs, nats."""
        return float((self.swapped - self.own).std(ddof=1) / math.sqrt(len(self.rows)))

    def scalars(self) -> dict[str, float]:
        """The test by its names in METRICS."""
        return {
            "z_shuffle": self.cost,
            "z_shuffle_se": self.se,
            "z_shuffle_n": len(self.rows) * 1.0,
        }


def swap_codes(
    model: VAE,
    tokens: Tokens,
    encoded: Aggregate,
    limit: int | None = 1000,
    *,
    batch: int = 128,
    seed: int = 42,
    progress: Progress | None = None,
) -> Swap:
    r"""The z-shuffle test: reconstruction with codes swapped between sentences, and with their own.

    .. math::
        \frac1n \sum_i \big[\log p(x_i|z_i) - \log p(x_i|z_{\pi(i)})\big], \quad z_i \sim q(z|x_i)

    with :math:`\pi` a random cycle through the n rows, so that none keeps its code. A decoder that
    ignores the code pays nothing; one that inverts the posterior pays at least the mutual information.

    Args:
        model: a text VAE.
        tokens: one tokenised split.
        encoded: rows of that split, with a draw of each posterior.
        limit: n, how many of these rows are swapped, random ones; all of them where absent.
        batch: sentences scored at once.
        seed: of the choice and of the cycle.
        progress: told how many sentences are done.

    Raises:
        DataError: there are fewer than two rows to swap.
    """
    chosen = choose(len(encoded), limit, seed)
    if len(chosen) < 2:
        raise DataError(
            f"codes are swapped between at least two sentences, got {len(chosen)}; encode more rows"
        )
    cycle = np.random.default_rng(seed).permutation(chosen)
    partner = np.empty(len(encoded), dtype=np.int64)
    partner[cycle] = np.roll(cycle, 1)
    nll = np.empty((2, len(chosen)))
    with evaluation_mode(model, seed) as device:
        for start in range(0, len(chosen), batch):
            part = chosen[start : start + batch]
            x = torch.from_numpy(tokens.rows(encoded.rows[part])).to(device)
            both = torch.stack([encoded.z[part], encoded.z[partner[part]]]).to(device)
            scores = model.decoder.token_nll(x, both).sum(-1)
            nll[:, start : start + len(part)] = scores.double().cpu().numpy()
            if progress:
                progress(start + len(part), len(chosen), "swapping codes")
    return Swap(encoded.rows[chosen], encoded.rows[partner[chosen]], nll[0], nll[1])
