"""Product of Bernoullis: a code of bits."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli as Bits
from torch.distributions import Independent
from torch.nn import functional as F

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.estimators import ESTIMATORS
from engine.models.estimators.antithetic import DisARM
from engine.models.estimators.base import NLL, draw
from engine.models.latents.base import Latent, LatentFamily


class Bernoulli(LatentFamily):
    r"""A code of independent bits, which a gradient estimator trains.

    .. math::
        q(z|x) = \prod_d p_d^{z_d} (1-p_d)^{1-z_d}, \quad p = \sigma(\theta(h)), \quad
        KL_d = p_d \ln\frac{p_d}{\pi_d} + (1-p_d) \ln\frac{1-p_d}{1-\pi_d}

    The KL is exact and differentiated directly; the estimator serves the reconstruction alone.

    Where we differ from system E: its loss leaves the KL out, and the 0.5 it gives its prior is read as a
    logit (a probability of 0.6225); set ``prior`` to that to compare.

    References:
        Neural Variational Inference and Learning in Belief Networks, Mnih and Gregor, 2014,
        https://arxiv.org/abs/1402.0030
    """

    class Config(BaseConfig):
        """Independent bits."""

        name: Literal["bernoulli"] = "bernoulli"
        size: int = param(
            16,
            "Number of bits (16 in the preset latent-factor-spanish); a code carries at most 0.69 nats per bit.",
            ge=1,
            le=4096,
            symbol="Z",
            basic=True,
        )
        head: Literal["linear", "tanh"] = param(
            "linear",
            "From the summary to the logits: one linear map, or two with a tanh between, the first of "
            "twice as many units as there are bits (the preset latent-factor-spanish).",
        )
        prior: float = param(
            0.5,
            "Prior probability that a bit is 1 (0.5; the authors of latent-factor-spanish in effect 0.6225).",
            gt=0,
            lt=1,
            symbol="π",
        )
        learn_prior: bool = param(
            False, "Train the prior probability of each bit, starting from the one given."
        )
        estimator: ESTIMATORS.union = param(  # type: ignore[name-defined]
            DisARM.Config(), "How the gradient of the reconstruction passes the bits."
        )

    paths = ("bits",)
    where = "among codes of 0 and 1"
    given: Tensor

    def __init__(self, config: Config, input_size: int, input_tokens: int = 1) -> None:
        super().__init__()
        self.size = config.size
        self.logits_of = _head(config, input_size)
        self.estimator: Any = ESTIMATORS.build(config.estimator, input_size, config.size)
        self.whole_bound = self.estimator.whole_bound
        prior = torch.full((config.size,), math.log(config.prior / (1 - config.prior)))
        self.register_buffer("given", prior, persistent=False)
        self.shift = nn.Parameter(torch.zeros(config.size)) if config.learn_prior else None

    def begin_at_zero(self) -> None:
        """The prior as it is given, whatever initialises all weights."""
        if self.shift is not None:
            nn.init.zeros_(self.shift)

    def _logits(self, h: Tensor) -> Tensor:
        # Half precision would round the log odds and the KL with them: the posterior is float32.
        return self.logits_of(h).float()

    def _prior_logits(self) -> Tensor:
        return self.given if self.shift is None else self.given + self.shift

    def forward(self, h: Tensor, samples: int | None = None) -> Latent:
        """One draw of the bits per row, as 0.0 and 1.0, or ``samples`` of them.

        Args:
            h: encoder summary, (B, H).
            samples: S, or None for one draw without a leading dimension.
        """
        logits = self._logits(h)
        kl = bernoulli_kl(logits, self._prior_logits())
        return Latent(draw(logits, samples), kl, _independent(logits))

    def expectation(self, h: Tensor, latent: Latent, nll: NLL) -> Tensor:
        """E_q of ``nll(z)`` for each row, (B,), as the estimator has it."""
        return self.estimator(h, latent, self.prior, nll)

    def advance(self, step: int) -> None:
        """Told to the estimator."""
        self.estimator.advance(step)

    def code(self, h: Tensor) -> Tensor:
        """The most probable bits, (B, Z)."""
        return (self._logits(h) > 0).float()

    def centre(self, codes: Tensor) -> Tensor:
        """The bits (Z,) that more than half of codes (N, Z) have; a tie is 0."""
        return (codes.mean(0) > 0.5).float()

    def around(self, h: Tensor, n: int, spread: float) -> Tensor:
        """n draws (n, B, Z) with the log odds divided by ``spread``; at 0 the code itself."""
        if spread == 0:
            return self.code(h).expand(n, -1, -1)
        return draw(self._logits(h) / spread, n)

    @property
    def prior(self) -> Independent:
        """Independent bits, each 1 with its prior probability."""
        return _independent(self._prior_logits())


def bernoulli_kl(logits: Tensor, prior_logits: Tensor) -> Tensor:
    """KL of bits with these log odds to bits with those, of each bit, nats."""
    p, rest = torch.sigmoid(logits), torch.sigmoid(-logits)
    ones = F.softplus(-prior_logits) - F.softplus(-logits)
    zeros = F.softplus(prior_logits) - F.softplus(logits)
    return p * ones + rest * zeros


def _independent(logits: Tensor) -> Independent:
    return Independent(Bits(logits=logits, validate_args=False), 1, validate_args=False)


def _head(config: Any, input_size: int) -> nn.Module:
    if config.head == "linear":
        return nn.Linear(input_size, config.size)
    first = nn.Linear(input_size, 2 * config.size)
    return nn.Sequential(first, nn.Tanh(), nn.Linear(2 * config.size, config.size))
