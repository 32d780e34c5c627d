"""The whole evaluation of a model on one split, as named numbers.

KL weight 1 and dropout off, always; every name is explained in ``engine.metrics.METRICS``. A number
that needs a density which the latent family lacks is absent, never zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from engine.config import DataError
from engine.evaluation.config import EvaluationConfig
from engine.evaluation.information import (
    Moments,
    active_units,
    in_batch_information,
    mutual_information,
)
from engine.evaluation.likelihood import elbo, iw_rows
from engine.evaluation.mode import Progress, evaluation_mode
from engine.evaluation.rows import Indices, choose, equal_length_groups, packed, predicted_tokens

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.models.vae import VAE

__all__ = ["Evaluation", "EvaluationConfig", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        scalars: name of METRICS -> value, without the split.
        kl_per_unit: mean KL of each latent unit, nats per sentence; empty where it is no sum over units.
        mean_variance: variance of each unit's posterior mean over sentences; empty where the family
            has no posterior mean, or one that says nothing of single units.
    """

    scalars: dict[str, float]
    kl_per_unit: list[float]
    mean_variance: list[float] = field(default_factory=list)

    def record(self, split: str) -> dict[str, float]:
        """The scalars under their full names, such as ``valid/kl``."""
        return {f"{split}/{name}": value for name, value in self.scalars.items()}


