"""A floor under the KL of a batch."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from engine.config import Config as BaseConfig
from engine.config import param
from engine.objectives.remedies.base import Remedy


class KLFloor(Remedy):
    r"""Charges no less than a floor for the KL of a batch, so that nothing is gained by going below.

    .. math:: \max\left(\overline{KL},\; \lambda\right)

    with the mean over the batch: below the floor the KL has no gradient, above it the whole one. Under an
    annealed KL weight the floor is weighted like the KL.

    Where we differ: the documents of the system write min; its code, which we follow, takes the maximum.
    It is free bits (variant batch-total) with a loss that does not jump at the floor.

    References:
        VAE-tensorflow of the CoAI group, https://github.com/thu-coai/VAE-tensorflow, after Improved
        Variational Inference with Inverse Autoregressive Flow, Kingma et al., 2016,
        https://arxiv.org/abs/1606.04934
    """

    class Config(BaseConfig):
        """The KL of a batch costs no less than a floor."""

        name: Literal["kl_floor"] = "kl_floor"
        floor: float = param(
            10.0,
            "Nats that are charged at least (10 in VAE-tensorflow).",
            ge=0,
            le=1000,
            unit="nats/sentence",
            symbol="λ",
            basic=True,
        )

    changes_kl = True

    def charge(self, kl: Tensor, step: int) -> Tensor:
        """``kl`` (B, Z), or the floor in equal shares where the mean is below it."""
        floor = self.config.floor
        return torch.where(kl.sum(-1).mean() > floor, kl, floor / kl.shape[-1])
