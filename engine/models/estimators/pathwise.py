"""Biased and cheap: a gradient is let through the bits as if they were not bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor
from torch.distributions import Distribution

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.estimators.base import NLL, Estimator, draws, logits_of, uniforms

if TYPE_CHECKING:
    from engine.models.latents.base import Latent


class StraightThrough(Estimator):
    r"""The decoder reads bits; its gradient passes on to the logits as if it had read probabilities.

    .. math:: \frac{\partial b_i}{\partial \theta_i} := \sigma'(\theta_i) \quad\text{or}\quad 1

    Biased, but exact (the first) where nll is linear in each bit. One decode.

    References:
        Estimating or Propagating Gradients Through Stochastic Neurons for Conditional Computation,
        Bengio, Leonard and Courville, 2013, https://arxiv.org/abs/1308.3432
    """

    class Config(BaseConfig):
        """Bits forward, probabilities backward; biased and cheap."""

        name: Literal["straight_through"] = "straight_through"
        backward: Literal["sigmoid", "identity"] = param(
            "sigmoid", "What stands for the derivative of a bit: that of its probability, or 1."
        )

    def __init__(self, config: Config, input_size: int, size: int) -> None:
        super().__init__()
        self.backward_as = config.backward

    def forward(self, h: Tensor, latent: Latent, prior: Distribution, nll: NLL) -> Tensor:
        """The mean over the draws; see :class:`Estimator`."""
        logits = logits_of(latent)
        path = torch.sigmoid(logits) if self.backward_as == "sigmoid" else logits
        # The bracket is exactly 0: the decoder must read bits, not bits and a rounding error.
        return nll(draws(latent) + (path - path.detach())).mean(0)


class GumbelSigmoid(Estimator):
    r"""The decoder reads soft bits that harden as the temperature falls (Gumbel-softmax for bits).

    .. math::
        \tilde b = \sigma\big((\theta + \mathrm{logit}\,u) / \tau\big), \quad
        \tau_t = \tau_0 (\tau_1/\tau_0)^{\min(1, t/T)}

    Biased: the reconstruction is that of soft bits, unless ``hard``. The KL is that of the bits. One
    decode.

    References:
        Categorical Reparameterization with Gumbel-Softmax, Jang, Gu and Poole, 2017,
        https://arxiv.org/abs/1611.01144;
        The Concrete Distribution, Maddison, Mnih and Teh, 2017, https://arxiv.org/abs/1611.00712
    """

    class Config(BaseConfig):
        """Soft bits under a falling temperature; biased and cheap."""

        name: Literal["gumbel_sigmoid"] = "gumbel_sigmoid"
        start: float = param(1.0, "Temperature at the start.", gt=0, le=100, symbol="τ₀")
        end: float = param(0.3, "Temperature at the end.", gt=0, le=100, symbol="τ₁")
        steps: int = param(
            10_000,
            "Updates over which the temperature goes from start to end, by a constant factor.",
            ge=1,
            le=10**9,
            unit="steps",
            symbol="T",
        )
        hard: bool = param(
            False, "The decoder reads the bits, and the gradient is that of the soft ones."
        )

    temperature: Tensor

    def __init__(self, config: Any, input_size: int, size: int) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("temperature", torch.tensor(float(config.start)))

    def advance(self, step: int) -> None:
        """The temperature of update ``step``."""
        start, end = self.config.start, self.config.end
        share = min(1.0, max(0, step) / self.config.steps)
        self.temperature.fill_(start * (end / start) ** share)

    def forward(self, h: Tensor, latent: Latent, prior: Distribution, nll: NLL) -> Tensor:
        """The mean over the draws, each made soft; see :class:`Estimator`."""
        logits, z = logits_of(latent), draws(latent)
        soft = torch.sigmoid((logits + uniforms(z, logits).logit()) / self.temperature)
        return nll(z + (soft - soft.detach()) if self.config.hard else soft).mean(0)