def evaluate(
    model: VAE,
    tokens: Tokens,
    config: EvaluationConfig | None = None,
    *,
    limit: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure a model on one tokenised split; the same seed gives the same numbers.

    Args:
        model: a text VAE; its mode and the random streams of training are left as they were.
        tokens: one tokenised split (``engine.data.batches.Tokens``).
        config: what to measure.
        limit: evaluate this many random rows instead of all.
        seed: overrides the seed of ``config``.
        progress: told how many sentences are done.

    Raises:
        DataError: there is no row to evaluate.
    """
    config = config or EvaluationConfig()
    if seed is not None:
        config = config.model_copy(update={"seed": seed})
    rows = choose(len(tokens), limit, config.seed)
    if not len(rows):
        raise DataError("an evaluation needs at least one sentence; this split has none")
    totals = _bound_pass(model, tokens, rows, config, progress)
    scalars = totals.scalars()
    if totals.has_posterior:
        scalars |= _information(model, tokens, rows, config, progress)
        if config.iw_samples:
            scalars |= _importance_weighted(model, tokens, rows, config, progress)
    variance = totals.moments.variance().tolist() if totals.moments.count else []
    return Evaluation(scalars, totals.kl_per_unit(), variance)


class _Totals:
    """Sums over the rows seen so far, in float64."""

    def __init__(self, counts_units: bool) -> None:
        self.counts_units = counts_units
        self.rows = self.predicted = 0
        self.reconstruction = self.in_batch = 0.0
        self.kl = np.zeros(1)
        self.moments = Moments()
        self.has_posterior = False
        self.units = 0

    def add(self, bound: Any, sizes: list[int], predicted: int) -> None:
        """Take in one batch that is made of groups of these sizes."""
        self.rows += len(bound.reconstruction)
        self.predicted += predicted
        self.reconstruction += bound.reconstruction.double().sum().item()
        posterior = bound.latent.posterior
        self.has_posterior = posterior is not None
        if self.has_posterior:
            self.kl = self.kl + bound.kl.double().sum(0).cpu().numpy()
            self.units = bound.latent.z.shape[-1]
            self.in_batch += in_batch_information(posterior, bound.latent.z, sizes)
            if self.counts_units and (mean := _mean(posterior)) is not None:
                self.moments.add(mean)

    def scalars(self) -> dict[str, float]:
        """The numbers of one pass; a family without a posterior has no KL and no bound to report."""
        found = {
            "reconstruction": self.reconstruction / self.rows,
            "ppl_reconstruction": perplexity(self.reconstruction, self.predicted),
            "rows": float(self.rows),
        }
        if self.has_posterior:
            kl = float(self.kl.sum())
            found["kl"] = kl / self.rows
            found["elbo"] = -(self.reconstruction + kl) / self.rows
            found["ppl"] = perplexity(self.reconstruction + kl, self.predicted)
            found["mutual_information_batch"] = self.in_batch / self.rows
        if self.moments.count > 1:
            found["active_units"] = float(active_units(self.moments.variance()))
        return found

    def kl_per_unit(self) -> list[float]:
        """Empty where the family has no KL, or one that is no sum over units."""
        no_sum = len(self.kl) == 1 < self.units
        return [] if no_sum or not self.has_posterior else (self.kl / self.rows).tolist()


def _mean(posterior: Any) -> torch.Tensor | None:
    try:
        return posterior.mean
    except NotImplementedError:
        return None


def perplexity(nats: float, predicted: int) -> float:
    """exp(nats per predicted token); infinity where that overflows."""
    per_token = nats / predicted
    return math.inf if per_token > 700 else math.exp(per_token)


def _bound_pass(
    model: VAE,
    tokens: Tokens,
    rows: Indices,
    config: EvaluationConfig,
    progress: Progress | None,
) -> _Totals:
    totals = _Totals(model.latent.counts_units)
    groups = equal_length_groups(tokens.lengths, rows, config.mi_batch)
    with evaluation_mode(model, config.seed) as device:
        for batch in packed(groups, config.batch_size):
            indices = np.concatenate(batch)
            x = torch.from_numpy(tokens.rows(indices)).to(device)
            predicted = predicted_tokens(model, tokens.lengths[indices])
            totals.add(elbo(model, x), [len(group) for group in batch], predicted)
            if progress:
                progress(totals.rows, len(rows), "evidence lower bound")
    return totals


def _information(
    model: VAE,
    tokens: Tokens,
    rows: Indices,
    config: EvaluationConfig,
    progress: Progress | None,
) -> dict[str, float]:
    """Mutual information over random rows of any length, and the KL measured on the same rows."""
    chosen = rows[choose(len(rows), config.mi_rows, config.seed)]
    posteriors: list[Any] = []
    z, kl, done = [], 0.0, 0
    groups = equal_length_groups(tokens.lengths, chosen, config.batch_size)
    with evaluation_mode(model, config.seed) as device:
        for batch in packed(groups, config.batch_size):
            x = torch.from_numpy(tokens.rows(np.concatenate(batch))).to(device)
            latent = model.encode(x)
            posteriors.append(latent.posterior)
            z.append(latent.z)
            kl += latent.kl.double().sum().item()
            done += len(x)
            if progress:
                progress(done, len(chosen), "mutual information")
        found = mutual_information(posteriors, torch.cat(z))
    scalars = {
        "mutual_information": found.value,
        "mutual_information_n": float(found.n),
        "kl_aggregated": max(kl / found.n - found.value, 0.0),
    }
    return scalars if found.n == 1 else scalars | {"mutual_information_upper": found.upper}


def _importance_weighted(
    model: VAE,
    tokens: Tokens,
    rows: Indices,
    config: EvaluationConfig,
    progress: Progress | None,
) -> dict[str, float]:
    rows = rows[choose(len(rows), config.iw_rows or None, config.seed)]
    found = iw_rows(
        model,
        tokens,
        rows,
        config.iw_samples,
        config.iw_chunk,
        seed=config.seed,
        precision=config.iw_precision,
        progress=progress,
    )
    predicted = predicted_tokens(model, tokens.lengths[rows])
    scalars = {
        "nll_iw": float(found.nll.mean()),
        "ppl_iw": perplexity(float(found.nll.sum()), predicted),
        "iw_samples": float(config.iw_samples),
        "iw_rows": float(len(rows)),
        "ess": float(found.ess.mean()),
    }
    if len(rows) > 1:
        scalars["nll_iw_se"] = float(found.nll.std(ddof=1) / math.sqrt(len(rows)))
    return scalars
