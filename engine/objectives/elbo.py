"""The loss, as its formula."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from math import prod

import torch
from torch import Tensor, nn

from engine.config import Config, ConfigError, param
from engine.models.latents import Latent
from engine.models.vae import VAE
from engine.objectives.remedies import REMEDIES, Forward, Horizon, Remedy

START, END = 1, 2


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
    While a remedy prepares the encoder, the KL weight is 0 and the other remedies wait.

    Args:
        config: what is minimised.
        horizon: how long training is.
        model: what is trained; without it the objective knows its schedules and nothing else.

    Attributes:
        heads: the remedies' own networks, by remedy.
        warnings: settings that will not do what they seem to, a sentence each.

    Raises:
        ConfigError: a remedy is there twice, or needs what the model lacks.

    References:
        Auto-Encoding Variational Bayes, Kingma and Welling, 2014, https://arxiv.org/abs/1312.6114
    """

    def __init__(self, config: ObjectiveConfig, horizon: Horizon, model: VAE | None = None) -> None:
        names = [remedy.name for remedy in config.remedies]
        if len(set(names)) < len(names):
            raise ConfigError(f"each remedy may be used once, got {', '.join(names)}")
        self.config = config
        self.horizon = horizon
        self.remedies: list[Remedy] = [REMEDIES.build(r, horizon) for r in config.remedies]
        self.heads = nn.ModuleDict()
        self.warnings = [*self._unfinished()]
        if model is not None:
            self._check_bound(model)
        if model is not None and self.remedies:
            self._check(model)
            heads = {remedy.config.name: remedy.head(model) for remedy in self.remedies}
            self.heads.update({name: head for name, head in heads.items() if head})

    def _check(self, model: VAE) -> None:
        latent = _trial(model)
        for remedy in self.remedies:
            remedy.check(model, latent)
            if remedy.changes_kl and not latent.kl.requires_grad:
                self.warnings.append(
                    f"{remedy.config.name} has no effect: the KL of {type(model.latent).__name__} "
                    f"does not depend on anything that is trained"
                )

    def _check_bound(self, model: VAE) -> None:
        names = [remedy.config.name for remedy in self.remedies if remedy.touches_kl]
        if model.latent.whole_bound and (names or self.config.beta != 1):
            changed = [*names, *(["beta"] if self.config.beta != 1 else [])]
            raise ConfigError(
                f"vimco trains a bound that holds the KL at weight 1, so nothing else may weigh or charge "
                f"it, got {', '.join(changed)}: leave these out (beta at 1), or choose another estimator"
            )

    def _unfinished(self) -> Iterator[str]:
        total = self.horizon.total_steps
        for remedy in self.remedies:
            if told := remedy.unfinished(total - self.origin(total)):
                yield (
                    f"{remedy.config.name} does not end before the run does: {told} at step {total}; "
                    f"train longer or give it fewer steps"
                )

    # -- schedules ------------------------------------------------------------------------------

    def pretraining(self, step: int) -> bool:
        """Whether update ``step`` only prepares the encoder."""
        return any(remedy.pretraining(step) for remedy in self.remedies)

    def active(self, step: int) -> list[Remedy]:
        """The remedies that have a say at update ``step``."""
        return [r for r in self.remedies if r.pretraining(step)] or self.remedies

    def origin(self, step: int) -> int:
        """The update after which the stage of update ``step`` began."""
        return max((remedy.origin(step) for remedy in self.remedies), default=0)

    def kl_weight(self, step: int) -> float:
        """beta times the remedies' weights at update ``step``, counted from 1."""
        if self.pretraining(step):
            return 0.0
        origin = self.origin(step)
        since, total = step - origin, self.horizon.total_steps - origin
        return self.config.beta * prod(r.kl_weight(since, total) for r in self.remedies)

    def settled(self, step: int) -> bool:
        """Whether what is minimised at update ``step`` is what the run is for, so that a best may be kept.

        It is not while an encoder is prepared, nor while a KL weight or target is on its way.
        """
        if self.pretraining(step):
            return False
        origin = self.origin(step)
        since, total = step - origin, self.horizon.total_steps - origin
        return all(remedy.settled(since, total) for remedy in self.remedies)

    # -- the loss -------------------------------------------------------------------------------

    def __call__(
        self, model: VAE, x: Tensor, step: int
    ) -> tuple[Tensor, dict[str, Tensor | float]]:
        """The loss of sentences x (B, T) at update ``step``, and its named terms, nats per sentence."""
        remedies, samples = self.active(step), self.config.samples
        since, weight = step - self.origin(step), self.kl_weight(step)
        model.latent.advance(since)
        h = model.summary(x)
        latent = model.latent(h, None if samples == 1 else samples)
        inputs = reduce(lambda tokens, remedy: remedy.corrupt(tokens), remedies, x[:, :-1])

        def nll(z: Tensor) -> Tensor:
            return model.decoder.token_nll(x, z, inputs).sum(-1)

        reconstruction = model.latent.expectation(h, latent, nll).mean()
        in_order = sorted(remedies, key=lambda remedy: remedy.charges_last)
        charged = reduce(lambda kl, remedy: remedy.charge(kl, since), in_order, latent.kl)
        kl_charged = charged.sum(-1).mean()
        forward = Forward(model, x, inputs, h, latent, since, weight)
        penalties = _joined([latent.losses, *(remedy.penalty(forward) for remedy in remedies)])
        loss = reconstruction + weight * kl_charged + sum(penalties.values())
        terms: dict[str, Tensor | float] = {
            "loss": loss.detach(),
            "reconstruction": reconstruction.detach(),
            **{name: value.detach() for name, value in penalties.items()},
        }
        if latent.posterior is not None:  # without a density there is no KL, not one of 0
            terms |= {
                "kl": latent.kl.detach().sum(-1).mean(),
                "kl_charged": kl_charged.detach(),
                "kl_weight": weight,
            }
            terms["elbo"] = -(terms["reconstruction"] + terms["kl"])
        for remedy in remedies:
            terms |= remedy.readings(since)
        return loss, terms


def _trial(model: VAE) -> Latent:
    """What the family gives for two empty sentences; leaves no trace in the model or in chance."""
    device = next(model.parameters()).device
    training = model.training
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        latent = model.eval().encode(torch.tensor([[START, END]] * 2, device=device))
    model.train(training)
    return latent


def _joined(parts: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """All named terms; two of one name would hide each other."""
    joined: dict[str, Tensor] = {}
    for part in parts:
        if twice := joined.keys() & part.keys():
            raise ValueError(f"two terms of the loss are called {', '.join(sorted(twice))}")
        joined |= part
    return joined
