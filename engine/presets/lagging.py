"""Presets of He et al. 2019: aggressive training against lagging inference networks."""

from __future__ import annotations

from typing import Any

from engine.data.tokenizers import TokenizerConfig
from engine.evaluation.config import EvaluationConfig
from engine.experiment import DataConfig, ExperimentConfig
from engine.objectives.elbo import ObjectiveConfig
from engine.objectives.remedies.aggressive import Aggressive
from engine.objectives.remedies.annealing import LinearAnnealing
from engine.presets.parts import lstm
from engine.training.config import TrainingConfig
from engine.training.plateau import PlateauConfig
from engine.training.recording import MeanSpaceConfig


def _lagging(data: str, *remedies: Any) -> ExperimentConfig:
    """He et al.'s text experiments: sizes, initialisation, SGD at rate 1 with its plateau rule."""
    return ExperimentConfig(
        data=DataConfig(name=data, max_tokens=200),
        tokenizer=TokenizerConfig(vocab_size=1_000_000),
        model=lstm(512, 1024, 32, dropout=0.5),
        objective=ObjectiveConfig(remedies=remedies),
        training=TrainingConfig(epochs=100, plateau=PlateauConfig(after_annealing=False)),
        evaluation=EvaluationConfig(iw_samples=500),
    )


def lagging_yahoo() -> ExperimentConfig:
    """He et al. 2019 on Yahoo: aggressive training under a KL weight raised from 0.1 over ten epochs.

    Its data come by name, or from the authors' files. Where we differ: batches mix sentences of nearly equal
    length and are composed anew each epoch; the authors' are fixed for the whole run.

    References:
        He et al., 2019, https://arxiv.org/abs/1901.05534; settings of the authors' code.
    """
    return _lagging(
        "yahoo",
        LinearAnnealing.Config(start=0.1, epochs=10),
        Aggressive.Config(joint_clipping=True),
    )


def lagging_yelp() -> ExperimentConfig:
    """He et al. 2019 on Yelp: aggressive training with the full KL weight from the start.

    Its data come by name, or from the authors' files (label and text, separated by a tab).

    References:
        He et al., 2019, https://arxiv.org/abs/1901.05534; settings of the authors' code and published log.
    """
    return _lagging("yelp", Aggressive.Config(joint_clipping=True))


def lagging_synthetic() -> ExperimentConfig:
    """He et al. 2019 on data with a known two-dimensional code; minutes on a CPU.

    The text program's rules with the sizes of config_synthetic; the toy program, which makes the code
    scalar, has rules of its own.

    References:
        He et al., 2019, https://arxiv.org/abs/1901.05534; config_synthetic of the authors' code.
    """
    config = _lagging("synthetic", Aggressive.Config(joint_clipping=True))
    evaluation = config.evaluation.model_copy(update={"mi_batch": 16})
    training = config.training.model_copy(update={"batch_size": 16, "epochs": 50})
    model = lstm(50, 50, 2, dropout=0.5)
    data = DataConfig(name="synthetic", max_tokens=10)
    return config.model_copy(
        update={"training": training, "model": model, "data": data, "evaluation": evaluation}
    )


def _toy(*remedies: Any) -> ExperimentConfig:
    """He et al.'s toy program: a scalar code, so that posterior means can be integrated and drawn."""
    config = _lagging("synthetic", *remedies)
    record = MeanSpaceConfig(every=200, sentences=500, until=1000)
    training = config.training.model_copy(
        update={
            "batch_size": 16,
            "epochs": 50,
            "plateau": PlateauConfig(first_epoch=0, after_annealing=False),
            "mean_space": record,
            "precision": "float32",
        }
    )
    return config.model_copy(
        update={
            "data": DataConfig(name="synthetic", max_tokens=10),
            "model": lstm(50, 50, 1, dropout=0.5),
            "training": training,
            "evaluation": EvaluationConfig(mi_batch=16),
        }
    )


def lagging_toy_basic() -> ExperimentConfig:
    """He et al. 2019's toy: a scalar code under plain training; the encoder lags, and the code collapses.

    The posterior mean space of 500 sentences is recorded every 200 updates of the first epoch and at the
    end of each. Six epochs show it all. Where we differ: batches are composed anew each epoch.

    References:
        He et al., 2019, https://arxiv.org/abs/1901.05534; toy.py and config_synthetic of the authors' code.
    """
    return _toy()


def lagging_toy_aggressive() -> ExperimentConfig:
    """He et al. 2019's toy: a scalar code under aggressive training; the encoder keeps up.

    Everything else is as in lagging-toy-basic, to be seen beside it. The full KL weight from the start;
    mutual information of the first epoch is compared with -1, as the toy program has it.

    References:
        He et al., 2019, https://arxiv.org/abs/1901.05534; toy.py and config_synthetic of the authors' code.
    """
    return _toy(Aggressive.Config(joint_clipping=True, initial=-1.0))


def lagging_toy_single() -> ExperimentConfig:
    """He et al. 2019's toy on fifty sentences: the way of each through the posterior mean space, half by half.

    All fifty are one batch, of encoder-only and joint updates alike; after each of the 200 joint ones, and
    before it, the means of all are recorded: first the encoder's move, then the model's. Its validation
    is on other sentences, and only there to look at.

    References:
        He et al., 2019, https://arxiv.org/abs/1901.05534; plot_mode single of the authors' toy.py.
    """
    config = _toy(Aggressive.Config(joint_clipping=True, initial=-1.0, patience=1000))
    record = MeanSpaceConfig(every=1, sentences=50, epoch_ends=False, half_steps=True)
    training = {"batch_size": 50, "epochs": 200, "plateau": None, "mean_space": record}
    return config.model_copy(
        update={
            "data": config.data.model_copy(update={"limit": 50}),
            "training": config.training.model_copy(update=training),
        }
    )
