"""Presets of TMNT's transformer VAE, whose decoder writes all words at once."""

from __future__ import annotations

from typing import Any

from engine.data.tokenizers import TokenizerConfig
from engine.experiment import DataConfig, ExperimentConfig
from engine.models.decoders.parallel import ParallelDecoder
from engine.models.encoders.pretrained import PretrainedEncoder
from engine.models.encoders.transformer import TransformerEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.latents.gaussian_unitvar import GaussianUnitVar
from engine.models.latents.logistic_gaussian import LogisticGaussian
from engine.models.latents.vmf import VMF
from engine.models.vae import ModelConfig
from engine.objectives.elbo import ObjectiveConfig
from engine.presets.parts import with_model
from engine.training.config import TrainingConfig
from engine.training.optimisers import Adam, BertAdam
from engine.training.schedules import Cosine


def _tmnt(latent: Any, kl_weight: float = 0.42) -> ExperimentConfig:
    """The documented command of TMNT's sequence VAE with one of its latents."""
    stack: dict[str, Any] = {"hidden": 512, "feedforward": 512, "norm": "post", "dropout": 0.0}
    return ExperimentConfig(
        data=DataConfig(name="hotel-reviews", max_tokens=40),
        tokenizer=TokenizerConfig(vocab_size=20_000, lowercase=True),
        model=ModelConfig(
            encoder=TransformerEncoder.Config(**stack, embedding=300, heads=4, summary="first"),
            latent=latent,
            decoder=ParallelDecoder.Config(**stack, embedding=300, heads=4, length=40),
            initialisation="pytorch",
            share_embedding="yes",
        ),
        objective=ObjectiveConfig(beta=kl_weight),
        training=TrainingConfig(
            epochs=200,
            batch_size=300,
            log_every=3,
            log_example=True,
            encoder_optimiser=Adam.Config(learning_rate=0.001),
            decoder_optimiser=Adam.Config(learning_rate=0.001),
            schedule=Cosine.Config(least=1e-6),
            clip=1.0,
            plateau=None,
        ),
    )


def tmnt_vmf() -> ExperimentConfig:
    """TMNT's documented run: a transformer, a direction on the sphere, all words written at once.

    The reviews come by name, and give model.word_vectors GloVe's 300 numbers a word, as
    the documented command does. Where we differ: the vMF is a true one (directions of length 1, exact KL, no
    softmax after it), and padding is neither read nor predicted.

    References:
        TMNT, MITRE, 2019, https://github.com/mitre/tmnt; Xu and Durrett, 2018,
        https://arxiv.org/abs/1808.10805
    """
    return _tmnt(VMF.Config(size=50, kappa=100))


def tmnt_gaussian() -> ExperimentConfig:
    """TMNT's transformer with a Gaussian code, its mean normalised over the batch.

    The reviews come by name. Where we differ: means have the scale 0.9, theirs 1, at
    which the codes as a whole are wider than the prior; only means are normalised; their weight 0.01 of the
    KL beside a mean over 42 words is 0.42 beside their sum.

    References:
        TMNT, MITRE, 2019, https://github.com/mitre/tmnt; Zhu et al., 2020,
        https://arxiv.org/abs/2004.12585
    """
    return _tmnt(Gaussian.Config(size=50, mean="batch_norm", gamma=0.9))


def tmnt_gaussian_unitvar() -> ExperimentConfig:
    """TMNT's transformer with a Gaussian code of variance 1, its mean normalised over the batch.

    The reviews come by name. The KL weight is converted as in tmnt-gaussian.

    References:
        TMNT, MITRE, 2019, https://github.com/mitre/tmnt
    """
    return _tmnt(GaussianUnitVar.Config(size=50, mean="batch_norm", gamma=1.0))


def tmnt_logistic_gaussian() -> ExperimentConfig:
    """TMNT's transformer with proportions as a code, the means of their logits normalised over the batch.

    The reviews come by name. Where we differ: the KL is that of the proportions, of the same parameters as
    the sample; of 50 logits one is 0, and the prior of the others is N(0, I), where theirs, the Laplace
    approximation of a Dirichlet, has a variance of 0.98 (prior=dirichlet is that approximation, and does not
    keep logits that all move together from vanishing); mean logits have the scale 0.9, theirs 1. The KL
    weight is converted as in tmnt-gaussian.

    References:
        TMNT, MITRE, 2019, https://github.com/mitre/tmnt; Srivastava and Sutton, 2017,
        https://arxiv.org/abs/1703.01488
    """
    return _tmnt(LogisticGaussian.Config(size=50, mean="batch_norm", gamma=0.9))


def tmnt_bert() -> ExperimentConfig:
    """TMNT with a pre-trained BERT as encoder, and BERT's own word pieces.

    The reviews come by name; without the Hugging Face hub set model.encoder.source and
    tokenizer.source to a folder with a BERT. Where we differ: the batch is smaller, and the decoder, which
    starts from nothing, has a rate of its own.

    References:
        TMNT, MITRE, 2019, https://github.com/mitre/tmnt; BERT, Devlin et al., 2019,
        https://arxiv.org/abs/1810.04805
    """
    config, source = _tmnt(VMF.Config(size=50, kappa=100)), "google-bert/bert-base-uncased"
    training = config.training.model_copy(
        update={
            "batch_size": 64,
            "encoder_optimiser": BertAdam.Config(learning_rate=5e-5),
        }
    )
    encoder = PretrainedEncoder.Config(source=source, summary="first")
    changed = with_model(config, encoder=encoder, share_embedding="no")
    tokens = TokenizerConfig(kind="pretrained", source=source)
    return changed.model_copy(update={"training": training, "tokenizer": tokens})
