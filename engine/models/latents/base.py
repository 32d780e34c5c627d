"""What a latent family promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.distributions import Distribution


@dataclass
class Latent:
    """A batch of codes with what they cost.

    Attributes:
        z: codes, (B, Z), or (S, B, Z) where S samples were asked for.
        kl: KL(q(z|x) || p(z)), nats: of each unit, (B, Z), or (B, 1) where it is no sum over units;
            one column fewer than Z where the last unit follows from the others.
        posterior: q(z|x), batch shape (B,), or None for a family without a density.
        losses: named auxiliary losses, scalars, nats per sentence.
    """

    z: Tensor
    kl: Tensor
    posterior: Distribution | None = None
    losses: dict[str, Tensor] = field(default_factory=dict)


class LatentFamily(nn.Module, ABC):
    """From the encoder's summary h to a code z, its posterior and its KL.

    It is made as ``cls(config, input_size, input_tokens)``: h falls into ``input_tokens`` positions of equal
    width, one after the other, for a family that makes a latent token from each.

    Attributes:
        size: Z, the width of a code.
        tokens: K, into how many latent tokens of equal width a code falls.
        paths: names of the ways between two codes that stay where codes live, the best one first.
        where: the place that other ways would leave ("on the unit sphere").
        counts_units: whether the variance of a unit's posterior mean says if the unit is in use. Not on a
            sphere: its units share one length, so that none of many need vary by much.
        whole_bound: whether what ``expectation`` trains holds the KL already, at weight 1.
    """

    size: int
    tokens: int = 1
    paths: tuple[str, ...] = ("linear", "spherical", "norm-preserving")
    where: str = "in a continuous space"
    counts_units: bool = True
    whole_bound: bool = False

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

    def centre(self, codes: Tensor) -> Tensor:
        """The code (Z,) in the middle of codes (N, Z), itself one of this family: here their mean."""
        return codes.mean(0)

    def advance(self, step: int) -> None:
        """Told which update comes next, counted from 1; for what follows a schedule."""

    def expectation(self, h: Tensor, latent: Latent, nll: Callable[[Tensor], Tensor]) -> Tensor:
        """E_q of ``nll(z)`` for each row, (B,): its value an estimate, its gradient one as well.

        Here the gradient flows through z (the pathwise gradient). A discrete family, whose z has none,
        brings an estimator.

        Args:
            h: encoder summary, (B, H), that ``latent`` was made from.
            latent: what ``forward`` returned for h.
            nll: -log p(x|z), (B,) or (S, B), for z (B, Z) or (S, B, Z), nats per sentence.
        """
        value = nll(latent.z)
        return value if value.dim() == 1 else value.mean(0)

    def around(self, h: Tensor, n: int, spread: float) -> Tensor:
        """n draws (n, B, Z) of the posterior, their distance from its code times ``spread``."""
        code = self.code(h)
        return code + spread * (self(h, n).z - code)
