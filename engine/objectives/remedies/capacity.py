"""A target for the KL, raised step by step."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from engine.config import Config as BaseConfig
from engine.config import param
from engine.objectives.remedies.base import Remedy


class Capacity(Remedy):
    r"""Holds the KL at a target that rises in a straight line: it costs to be below as it does to be above.

    .. math::
        \gamma \left| \overline{KL} - C_t \right|, \quad
        C_t = C_0 + (C - C_0) \min\left(1, \frac{t}{T}\right)

    in place of the KL, with the mean over the batch. :math:`\gamma = 1` and :math:`C = C_0 = 0` is the
    plain ELBO; a larger gamma holds the target more closely.

    Where we differ: the term takes the place of the KL, so that beta and annealing weigh it too.

    References:
        Understanding disentangling in beta-VAE, Burgess et al., 2018, https://arxiv.org/abs/1804.03599;
        for text: On the Importance of the Kullback-Leibler Divergence Term in Variational Autoencoders
        for Text Generation, Prokhorov et al., 2019, https://arxiv.org/abs/1909.13668
    """

    class Config(BaseConfig):
        """The KL is held at a target that rises."""

        name: Literal["capacity"] = "capacity"
        target: float = param(
            8.0,
            "The KL in the end (Prokhorov et al. 2019 compare 3, 15 and 100).",
            ge=0,
            le=1000,
            unit="nats/sentence",
            symbol="C",
            basic=True,
        )
        start: float = param(
            0.0,
            "The target before the first update.",
            ge=0,
            le=1000,
            unit="nats/sentence",
            symbol="C₀",
        )
        steps: int = param(
            5000,
            "Updates until the target is reached (100,000 in Burgess et al. 2018).",
            ge=1,
            le=10**9,
            unit="steps",
            symbol="T",
            basic=True,
        )
        weight: float = param(
            1.0,
            "Nats of loss per nat off the target (1 in Prokhorov et al. 2019, 1000 for images).",
            ge=0,
            le=10_000,
            symbol="γ",
        )

    changes_kl = True

    def target(self, step: int) -> float:
        """C_t, nats per sentence."""
        config = self.config
        return config.start + (config.target - config.start) * min(1.0, step / config.steps)

    def settled(self, step: int, total: int) -> bool:
        """Whether the target is the one that the run ends with."""
        return self.target(step) == self.target(total)

    def unfinished(self, total: int) -> str:
        """The last target, where it is not the one in the end."""
        last = self.target(total)
        return "" if last == self.config.target else f"the target only reaches {last:.2g} nats"

    def charge(self, kl: Tensor, step: int) -> Tensor:
        """The distance of the mean of ``kl`` (B, Z) from the target, in equal shares, (B, Z)."""
        off = (kl.sum(-1).mean() - self.target(step)).abs()
        return (self.config.weight * off / kl.shape[-1]).expand_as(kl)

    def readings(self, step: int) -> dict[str, float]:
        """The target."""
        return {"capacity": self.target(step)}
