"""What presets share: parts of a size, and what is changed in an experiment."""

from __future__ import annotations

from typing import Any

from engine.experiment import ExperimentConfig
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import ModelConfig
from engine.objectives.elbo import ObjectiveConfig
from engine.training.config import TrainingConfig
from engine.training.optimisers import Adam
from engine.training.plateau import PlateauConfig


def lstm(embedding: int, hidden: int, latent: int, dropout: float, **kwargs: Any) -> ModelConfig:
    """He et al.'s LSTM encoder and decoder of these sizes, with a Gaussian code."""
    return ModelConfig(
        encoder=LSTMEncoder.Config(embedding=embedding, hidden=hidden),
        latent=Gaussian.Config(size=latent),
        decoder=LSTMDecoder.Config(
            embedding=embedding, hidden=hidden, dropout_in=dropout, dropout_out=dropout
        ),
        **kwargs,
    )


def adam(rate: float, epochs: int, log_every: int = 20, first_epoch: int = 3) -> TrainingConfig:
    """Adam for both networks, its rate lowered where validation stops falling."""
    return TrainingConfig(
        epochs=epochs,
        batch_size=64,
        log_every=log_every,
        encoder_optimiser=Adam.Config(learning_rate=rate),
        decoder_optimiser=Adam.Config(learning_rate=rate),
        plateau=PlateauConfig(patience=1, first_epoch=first_epoch, reload_best=False, most=4),
    )


def with_latent(config: ExperimentConfig, latent: Any) -> ExperimentConfig:
    """The experiment with another latent."""
    return with_model(config, latent=latent)


def with_model(config: ExperimentConfig, **parts: Any) -> ExperimentConfig:
    """The experiment with other parts of the model."""
    return config.model_copy(update={"model": config.model.model_copy(update=parts)})


def quarter(*remedies: Any) -> ExperimentConfig:
    """He et al.'s model at a quarter of its size; Adam, since SGD at rate 1 wants 100,000 sentences."""
    return ExperimentConfig(
        model=lstm(128, 256, 32, dropout=0.5, initialisation="pytorch"),
        objective=ObjectiveConfig(remedies=remedies),
        training=adam(0.001, epochs=20),
    )
