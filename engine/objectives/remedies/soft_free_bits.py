"""Soft free bits: the KL weight follows the KL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from torch import Tensor

from engine.config import Config as BaseConfig
from engine.config import param
from engine.objectives.remedies.base import Remedy

LEAST = 1e-4


class SoftFreeBits(Remedy):
    r"""Lowers the KL weight while the KL is under a target, and raises it again above.

    The KL is weighted by :math:`\gamma \in [10^{-4}, 1]`, and after each joint update

    .. math::
        \gamma \leftarrow \begin{cases} 1.1\, \gamma & \overline{KL} > 1.05\, \lambda \\
        \gamma / 1.1 & \overline{KL} < \lambda \end{cases}

    The loss changes slowly and has no edge at the target, as free bits have.

    Where we differ: the paper leaves open where gamma begins and how small it may get; both are as in the
    code of Pelsmaeker and Aziz.

    References:
        Variational Lossy Autoencoder, Chen et al., 2017, appendix C, https://arxiv.org/abs/1611.02731;
        Effective Estimation of Deep Generative Language Models, Pelsmaeker and Aziz, 2020,
        https://arxiv.org/abs/1904.08194
    """

    class Config(BaseConfig):
        """The KL weight follows the KL."""

        name: Literal["soft_free_bits"] = "soft_free_bits"
        target: float = param(
            8.0,
            "Nats that the code should carry.",
            ge=0,
            le=1000,
            unit="nats/sentence",
            symbol="λ",
            basic=True,
        )
        start: float = param(
            0.1,
            "The weight before the first update (0.1 in the code of Pelsmaeker and Aziz).",
            ge=LEAST,
            le=1,
            symbol="γ",
        )
        factor: float = param(
            1.1,
            "What the weight is multiplied or divided with (1.1 in Chen et al. 2017).",
            gt=1,
            le=10,
        )
        tolerance: float = param(
            0.05,
            "How far the KL may be over the target before the weight rises (0.05 in Chen et al. 2017).",
            ge=0,
            le=10,
        )

    changes_kl = True

    def __init__(self, config: Any, horizon: Any) -> None:
        super().__init__(config, horizon)
        self._weight = config.start

    def kl_weight(self, step: int, total: int) -> float:
        """gamma as it is now."""
        return self._weight

    def after_update(self, terms: Mapping[str, Tensor | float]) -> None:
        """Moves the weight; see the class."""
        config, kl = self.config, float(terms["kl"])
        if kl > config.target * (1 + config.tolerance):
            self._weight = min(1.0, self._weight * config.factor)
        elif kl < config.target:
            self._weight = max(LEAST, self._weight / config.factor)

    def state(self) -> dict[str, Any]:
        """The weight."""
        return {"weight": self._weight}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes back what :meth:`state` gave."""
        self._weight = state["weight"]
