"""The score function estimator (REINFORCE)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor
from torch.distributions import Distribution

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.estimators.base import (
    NLL,
    Estimator,
    draws,
    log_prob,
    logits_of,
    with_gradient,
)
from engine.models.estimators.baselines import BASELINES, Baseline, MovingAverage

if TYPE_CHECKING:
    from engine.models.latents.base import Latent


class ScoreFunction(Estimator):
    r"""Draws that did better than expected become more probable (REINFORCE); the baseline decides how noisily.

    .. math:: g = \frac1S \sum_s (f(b_s) - c)\,\nabla_\theta \log q(b_s|x)

    Unbiased as long as the baseline c does not look at its own draw.

    References:
        Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning,
        Williams, 1992, https://doi.org/10.1007/BF00992696
    """

    class Config(BaseConfig):
        """Rewards draws by how they did (REINFORCE), against a baseline."""

        name: Literal["score_function"] = "score_function"
        baseline: BASELINES.union = param(  # type: ignore[name-defined]
            MovingAverage.Config(), "What a draw is compared with; without one the noise is large."
        )

    def __init__(self, config: Config, input_size: int, size: int) -> None:
        super().__init__()
        self.baseline: Any = BASELINES.build(config.baseline, input_size)

    def forward(self, h: Tensor, latent: Latent, prior: Distribution, nll: NLL) -> Tensor:
        """The mean over the draws; see :class:`Estimator`."""
        baseline: Baseline = self.baseline
        logits, z = logits_of(latent), draws(latent, baseline.fewest)
        # First the pass with gradient: autocast keeps the casts of a weight's first use, and those of a
        # baseline's pass would be without.
        values = nll(z)
        seen = values.detach()
        advantage = baseline.advantage(h, logits, seen, nll).detach()
        surrogate = advantage * log_prob(z, logits) + baseline.loss(h, seen)
        return with_gradient(values, surrogate).mean(0)
