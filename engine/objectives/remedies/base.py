"""What a remedy may change, each hook an identity here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

if TYPE_CHECKING:
    from engine.models.latents import Latent
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Horizon:
    """How long training is, for schedules that count in epochs or shares of the whole.

    Attributes:
        steps_per_epoch: joint updates in one pass over the training split.
        total_steps: joint updates in the whole run.
    """

    steps_per_epoch: int
    total_steps: int


@dataclass(frozen=True)
class Forward:
    """One pass of the model over a batch, as remedies see it.

    Attributes:
        model: the VAE.
        x: sentences (B, T). inputs: what the decoder read, (B, T-1).
        h: encoder summary (B, H). latent: codes, KL and posterior.
        step: the update, counted from 1 (from the start of the last stage). kl_weight: of this update.
    """

    model: VAE
    x: Tensor
    inputs: Tensor
    h: Tensor
    latent: Latent
    step: int
    kl_weight: float

    @property
    def z(self) -> Tensor:
        """One code per sentence (B, Z), also where the objective drew several."""
        return self.latent.z if self.latent.z.dim() == 2 else self.latent.z[0]


class Remedy:
    """One idea against collapse: a handful of hooks that leave everything as it is.

    A list of remedies folds: KL weights multiply, charges compose, penalties add; the empty list is the
    plain ELBO.

    Attributes:
        changes_kl: whether all it does is to change what the KL costs.
        charges_last: whether its ``charge`` takes a share of what the others have made of the KL.
    """

    changes_kl: bool = False
    charges_last: bool = False

    def __init__(self, config: Any, horizon: Horizon) -> None:
        self.config = config
        self.horizon = horizon

    @property
    def touches_kl(self) -> bool:
        """Whether the KL ever enters the loss otherwise than it is."""
        hooks = ("kl_weight", "charge", "pretraining")
        own = any(getattr(type(self), hook) is not getattr(Remedy, hook) for hook in hooks)
        return own or self.changes_kl

    def check(self, model: VAE, latent: Latent) -> None:
        """Raises a ConfigError where the model lacks what the remedy needs; ``latent`` is a trial."""

    def head(self, model: VAE) -> nn.Module | None:
        """A network of the remedy's own; it is trained at the decoder's rate and lives only in training."""
        return None

    def kl_weight(self, step: int, total: int) -> float:
        """Factor of the KL term at joint update ``step``, counted from 1 to ``total``."""
        return 1.0

    def charge(self, kl: Tensor, step: int) -> Tensor:
        """What the KL of each sentence and unit (B, Z) costs in the loss at ``step``, (B, Z), nats."""
        return kl

    def corrupt(self, tokens: Tensor) -> Tensor:
        """What the decoder reads in place of ``tokens`` (B, T)."""
        return tokens

    def penalty(self, forward: Forward) -> dict[str, Tensor]:
        """Named terms that the loss gains, scalars, nats per sentence."""
        return {}

    def readings(self, step: int) -> dict[str, float]:
        """Numbers to log beside the terms of the loss; they add nothing to it."""
        return {}

    def after_update(self, terms: Mapping[str, Tensor | float]) -> None:
        """Told the terms of every joint update, to adjust itself."""

    def another_encoder_step(self, taken: int, loss_sum: float, tokens: int) -> bool:
        """Whether one more encoder-only update comes before the joint one.

        Args:
            taken: encoder-only updates so far before this joint update; 0 opens the question.
            loss_sum: loss of the last encoder-only batch, nats, summed over its sentences.
            tokens: predicted tokens of that batch.
        """
        return False

    def freezes_encoder(self) -> bool:
        """Whether the joint update leaves the encoder alone."""
        return False

    def wants_joint_clipping(self) -> bool:
        """Whether an encoder-only update is clipped by the norm of all gradients, decoder included."""
        return False

    def pretraining(self, step: int) -> bool:
        """Whether update ``step`` only prepares: the KL is free, other remedies wait, no best is kept."""
        return False

    def origin(self, step: int) -> int:
        """The update from which schedules count at ``step``: 0, or where its stage began."""
        return 0

    def settled(self, step: int, total: int) -> bool:
        """Whether its schedule stands at ``step`` where the run leaves it, or, if it returns, at its height.

        Until then validation measures another model than the one that training is on its way to, and no
        best is kept. Steps count as in :meth:`kl_weight`.
        """
        return True

    def unfinished(self, total: int) -> str:
        """Where its schedule has got to at the last update, if not to its end; nothing if it has."""
        return ""

    def begins_stage(self, step: int, epoch_ended: bool) -> bool:
        """Asked after each validation; True begins a stage: the decoder's weights are made anew."""
        return False

    def after_evaluation(self, metrics: Mapping[str, float], epoch_ended: bool) -> None:
        """Told the validation metrics (names of METRICS), to change its mind."""

    def state(self) -> dict[str, Any]:
        """What must survive a stop, JSON-able."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what :meth:`state` gave."""
