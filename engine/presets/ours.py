"""Presets to work with: settings are ours."""

from __future__ import annotations

from typing import Any

from engine.data.tokenizers import TokenizerConfig
from engine.experiment import DataConfig, ExperimentConfig
from engine.models.decoders.transformer import TransformerDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.encoders.transformer import TransformerEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import ModelConfig
from engine.objectives.elbo import ObjectiveConfig
from engine.objectives.remedies.annealing import LinearAnnealing
from engine.objectives.remedies.density_gap import DensityGap
from engine.objectives.remedies.free_bits import FreeBits
from engine.objectives.remedies.word_dropout import WordDropout
from engine.presets.parts import adam, lstm, quarter, with_latent, with_model
from engine.training.config import TrainingConfig
from engine.training.optimisers import AdamW
from engine.training.schedules import Cosine


def quick() -> ExperimentConfig:
    """A small model for a first look: some minutes on a laptop, with a code that is alive.

    At most 2,000 updates, so that a few hundred sentences are read often and many thousands in part.

    References:
        Free bits after Kingma et al., 2016, https://arxiv.org/abs/1606.04934; sizes are ours.
    """
    training = adam(0.003, epochs=200, log_every=10, first_epoch=20)
    return ExperimentConfig(
        data=DataConfig(max_tokens=25),
        tokenizer=TokenizerConfig(vocab_size=8000),
        model=lstm(96, 128, 16, dropout=0.2, initialisation="pytorch"),
        objective=ObjectiveConfig(
            remedies=(
                LinearAnnealing.Config(start=0.0, steps=400),
                FreeBits.Config(target=6, variant="batch-unit"),
            )
        ),
        training=training.model_copy(update={"max_steps": 2000}),
    )


def standard() -> ExperimentConfig:
    """A good first choice for some ten thousand sentences and more: informative, and sound as a model.

    References:
        Annealing of Bowman et al., 2016, with free bits of Kingma et al., 2016; sizes are ours.
    """
    return ExperimentConfig(
        model=lstm(256, 512, 32, dropout=0.4, initialisation="pytorch"),
        objective=ObjectiveConfig(
            remedies=(
                LinearAnnealing.Config(start=0.0, epochs=5),
                FreeBits.Config(target=8, variant="batch-unit"),
            )
        ),
        training=adam(0.001, epochs=20),
    )


def demonstration() -> ExperimentConfig:
    """What the demonstration run was made with: a high rate, so that sentences come back and paths read well.

    References:
        Free bits after Kingma et al., 2016, https://arxiv.org/abs/1606.04934; pooling after Long et al.,
        2019, https://arxiv.org/abs/1911.03976; sizes are ours.
    """
    base = lstm(128, 384, 32, dropout=0.2, initialisation="pytorch")
    encoder = LSTMEncoder.Config(embedding=128, hidden=256, bidirectional=True, summary="max")
    return ExperimentConfig(
        data=DataConfig(name="docstrings", max_tokens=18),
        tokenizer=TokenizerConfig(min_count=5),
        model=base.model_copy(update={"encoder": encoder}),
        objective=ObjectiveConfig(
            remedies=(
                LinearAnnealing.Config(start=0.0, epochs=2),
                FreeBits.Config(target=40, variant="batch-unit"),
                WordDropout.Config(rate=0.3),
            ),
        ),
        training=adam(0.002, epochs=40, first_epoch=8),
    )


def transformer() -> ExperimentConfig:
    """A transformer that attends to the code as a memory: the best samples and paths, where there are a GPU
    or a quiet hour and some ten thousand sentences.

    References:
        The code as memory and beside the words after Optimus, Li et al., 2020,
        https://arxiv.org/abs/2004.04092; tied embeddings of Press and Wolf, 2017,
        https://arxiv.org/abs/1608.05859; sizes are ours.
    """
    stack: dict[str, Any] = {"embedding": 256, "hidden": 256, "heads": 4, "feedforward": 1024}
    optimiser = AdamW.Config(learning_rate=0.0007)
    return ExperimentConfig(
        model=ModelConfig(
            encoder=TransformerEncoder.Config(**stack, layers=2, summary="mean"),
            latent=Gaussian.Config(size=32),
            decoder=TransformerDecoder.Config(
                **stack, layers=3, memory_tokens=4, tie_embedding=True
            ),
            initialisation="pytorch",
        ),
        objective=ObjectiveConfig(
            remedies=(
                LinearAnnealing.Config(start=0.0, epochs=2),
                FreeBits.Config(target=20, variant="batch-unit"),
                WordDropout.Config(rate=0.2),
            )
        ),
        training=TrainingConfig(
            epochs=20,
            batch_size=64,
            encoder_optimiser=optimiser,
            decoder_optimiser=optimiser,
            schedule=Cosine.Config(warmup=0.05, least=1e-5, end=1.0),
            clip=1.0,
            plateau=None,
        ),
    )


def explore() -> ExperimentConfig:
    """For walking through the latent space: a live code with few holes, so that samples read well too.

    References:
        Batch-normalised means of Zhu et al., 2020, https://arxiv.org/abs/2004.12585; density gap of Zhang
        et al., 2022, https://arxiv.org/abs/2211.00321; code in the output of Dieng et al., 2019,
        https://arxiv.org/abs/1807.04863; sizes are ours.
    """
    config = quarter(
        LinearAnnealing.Config(start=0.0, epochs=5), DensityGap.Config(weight=0.5, group=4)
    )
    config = with_latent(config, Gaussian.Config(size=32, mean="batch_norm", gamma=0.6))
    decoder = config.model.decoder.model_copy(update={"z_output": True})
    return with_model(config, decoder=decoder)


def reconstruct() -> ExperimentConfig:
    """For getting sentences back: a high rate, thirty free nats, an encoder that reads both ways.

    References:
        Free bits after Kingma et al., 2016, https://arxiv.org/abs/1606.04934; pooling after Long et al.,
        2019, https://arxiv.org/abs/1911.03976; sizes are ours.
    """
    config = quarter(
        LinearAnnealing.Config(start=0.0, epochs=2),
        FreeBits.Config(target=30, variant="batch-unit"),
        WordDropout.Config(rate=0.3),
    )
    encoder = LSTMEncoder.Config(embedding=128, hidden=256, bidirectional=True, summary="max")
    return with_model(config, encoder=encoder)
