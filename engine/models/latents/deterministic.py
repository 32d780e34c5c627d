"""Codes without a density."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.distributions import Independent

from engine.config import Config as BaseConfig
from engine.config import ConfigError, param
from engine.models.latents.base import Latent, LatentFamily
from engine.models.latents.normal import standard


class Deterministic(LatentFamily):
    r"""An autoencoder's code: a point of a cube, with no posterior and no KL.

    .. math:: z = \tanh(W h + b) \in (-1, 1)^{K Z}

    Nothing ties the codes to the prior N(0, I), which is there for a regulariser such as MMD to match
    and for sampling: without one, decoded draws of the prior are noise. ELBO, KL, perplexity and mutual
    information do not exist; the best checkpoint is the one that reconstructs best.

    Of an encoder that gives K positions (Funnel) each latent token is made from its own, with the same W;
    of any other, or another number of positions, all K are made from everything.

    References:
        T5-VAE, Fraser-Greenlee, 2020, https://github.com/Fraser-Greenlee/transformer-vae
    """

    class Config(BaseConfig):
        """Autoencoder code without a density."""

        name: Literal["deterministic"] = "deterministic"
        size: int = param(
            77,
            "Width of a latent token (1000 by default in T5-VAE, 77 in its documented runs).",
            ge=1,
            le=4096,
            symbol="Z",
            basic=True,
        )
        tokens: int = param(
            5, "Latent tokens of a sentence (5 in T5-VAE).", ge=1, le=256, symbol="K", basic=True
        )

    zero: Tensor

    def __init__(self, config: Config, input_size: int, input_tokens: int = 1) -> None:
        super().__init__()
        self.tokens = config.tokens
        self.size = config.tokens * config.size
        self.each = input_tokens if input_tokens == config.tokens else 1
        self.codes_of = nn.Linear(input_size // self.each, self.size // self.each)
        self.register_buffer("zero", torch.zeros(self.size), persistent=False)

    def forward(self, h: Tensor, samples: int | None = None) -> Latent:
        """The code of each row, the same in each of ``samples``; its KL is 0 and counts nowhere.

        Args:
            h: encoder summary, (B, H).
            samples: S, or None for one without a leading dimension.
        """
        z = self.code(h)
        kl = z.new_zeros(len(z), 1)
        return Latent(z if samples is None else z.expand(samples, -1, -1), kl)

    def code(self, h: Tensor) -> Tensor:
        """The code (B, K Z), token after token."""
        return self.codes_of(h.unflatten(-1, (self.each, -1))).float().tanh().flatten(1)

    def around(self, h: Tensor, n: int, spread: float) -> Tensor:
        """There is nothing around a point.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(
            "drawing around a sentence needs a posterior, and a deterministic code has none, "
            "interpolate between two sentences or draw from the prior"
        )

    @property
    def prior(self) -> Independent:
        """N(0, I)."""
        return standard(self.zero)
