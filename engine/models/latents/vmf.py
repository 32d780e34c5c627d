"""Von Mises-Fisher on the unit sphere."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.distributions.sphere import SphericalUniform, mean_direction, turn_by
from engine.models.distributions.von_mises_fisher import VonMisesFisher
from engine.models.latents.base import Latent, LatentFamily


class VMF(LatentFamily):
    r"""A direction with a spread that is set, not learned, so that the code cannot collapse.

    .. math::
        q(z|x) \propto e^{\kappa\,\mu(x) \cdot z}, \quad z, \mu \in S^{Z-1}, \quad
        KL = \kappa A_Z(\kappa) + \ln C_Z(\kappa) + \ln|S^{Z-1}|

    against the uniform distribution of the sphere. The KL is the same for every sentence and has no
    gradient: κ sets the rate. The mean direction is a bias-free linear map of the encoder's summary,
    divided by its length; a small penalty keeps that length near 1.

    Where we differ from TMNT, whose defaults these are: its mean direction is not normalised, its
    sampler rejects nothing, its KL is that of Z + 2, and its code passes through a softmax.

    References:
        Spherical Latent Spaces for Stable Variational Autoencoders, Xu and Durrett, 2018,
        https://arxiv.org/abs/1808.10805
    """

    class Config(BaseConfig):
        """Direction on the sphere with a spread that is set."""

        name: Literal["vmf"] = "vmf"
        size: int = param(
            50,
            "Number of coordinates of the sphere's space (50 in TMNT's example).",
            ge=2,
            le=4096,
            symbol="Z",
            basic=True,
        )
        kappa: float = param(
            100.0,
            "Concentration about the mean direction; it sets the KL (100 in TMNT: 23.6 nats at 50 units).",
            ge=0.01,
            le=5000,
            symbol="κ",
            basic=True,
        )
        kappa_start: float | None = param(
            None,
            "Concentration before the first update, from where it moves in a straight line; fixed if empty.",
            ge=0.01,
            le=5000,
        )
        kappa_steps: int = param(
            10_000,
            "Updates until the concentration has its final value, where it has a start of its own.",
            ge=1,
            le=10**9,
            unit="steps",
        )
        length_weight: float = param(
            1e-4,
            "Weight of the squared distance from 1 of the direction's length before division "
            "(0.0001 in Xu and Durrett's code).",
            ge=0,
            le=10,
        )

    paths = ("spherical",)
    where = "on the unit sphere"
    counts_units = False
    kappa: Tensor

    def __init__(self, config: Config, input_size: int, input_tokens: int = 1) -> None:
        super().__init__()
        self.size = config.size
        self.config = config
        # A bias would outweigh the first, small summaries and give all sentences one direction.
        self.direction_of = nn.Linear(input_size, config.size, bias=False)
        # Stored with the weights, so that a checkpoint is always looked at with its own κ.
        self.register_buffer("kappa", torch.tensor(0.0))
        self.advance(0)
        self.register_load_state_dict_post_hook(_read_kappa)

    def advance(self, step: int) -> None:
        """Sets κ for update ``step``: a straight line from the start to its final value."""
        end = self.config.kappa
        start = end if self.config.kappa_start is None else self.config.kappa_start
        share = min(1.0, step / self.config.kappa_steps)
        self.concentration = float(np.float32(start + (end - start) * share))
        self.kappa.fill_(self.concentration)

    def _direction(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors (B, Z) and the lengths (B,) that they had."""
        raw = self.direction_of(h).float()
        return F.normalize(raw, dim=-1), raw.norm(dim=-1)

    def forward(self, h: Tensor, samples: int | None = None) -> Latent:
        """One draw per row with a gradient to the mean direction, or ``samples`` of them.

        Args:
            h: encoder summary, (B, H).
            samples: S, or None for one draw without a leading dimension.
        """
        direction, length = self._direction(h)
        posterior = VonMisesFisher(direction, self.concentration)
        z = posterior.rsample(() if samples is None else (samples,))
        losses = {}
        if self.config.length_weight > 0:
            losses["direction_length"] = self.config.length_weight * (length - 1).square().mean()
        return Latent(z, posterior.divergence.unsqueeze(-1), posterior, losses)

    def code(self, h: Tensor) -> Tensor:
        """The mean direction, (B, Z)."""
        return self._direction(h)[0]

    def centre(self, codes: Tensor) -> Tensor:
        """The direction (Z,) of the mean of codes (N, Z)."""
        return mean_direction(codes)

    @property
    def prior(self) -> SphericalUniform:
        """Uniform on the sphere."""
        return SphericalUniform(self.size, self.kappa.device)

    def around(self, h: Tensor, n: int, spread: float) -> Tensor:
        """n draws (n, B, Z) of the posterior, their angle to the mean direction times ``spread``."""
        return turn_by(self.code(h), self(h, n).z, spread)


def _read_kappa(family: Any, _keys: Any) -> None:
    """Kept as a number too: asking the device for it in every pass would make the pass wait."""
    family.concentration = float(family.kappa)
