"""Sentences in the posterior mean space, and a picture of it in a few numbers; free of torch, for pages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Means:
    """Sentences in the posterior mean space, in the order that they were asked for.

    Attributes:
        model: E_p[z|x], the mean of the model's posterior, shape (N, Z), float32.
        inference: E_q[z|x], the mean of the encoder's, shape (N, Z), float32.
        error: standard error of ``model``, shape (N, Z), float32; 0 where it was integrated.
        ess: effective sample size behind ``model``, shape (N,), float32; nan where it was integrated.
        samples: K; 0 where it was integrated.
        kl: KL(q(z|x) || p(z)), shape (N,), nats.
        mutual_information: of these sentences and their codes, nats; at most ln N.
    """

    model: NDArray[np.float32]
    inference: NDArray[np.float32]
    error: NDArray[np.float32]
    ess: NDArray[np.float32]
    samples: int
    kl: NDArray[np.float64]
    mutual_information: float

    def __len__(self) -> int:
        return len(self.model)


def summary(means: Means) -> dict[str, float]:
    """A snapshot in a few numbers, names of METRICS.

    The spreads are standard deviations over sentences, averaged over units as variances are; the
    correlation is over sentences and units, each unit about its mean.
    """
    model, inference = means.model.astype(float), means.inference.astype(float)
    a, b = model - model.mean(0), inference - inference.mean(0)
    lengths = float(np.sqrt((a**2).sum() * (b**2).sum()))
    found = {
        "model_mean_spread": float(np.sqrt((a**2).mean())),
        "inference_mean_spread": float(np.sqrt((b**2).mean())),
        "mean_gap": float(np.linalg.norm(model - inference, axis=1).mean()),
        "kl": float(means.kl.mean()),
        "mutual_information": means.mutual_information,
    }
    if lengths > 0:
        found["mean_correlation"] = float((a * b).sum()) / lengths
    if means.samples:
        found["mean_space_ess"] = float(np.median(means.ess))
    return found
