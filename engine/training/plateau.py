"""The plateau rule: smaller steps when validation stops improving, and an end to training."""

from __future__ import annotations

from typing import Any

from engine.config import Config, param


class PlateauConfig(Config):
    """Smaller steps when validation stops improving."""

    patience: int = param(
        2,
        "Epochs without improvement until the rate falls (2 in He et al. 2019).",
        ge=1,
        le=1000,
        unit="epochs",
    )
    first_epoch: int = param(
        15,
        "No fall before this epoch is over (15 in He et al. 2019).",
        ge=0,
        le=10_000,
        unit="epochs",
    )
    after_annealing: bool = param(
        True,
        "Nothing is counted before the KL weight has its final value: while it rises, the loss at weight 1 may "
        "well grow. The authors of He et al. 2019 watch from the start.",
    )
    factor: float = param(
        0.5, "What the rate is multiplied with (0.5 in He et al. 2019).", gt=0, lt=1
    )
    most: int = param(5, "Falls after which training ends (5 in He et al. 2019).", ge=1, le=1000)
    reload_best: bool = param(
        True,
        "Go back to the weights of the lowest validation loss so far, with fresh optimisers, at each fall "
        "(He et al. 2019).",
    )


class Plateau:
    """System A's rule on the validation loss at KL weight 1.

    An epoch whose loss is not below the reference counts; ``patience`` of them in a row, not before
    ``first_epoch``, lower the rate, and the reference becomes the current loss, worse as it is.

    The authors' code watches from the first validation on, also while the KL weight still rises, and only
    ``first_epoch`` keeps it from acting that early (``after_annealing`` off). Where epochs are short beside the
    annealing this would end training before the weight has risen, so that by default nothing is counted until
    then. The checkpoint *best* is chosen apart from it.

    Attributes:
        reference: the loss that the next one is compared with.
        lowest: the lowest loss of any validation, whose weights a fall may bring back.
        waited: epochs in a row without improvement. falls: how often the rate has fallen.

    References:
        Lagging Inference Networks and Posterior Collapse in Variational Autoencoders, He et al., 2019,
        https://arxiv.org/abs/1901.05534; the rule of the authors' code.
    """

    def __init__(self, config: PlateauConfig) -> None:
        self.config = config
        self.reference = self.lowest = float("inf")
        self.waited = 0
        self.falls = 0

    def lower_than_ever(self, loss: float) -> bool:
        """Whether the loss of a validation, of an epoch's end or not, is the lowest so far; remembers it."""
        if loss >= self.lowest:
            return False
        self.lowest = loss
        return True

    def after_epoch(self, epoch: int, loss: float) -> bool:
        """Whether the rate falls now.

        Args:
            epoch: epochs finished, counted from 1.
            loss: validation -ELBO, nats per sentence.
        """
        if loss <= self.reference:
            self.reference, self.waited = loss, 0
            return False
        self.waited += 1
        if self.waited < self.config.patience or epoch <= self.config.first_epoch:
            return False
        self.reference, self.waited = loss, 0
        self.falls += 1
        return True

    @property
    def finished(self) -> bool:
        """Whether the rate has fallen as often as it may."""
        return self.falls >= self.config.most

    def state(self) -> dict[str, Any]:
        """What must survive a stop."""
        return {name: getattr(self, name) for name in ("reference", "lowest", "waited", "falls")}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes back what :meth:`state` gave."""
        for name, value in state.items():
            setattr(self, name, value)
