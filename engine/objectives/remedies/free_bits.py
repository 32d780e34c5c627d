"""Free bits: a KL under a target costs nothing, or costs no less than the target."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from engine.config import Config as BaseConfig
from engine.config import param
from engine.objectives.remedies.base import Remedy

VARIANTS = Literal[
    "batch-unit", "sentence-unit-mask", "sentence-unit-clamp", "sentence-total", "batch-total"
]


class FreeBits(Remedy):
    r"""Gives the code a budget of nats for free, so that nothing is gained by collapsing.

    With target :math:`\lambda` nats per sentence and :math:`\tau = \lambda / Z` per unit:

    - ``batch-unit`` (Kingma 2016): :math:`\sum_d \max(\tau, \overline{KL_d})`, the mean over the batch;
    - ``sentence-unit-mask`` (Li 2019, Optimus): :math:`\sum_d [KL_d > \tau]\, KL_d`;
    - ``sentence-unit-clamp``: :math:`\sum_d \max(\tau, KL_d)`, the same gradient, a shifted loss;
    - ``sentence-total``: :math:`[KL > \lambda]\, KL`;
    - ``batch-total``: :math:`[\overline{KL} > \lambda]\, KL`.

    The true KL is always logged beside what is charged.

    References:
        Improved Variational Inference with Inverse Autoregressive Flow, Kingma et al., 2016,
        https://arxiv.org/abs/1606.04934; A Surprisingly Effective Fix for Deep Latent Variable Modeling
        of Text, Li et al., 2019, https://arxiv.org/abs/1909.00868
    """

    class Config(BaseConfig):
        """A budget of nats that costs nothing."""

        name: Literal["free_bits"] = "free_bits"
        target: float = param(
            8.0,
            "Free nats per sentence over all units (8 in Li et al. 2019).",
            ge=0,
            le=1000,
            unit="nats/sentence",
            symbol="λ",
            basic=True,
        )
        variant: VARIANTS = param(
            "sentence-unit-mask",
            "Where the target is applied: per unit or in total, per sentence or on the batch mean.",
            basic=True,
        )

    changes_kl = True

    def charge(self, kl: Tensor, step: int) -> Tensor:
        """What the KL (B, Z) costs, (B, Z); see the class for the variants."""
        target, unit = self.config.target, self.config.target / kl.shape[-1]
        match self.config.variant:
            case "batch-unit":
                return kl.mean(0, keepdim=True).clamp(min=unit).expand_as(kl)
            case "sentence-unit-mask":
                return kl * (kl > unit)
            case "sentence-unit-clamp":
                return kl.clamp(min=unit)
            case "sentence-total":
                return kl * (kl.sum(-1, keepdim=True) > target)
            case _:  # batch-total
                return kl * (kl.sum(-1).mean() > target)
