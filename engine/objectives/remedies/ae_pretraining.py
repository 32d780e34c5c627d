"""Pre-training as an autoencoder, then a new decoder."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from engine.config import Config as BaseConfig
from engine.config import ConfigError, param
from engine.objectives.remedies.base import Remedy

if TYPE_CHECKING:
    from engine.models.latents import Latent
    from engine.models.vae import VAE

logger = logging.getLogger(__name__)


class AEPretraining(Remedy):
    r"""First an autoencoder, whose KL costs nothing; then its encoder with a new decoder.

    In the first stage the loss is :math:`-E_q \log p(x|z)` with z still drawn. Then the decoder's weights
    are made anew, optimisers and learning rates too, and the second stage begins: schedules of the other
    remedies count from there, and so do the best checkpoint and the plateau rule. A decoder that knows
    nothing yet meets an encoder that tells all. It wants free bits and annealing beside it, or the KL
    falls from far above to nothing.

    Where we differ: the other remedies wait for the second stage; the first one keeps its learning rate
    and hands on its last weights, the authors' its best.

    References:
        A Surprisingly Effective Fix for Deep Latent Variable Modeling of Text, Li, He, Neubig,
        Berg-Kirkpatrick and Yang, 2019, https://arxiv.org/abs/1909.00868
    """

    class Config(BaseConfig):
        """First an autoencoder, then its encoder with a new decoder."""

        name: Literal["ae_pretraining"] = "ae_pretraining"
        epochs: int = param(
            10,
            "Most epochs of the first stage; they count among the run's epochs.",
            ge=0,
            le=100_000,
            unit="epochs",
            basic=True,
        )
        patience: int | None = param(
            2,
            "End the first stage after so many epochs in a row without a better validation "
            "reconstruction; none takes all its epochs.",
            ge=1,
            le=1000,
            unit="epochs",
        )

    def __init__(self, config: Any, horizon: Any) -> None:
        super().__init__(config, horizon)
        self._end: int = config.epochs * horizon.steps_per_epoch
        self._best, self._waited = math.inf, 0

    def check(self, model: VAE, latent: Latent) -> None:
        """Something must be left for the second stage."""
        if self.config.epochs and self._end >= self.horizon.total_steps:
            raise ConfigError(
                f"ae_pretraining must end before the run does: it takes {self._end} steps and the run "
                f"has {self.horizon.total_steps}; give it fewer epochs or the run more"
            )

    def pretraining(self, step: int) -> bool:
        """Whether update ``step`` is of the first stage, as planned or as it has come."""
        return step <= self._end

    def origin(self, step: int) -> int:
        """The last update of the first stage."""
        return self._end if step > self._end else 0

    def after_evaluation(self, metrics: Mapping[str, float], epoch_ended: bool) -> None:
        """Counts the epochs in which reconstruction did not get better."""
        if not epoch_ended:
            return
        if metrics["reconstruction"] < self._best:
            self._best, self._waited = metrics["reconstruction"], 0
        else:
            self._waited += 1

    def begins_stage(self, step: int, epoch_ended: bool) -> bool:
        """Whether the first stage is over after update ``step``."""
        patience = self.config.patience
        spent = epoch_ended and patience is not None and self._waited >= patience
        if not self.pretraining(step) or (step < self._end and not spent):
            return False
        self._end = step
        logger.info("pre-training ends at step %d: the decoder is made anew", step)
        return True

    def state(self) -> dict[str, Any]:
        """Where the first stage ends, and what it has seen."""
        return {"end": self._end, "best": self._best, "waited": self._waited}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what :meth:`state` gave."""
        self._end, self._best, self._waited = state["end"], state["best"], state["waited"]
