"""Presets of He et al. 2019 for pictures: residual encoder, PixelCNN, aggressive training."""

from __future__ import annotations

from engine.data.tokenizers import TokenizerConfig
from engine.evaluation.config import EvaluationConfig
from engine.experiment import DataConfig, ExperimentConfig
from engine.models.decoders.pixelcnn import PixelCNNDecoder
from engine.models.encoders.resnet import ResNetEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import ModelConfig
from engine.objectives.elbo import ObjectiveConfig
from engine.objectives.remedies.aggressive import Aggressive
from engine.objectives.remedies.annealing import LinearAnnealing
from engine.presets.parts import with_model
from engine.training.config import TrainingConfig
from engine.training.optimisers import Adam
from engine.training.plateau import PlateauConfig


def _pictures(data: str, side: int, epochs: int) -> ExperimentConfig:
    """He et al.'s plan for pictures: Adam twice, annealing, aggressive training with its image constants."""
    adam = Adam.Config(learning_rate=0.001)
    aggressive = Aggressive.Config(window=10, reference="best", patience=5, joint_clipping=True)
    return ExperimentConfig(
        data=DataConfig(name=data, max_tokens=side**2),
        tokenizer=TokenizerConfig(kind="pixels", side=side),
        model=ModelConfig(
            encoder=ResNetEncoder.Config(side=side),
            latent=Gaussian.Config(size=32),
            decoder=PixelCNNDecoder.Config(side=side),
            initialisation="pytorch",
        ),
        objective=ObjectiveConfig(
            remedies=(LinearAnnealing.Config(start=0.1, epochs=10), aggressive)
        ),
        training=TrainingConfig(
            epochs=epochs,
            batch_size=50,
            encoder_optimiser=adam,
            decoder_optimiser=adam,
            plateau=PlateauConfig(patience=20, first_epoch=0, after_annealing=False),
            precision="float32",
        ),
        evaluation=EvaluationConfig(mi_batch=50, iw_samples=500),
    )


def lagging_omniglot() -> ExperimentConfig:
    """He et al. 2019 on Omniglot: pictures of 28 by 28 pixels, aggressive training, annealed; for a GPU.

    The pictures come by name. For their plain VAE set objective.remedies to [], for the
    annealed one to [{"name": "annealing", "start": 0.1, "epochs": 10}]. Where we differ: weights begin as
    PyTorch has them, the last layer has an offset, and after a fall of the rate validation is compared
    with the loss at the fall, not with the best.

    References:
        He et al., 2019, https://arxiv.org/abs/1901.05534; settings of the authors' code.
    """
    return _pictures("omniglot", side=28, epochs=1000)


def lagging_omniglot_small() -> ExperimentConfig:
    """The plan of lagging-omniglot on small handwritten digits, with a smaller model: minutes on a CPU.

    On the built-in digits, which have 8 by 8 pixels; for other pictures set tokenizer.side,
    model.encoder.side, model.decoder.side and data.max_tokens (its square). Remedies are taken out as in
    lagging-omniglot. Every kernel of the first layers spans nearly the whole picture, so that the decoder
    can do without the code.

    References:
        Plan of He et al., 2019, https://arxiv.org/abs/1901.05534; sizes are ours.
    """
    config = _pictures("digits", side=8, epochs=200)
    encoder = ResNetEncoder.Config(side=8, planes=(16, 32, 32), hidden=128)
    decoder = PixelCNNDecoder.Config(side=8, kernels=(7, 7, 5, 3), channels=16)
    return with_model(config, encoder=encoder, decoder=decoder)
