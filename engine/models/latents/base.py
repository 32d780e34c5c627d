"""What a latent family promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.distributions import Distribution


@dataclass
class Latent:
    """A batch of codes with what they cost.

    Attributes:
        z: codes, (B, Z), or (S, B, Z) where S samples were asked for.
        kl: KL(q(z|x) || p(z)) of each unit, (B, Z), nats.
        posterior: q(z|x), batch shape (B,), or None for a family without a density.
        losses: named auxiliary losses, scalars, nats per sentence.
    """

    z: Tensor
    kl: Tensor
    posterior: Distribution | None = None
    losses: dict[str, Tensor] = field(default_factory=dict)


class LatentFamily(nn.Module, ABC):
    """From the encoder's summary h to a code z, its posterior and its KL."""

    size: int

    @abstractmethod
    def forward(self, h: Tensor, samples: int | None = None) -> Latent:
        """One code per row of h (B, H), or ``samples`` of them: z (S, B, Z)."""

    @abstractmethod
    def code(self, h: Tensor) -> Tensor:
        """The deterministic code (B, Z) used for maps and reconstructions."""

    @property
    @abstractmethod
    def prior(self) -> Distribution:
        """p(z), event shape (Z,), on the module's device."""

    def sample_prior(self, n: int) -> Tensor:
        """n codes (n, Z) drawn from the prior."""
        return self.prior.sample((n,))
