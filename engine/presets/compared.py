"""Presets of one remedy each, of equal size, to be compared."""

from __future__ import annotations

from engine.experiment import ExperimentConfig
from engine.models.latents.gaussian import Gaussian
from engine.objectives.remedies.ae_pretraining import AEPretraining
from engine.objectives.remedies.aggressive import Aggressive
from engine.objectives.remedies.annealing import CyclicalAnnealing, LinearAnnealing
from engine.objectives.remedies.free_bits import FreeBits
from engine.presets.parts import quarter, with_latent


def vanilla() -> ExperimentConfig:
    """The plain VAE with no remedy: it usually collapses, and that is what it is here to show.

    References:
        Model of He et al., 2019, https://arxiv.org/abs/1901.05534, at a quarter of its sizes.
    """
    return quarter()


def annealed() -> ExperimentConfig:
    """The plain VAE with the KL weight raised over ten epochs.

    References:
        Bowman et al., 2016, https://arxiv.org/abs/1511.06349; model of He et al., 2019.
    """
    return quarter(LinearAnnealing.Config())


def cyclical() -> ExperimentConfig:
    """The plain VAE with the KL weight raised four times over.

    References:
        Fu et al., 2019, https://arxiv.org/abs/1903.10145; model of He et al., 2019.
    """
    return quarter(CyclicalAnnealing.Config())


def free_bits() -> ExperimentConfig:
    """The plain VAE with eight nats for free, under an annealed KL weight.

    References:
        Li et al., 2019, https://arxiv.org/abs/1909.00868, without its pre-training; model of He et al., 2019.
    """
    return quarter(LinearAnnealing.Config(start=0.0), FreeBits.Config(variant="batch-unit"))


def aggressive() -> ExperimentConfig:
    """The encoder catches up before each decoder step, with an annealed KL weight.

    References:
        He et al., 2019, https://arxiv.org/abs/1901.05534, at a quarter of its sizes.
    """
    return quarter(LinearAnnealing.Config(), Aggressive.Config())


def bn_vae() -> ExperimentConfig:
    """The plain VAE with batch-normalised means: its KL has a floor that no training can lower.

    References:
        Zhu et al., 2020, https://arxiv.org/abs/2004.12585 (gamma 0.6); model of He et al., 2019, at a
        quarter of its sizes.
    """
    config = quarter(LinearAnnealing.Config(start=0.0))
    return with_latent(config, Gaussian.Config(size=32, mean="batch_norm", gamma=0.6))


def ae_fb() -> ExperimentConfig:
    """First an autoencoder, then its encoder with a new decoder under eight free nats.

    References:
        Li et al., 2019, https://arxiv.org/abs/1909.00868; model of He et al., 2019, at a quarter of its
        sizes.
    """
    return quarter(
        AEPretraining.Config(epochs=5), LinearAnnealing.Config(start=0.0), FreeBits.Config()
    )
