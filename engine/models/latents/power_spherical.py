"""Power spherical: a direction and a spread of its own for every sentence."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.distributions.power_spherical import PowerSpherical
from engine.models.distributions.sphere import SphericalUniform, mean_direction, turn_by
from engine.models.latents.base import Latent, LatentFamily

# Beyond it float32 knows a draw no better than its mean direction.
KAPPA_MOST = 10_000.0


class PowerSphericalFamily(LatentFamily):
    r"""A direction with a learned spread on the unit sphere, every formula closed.

    .. math::
        q(z|x) \propto (1 + \mu(x) \cdot z)^{\kappa(x)}, \quad z, \mu \in S^{Z-1}, \quad
        \kappa = \kappa_{\min} + (\kappa_0 - \kappa_{\min}) \frac{\ln(1 + e^{a(x)})}{\ln 2} \le 10^4

    against the uniform distribution of the sphere. The mean direction and a come from one bias-free
    linear map of the encoder's summary; at a = 0 the concentration is :math:`\kappa_0`. The lowest
    concentration is a rate that stays even where the code is ignored.

    References:
        The Power Spherical Distribution, De Cao and Aziz, 2020, https://arxiv.org/abs/2006.04437
    """

    class Config(BaseConfig):
        """Direction on the sphere with a learned spread."""

        name: Literal["power_spherical"] = "power_spherical"
        size: int = param(
            32,
            "Number of coordinates of the sphere's space.",
            ge=2,
            le=4096,
            symbol="Z",
            basic=True,
        )
        kappa_start: float = param(
            50.0,
            "Concentration that training starts from, about (50: 7.6 nats at 32 units).",
            gt=0,
            le=5000,
            symbol="κ₀",
            basic=True,
        )
        kappa_min: float = param(
            1.0, "Lowest concentration (1 in De Cao and Aziz 2020).", gt=0, le=5000, symbol="κ min"
        )

        @model_validator(mode="after")
        def _starts_above_the_least(self) -> Self:
            if self.kappa_start <= self.kappa_min:
                raise ValueError(
                    f"kappa_start must be above kappa_min, got {self.kappa_start:g} and "
                    f"{self.kappa_min:g}; raise the first or lower the second"
                )
            return self

    paths = ("spherical",)
    where = "on the unit sphere"
    counts_units = False

    def __init__(self, config: Config, input_size: int, input_tokens: int = 1) -> None:
        super().__init__()
        self.size = config.size
        self.kappa_min = config.kappa_min
        self.kappa_scale = (config.kappa_start - config.kappa_min) / math.log(2)
        self.parameters_of = nn.Linear(input_size, config.size + 1, bias=False)

    def _direction_and_kappa(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors (B, Z) and concentrations (B,)."""
        raw = self.parameters_of(h).float()
        kappa = self.kappa_min + self.kappa_scale * F.softplus(raw[..., -1])
        return F.normalize(raw[..., :-1], dim=-1), kappa.clamp(max=KAPPA_MOST)

    def forward(self, h: Tensor, samples: int | None = None) -> Latent:
        """One reparameterised draw per row, or ``samples`` of them.

        Args:
            h: encoder summary, (B, H).
            samples: S, or None for one draw without a leading dimension.
        """
        posterior = PowerSpherical(*self._direction_and_kappa(h))
        z = posterior.rsample(() if samples is None else (samples,))
        return Latent(z, posterior.divergence.unsqueeze(-1), posterior)

    def code(self, h: Tensor) -> Tensor:
        """The mean direction, (B, Z)."""
        return self._direction_and_kappa(h)[0]

    def centre(self, codes: Tensor) -> Tensor:
        """The direction (Z,) of the mean of codes (N, Z)."""
        return mean_direction(codes)

    @property
    def prior(self) -> SphericalUniform:
        """Uniform on the sphere."""
        return SphericalUniform(self.size, self.parameters_of.weight.device)

    def around(self, h: Tensor, n: int, spread: float) -> Tensor:
        """n draws (n, B, Z) of the posterior, their angle to the mean direction times ``spread``."""
        return turn_by(self.code(h), self(h, n).z, spread)
