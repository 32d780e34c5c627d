"""A minimum of the KL as a constraint, its price found in training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from torch import Tensor

from engine.config import Config as BaseConfig
from engine.config import param
from engine.objectives.remedies.base import Forward, Remedy


class MinimumDesiredRate(Remedy):
    r"""Asks for a KL of at least r nats; the price of falling short rises until it is kept.

    .. math::
        \min_{\theta, \phi} \max_{u \ge 0}\; -E_q \log p(x|z) + w\,\big(KL + u\, (r - \overline{KL})\big),
        \quad u = \ln(1 + e^{v})

    with the KL weight w, which weighs the constraint as well: alone, a price above w would pay for ever
    more KL. After each joint update v takes a step up the gradient: :math:`(r - \overline{KL})\, \sigma(v)`.
    While the KL is under r the price u rises; at :math:`u = 1` the KL costs nothing any more, above that
    it pays; once the KL is over r the price falls towards 0 and the plain ELBO is left.

    Where we differ from the authors' code: u is a softplus and climbs by plain gradient ascent, theirs is
    the absolute value of a number that RMSprop moves. Encoder-only updates do not move u. A rate of 0 asks
    for nothing.

    References:
        Effective Estimation of Deep Generative Language Models, Pelsmaeker and Aziz, 2020,
        https://arxiv.org/abs/1904.08194
    """

    class Config(BaseConfig):
        """A KL of at least r nats, its price found in training."""

        name: Literal["minimum_desired_rate"] = "minimum_desired_rate"
        rate: float = param(
            5.0,
            "The least KL (5 in Pelsmaeker and Aziz 2020); 0 asks for nothing.",
            ge=0,
            le=1000,
            unit="nats/sentence",
            symbol="r",
            basic=True,
        )
        learning_rate: float = param(
            0.001,
            "Step size of the price, per nat that is missing (ours); a large one makes price and KL swing.",
            gt=0,
            le=10,
        )
        start: float = param(
            1.01,
            "The price before the first update (1.01 in the authors' code).",
            gt=0,
            le=1000,
            unit="nats/nat",
            symbol="u",
        )

    changes_kl = True

    def __init__(self, config: Any, horizon: Any) -> None:
        super().__init__(config, horizon)
        # The inverse of softplus; expm1 overflows where the two are the same to the last digit.
        self._v = math.log(math.expm1(config.start)) if config.start < 30 else config.start

    @property
    def price(self) -> float:
        """u, nats of loss per nat that is missing."""
        return max(self._v, 0.0) + math.log1p(math.exp(-abs(self._v)))

    def penalty(self, forward: Forward) -> dict[str, Tensor]:
        """What is missing times its price; negative where the KL is above the rate."""
        if self.config.rate == 0:
            return {}
        missing = self.config.rate - forward.latent.kl.sum(-1).mean()
        return {"minimum_desired_rate": forward.kl_weight * self.price * missing}

    def readings(self, step: int) -> dict[str, float]:
        """The price."""
        return {"rate_price": self.price} if self.config.rate else {}

    def after_update(self, terms: Mapping[str, Tensor | float]) -> None:
        """One step of gradient ascent on the price."""
        slope = 1 / (1 + math.exp(-max(self._v, -700.0)))
        missing = self.config.rate - float(terms["kl"])
        self._v += self.config.learning_rate * missing * slope

    def state(self) -> dict[str, Any]:
        """The price, as v."""
        return {"v": self._v}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what :meth:`state` gave."""
        self._v = state["v"]
