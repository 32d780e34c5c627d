"""Aggressive training of the inference network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from engine.config import Config as BaseConfig
from engine.config import ConfigError, param
from engine.objectives.remedies.base import Remedy

if TYPE_CHECKING:
    from engine.models.latents import Latent
    from engine.models.vae import VAE


class Aggressive(Remedy):
    r"""Trains the encoder to the end before each step of the decoder, until mutual information stops rising.

    Before each joint update, encoder-only updates on random batches go on until the mean loss per token
    over ``window`` of them is higher than over the ``window`` before (at least two windows, at most
    ``most``; the first such batch is the joint one). The joint update then moves the decoder alone.
    When validation mutual information falls from one epoch to the next, encoder and decoder train
    together for good.

    Where we differ from the authors' code: decoder gradients are not computed in encoder-only updates
    (they only ever entered the norm by which gradients are clipped); ``joint_clipping`` brings that back.

    References:
        Lagging Inference Networks and Posterior Collapse in Variational Autoencoders,
        He, Spokoyny, Neubig and Berg-Kirkpatrick, 2019, https://arxiv.org/abs/1901.05534
    """

    class Config(BaseConfig):
        """The encoder catches up before each decoder step."""

        name: Literal["aggressive"] = "aggressive"
        window: int = param(
            15,
            "Encoder-only updates between two looks at the loss (15 for text, 10 for images in He et al. 2019).",
            ge=1,
            le=1000,
            unit="steps",
            basic=True,
        )
        most: int = param(
            99,
            "Most encoder-only updates before a joint one (99 in He et al. 2019).",
            ge=1,
            le=10_000,
            unit="steps",
            basic=True,
        )
        criterion: Literal["mutual_information_batch", "mutual_information"] = param(
            "mutual_information_batch",
            "The estimate that ends aggressive training when it falls: in-batch as in He et al. 2019, "
            "or over many random rows.",
        )
        reference: Literal["last", "best"] = param(
            "last",
            "What the estimate is compared with: the last epoch (text) or the best (images).",
        )
        patience: int = param(
            1,
            "Falls until aggressive training ends, added up (1 for text, 5 for images).",
            ge=1,
            le=1000,
            unit="epochs",
        )
        initial: float = param(
            0.0,
            "The estimate that the first epoch is compared with (0 for text, -1 in the toy).",
            ge=-10,
            le=10,
            unit="nats",
        )
        joint_clipping: bool = param(
            False,
            "Clip encoder-only updates by the norm over encoder and decoder, as the authors' code does.",
        )

    def __init__(self, config: Any, horizon: Any) -> None:
        super().__init__(config, horizon)
        self.active = True
        self._compared = config.initial
        self._falls = 0
        self._open_window()

    def check(self, model: VAE, latent: Latent) -> None:
        """Its end is read off mutual information, which only a posterior has."""
        if latent.posterior is None:
            raise ConfigError(
                f"aggressive needs a latent family with a posterior, whose mutual information ends it, "
                f"and {type(model.latent).__name__} has none; leave aggressive out"
            )

    def _open_window(self) -> None:
        self._previous = 1e4
        self._loss, self._tokens = 0.0, 0

    def another_encoder_step(self, taken: int, loss_sum: float, tokens: int) -> bool:
        """The inner loop's stopping rule; see the class."""
        if not self.active:
            return False
        if taken == 0:
            self._open_window()
            return True
        self._loss += loss_sum
        self._tokens += tokens
        if taken % self.config.window == 0:
            current = self._loss / self._tokens
            if current > self._previous:
                return False
            self._previous, self._loss, self._tokens = current, 0.0, 0
        return taken < self.config.most

    def freezes_encoder(self) -> bool:
        """While aggressive, the joint update moves the decoder alone."""
        return self.active

    def wants_joint_clipping(self) -> bool:
        """As configured."""
        return self.config.joint_clipping

    def after_evaluation(self, metrics: Mapping[str, float], epoch_ended: bool) -> None:
        """Ends aggressive training when mutual information has fallen often enough."""
        if not (self.active and epoch_ended):
            return
        current = metrics[self.config.criterion]
        if current < self._compared:
            self._falls += 1
            self.active = self._falls < self.config.patience
        if self.config.reference == "last":
            self._compared = current
        else:
            self._compared = max(self._compared, current)

    def state(self) -> dict[str, Any]:
        """Whether it is still active, and the comparison so far."""
        return {"active": self.active, "compared": self._compared, "falls": self._falls}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what :meth:`state` gave."""
        self.active = state["active"]
        self._compared = state["compared"]
        self._falls = state["falls"]
