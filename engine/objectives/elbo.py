"""The loss, as its formula."""

from __future__ import annotations

from functools import reduce
from math import prod

from torch import Tensor, nn

from engine.config import Config, ConfigError, param
from engine.models.vae import VAE
from engine.objectives.remedies import REMEDIES, Forward, Horizon, Remedy


class ObjectiveConfig(Config):
    """What is minimised."""

    beta: float = param(
        1.0,
        "Constant weight of the KL term; 1 is the ELBO, less lets the code carry more.",
        ge=0,
        le=100,
        symbol="β",
        basic=True,
    )
    samples: int = param(
        1,
        "Posterior samples per sentence in the reconstruction term (1 in He et al. 2019).",
        ge=1,
        le=100,
        symbol="S",
    )
    remedies: tuple[REMEDIES.union, ...] = param(  # type: ignore[name-defined]
        (), "Remedies against posterior collapse; they combine.", basic=True
    )


class Objective:
    r"""The negative evidence lower bound, with what remedies make of it.

    .. math::
        L = -E_q \log p(x|z) + \beta \prod_r w_r(t) \sum_d \mathrm{charge}(KL_d) + \sum_r R_r

    in nats per sentence, averaged over the batch. With no remedies and :math:`\beta = 1` this is -ELBO.

    References:
        Auto-Encoding Variational Bayes, Kingma and Welling, 2014, https://arxiv.org/abs/1312.6114
    """

    def __init__(
        self,
        config: ObjectiveConfig,
        horizon: Horizon,
        latent_size: int = 0,
        vocab_size: int = 0,
    ) -> None:
        names = [remedy.name for remedy in config.remedies]
        if len(set(names)) < len(names):
            raise ConfigError(f"each remedy may be used once, got {', '.join(names)}")
        self.config = config
        self.remedies: list[Remedy] = [REMEDIES.build(r, horizon) for r in config.remedies]
        heads = {r.config.name: r.head(latent_size, vocab_size) for r in self.remedies}
        self.heads = nn.ModuleDict({name: head for name, head in heads.items() if head})

    def since(self, step: int) -> int:
        """Update ``step`` counted from where the last stage began."""
        return step - max((remedy.origin for remedy in self.remedies), default=0)

    def kl_weight(self, step: int) -> float:
        """beta times the remedies' weights at update ``step``, counted from 1."""
        since = self.since(step)
        return self.config.beta * prod(remedy.kl_weight(since) for remedy in self.remedies)

    def __call__(
        self, model: VAE, x: Tensor, step: int
    ) -> tuple[Tensor, dict[str, Tensor | float]]:
        """The loss of sentences x (B, T) at update ``step``, and its named terms, nats per sentence."""
        since, weight = self.since(step), self.kl_weight(step)
        samples = self.config.samples
        model.latent.advance(since)
        h = model.summary(x)
        latent = model.latent(h, None if samples == 1 else samples)
        inputs = reduce(lambda tokens, remedy: remedy.corrupt(tokens), self.remedies, x[:, :-1])

        def nll(z: Tensor) -> Tensor:
            return model.decoder.token_nll(x, z, inputs).sum(-1)

        reconstruction = model.latent.expectation(h, latent, nll).mean()
        charged = reduce(lambda kl, remedy: remedy.charge(kl, since), self.remedies, latent.kl)
        kl_charged = charged.sum(-1).mean()
        forward = Forward(model, x, inputs, h, latent, since, weight)
        penalties = dict(latent.losses)
        for remedy in self.remedies:
            penalties |= remedy.penalty(forward)
        loss = reconstruction + weight * kl_charged + sum(penalties.values())
        terms: dict[str, Tensor | float] = {
            "loss": loss.detach(),
            "reconstruction": reconstruction.detach(),
            "kl": latent.kl.detach().sum(-1).mean(),
            "kl_charged": kl_charged.detach(),
            "kl_weight": weight,
            **{name: value.detach() for name, value in penalties.items()},
        }
        terms["elbo"] = -(terms["reconstruction"] + terms["kl"])
        return loss, terms
