"""An experiment as one frozen value, presets that make one, and the parts that it describes."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from engine.config import Config, ConfigError, explain, one_of, param
from engine.data.tokenizers import TokenizerConfig
from engine.evaluation.config import EvaluationConfig
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import VAE, ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import Horizon
from engine.objectives.remedies.aggressive import Aggressive
from engine.objectives.remedies.annealing import CyclicalAnnealing, LinearAnnealing
from engine.objectives.remedies.free_bits import FreeBits
from engine.objectives.remedies.word_dropout import WordDropout
from engine.training.config import TrainingConfig
from engine.training.optimisers import Adam
from engine.training.plateau import PlateauConfig
from engine.training.state import TrainingState


class DataConfig(Config):
    """What is learned from."""

    name: str = param("docstrings", "A built-in or imported data set.", min_length=1, basic=True)
    max_tokens: int = param(
        40,
        "Longer sentences are cut here, start and end not counted.",
        ge=1,
        le=4096,
        unit="tokens",
        basic=True,
    )
    limit: int | None = param(
        None, "Train on so many random sentences only.", ge=1, le=10**9, unit="sentences"
    )


class ExperimentConfig(Config):
    """Everything that a run depends on; the same value, seed and CPU give the same metrics."""

    data: DataConfig = param(DataConfig(), "What is learned from.")
    tokenizer: TokenizerConfig = param(TokenizerConfig(), "How text becomes tokens.")
    model: ModelConfig = param(ModelConfig(), "What the model is made of.")
    objective: ObjectiveConfig = param(ObjectiveConfig(), "What is minimised.")
    training: TrainingConfig = param(TrainingConfig(), "How long, how fast and where.")
    evaluation: EvaluationConfig = param(EvaluationConfig(), "What is measured, and how exactly.")
    seed: int = param(
        42,
        "One seed for weights, batches, dropout, samples and splits.",
        ge=0,
        lt=2**31,
        basic=True,
    )


# -- presets ------------------------------------------------------------------------------------


def _lstm(embedding: int, hidden: int, latent: int, dropout: float, **kwargs: Any) -> ModelConfig:
    return ModelConfig(
        encoder=LSTMEncoder.Config(embedding=embedding, hidden=hidden),
        latent=Gaussian.Config(size=latent),
        decoder=LSTMDecoder.Config(
            embedding=embedding, hidden=hidden, dropout_in=dropout, dropout_out=dropout
        ),
        **kwargs,
    )


def _adam(rate: float, epochs: int, log_every: int = 20, first_epoch: int = 3) -> TrainingConfig:
    return TrainingConfig(
        epochs=epochs,
        batch_size=64,
        log_every=log_every,
        encoder_optimiser=Adam.Config(learning_rate=rate),
        decoder_optimiser=Adam.Config(learning_rate=rate),
        plateau=PlateauConfig(patience=1, first_epoch=first_epoch, reload_best=False, most=4),
    )


def _quarter(*remedies: Any) -> ExperimentConfig:
    """He et al.'s model at a quarter of its size; Adam, since SGD at rate 1 wants 100,000 sentences."""
    return ExperimentConfig(
        model=_lstm(128, 256, 32, dropout=0.5, initialisation="pytorch"),
        objective=ObjectiveConfig(remedies=remedies),
        training=_adam(0.001, epochs=20),
    )


def quick() -> ExperimentConfig:
    """A small model for a first look: some minutes on a laptop, with a code that is alive.

    At most 2,000 updates, so that a few hundred sentences are read often and many thousands in part.

    References:
        Free bits after Kingma et al., 2016, https://arxiv.org/abs/1606.04934; sizes are ours.
    """
    training = _adam(0.003, epochs=200, log_every=10, first_epoch=20)
    return ExperimentConfig(
        data=DataConfig(max_tokens=25),
        tokenizer=TokenizerConfig(vocab_size=8000),
        model=_lstm(96, 128, 16, dropout=0.2, initialisation="pytorch"),
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
        model=_lstm(256, 512, 32, dropout=0.4, initialisation="pytorch"),
        objective=ObjectiveConfig(
            remedies=(
                LinearAnnealing.Config(start=0.0, epochs=5),
                FreeBits.Config(target=8, variant="batch-unit"),
            )
        ),
        training=_adam(0.001, epochs=20),
    )


def demonstration() -> ExperimentConfig:
    """What the demonstration run was made with: a high rate, so that sentences come back and paths read well.

    References:
        Free bits after Kingma et al., 2016, https://arxiv.org/abs/1606.04934; pooling after Long et al.,
        2019, https://arxiv.org/abs/1911.03976; sizes are ours.
    """
    base = _lstm(128, 384, 32, dropout=0.2, initialisation="pytorch")
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
        training=_adam(0.002, epochs=40, first_epoch=8),
    )


def vanilla() -> ExperimentConfig:
    """The plain VAE with no remedy: it usually collapses, and that is what it is here to show.

    References:
        Model of He et al., 2019, https://arxiv.org/abs/1901.05534, at a quarter of its sizes.
    """
    return _quarter()


def annealed() -> ExperimentConfig:
    """The plain VAE with the KL weight raised over ten epochs.

    References:
        Bowman et al., 2016, https://arxiv.org/abs/1511.06349; model of He et al., 2019.
    """
    return _quarter(LinearAnnealing.Config())


def cyclical() -> ExperimentConfig:
    """The plain VAE with the KL weight raised four times over.

    References:
        Fu et al., 2019, https://arxiv.org/abs/1903.10145; model of He et al., 2019.
    """
    return _quarter(CyclicalAnnealing.Config())


def free_bits() -> ExperimentConfig:
    """The plain VAE with eight nats for free, under an annealed KL weight.

    References:
        Li et al., 2019, https://arxiv.org/abs/1909.00868, without its pre-training; model of He et al., 2019.
    """
    return _quarter(LinearAnnealing.Config(start=0.0), FreeBits.Config(variant="batch-unit"))


def aggressive() -> ExperimentConfig:
    """The encoder catches up before each decoder step, with an annealed KL weight.

    References:
        He et al., 2019, https://arxiv.org/abs/1901.05534, at a quarter of its sizes.
    """
    return _quarter(LinearAnnealing.Config(), Aggressive.Config())


PRESETS: dict[str, Callable[[], ExperimentConfig]] = {
    "quick": quick,
    "standard": standard,
    "demonstration": demonstration,
    "vanilla": vanilla,
    "annealed": annealed,
    "cyclical": cyclical,
    "free-bits": free_bits,
    "aggressive": aggressive,
}


def preset(name: str) -> ExperimentConfig:
    """The experiment of that preset; a ConfigError names those that exist."""
    if name not in PRESETS:
        raise ConfigError(one_of("preset", name, PRESETS))
    return PRESETS[name]()


def about_preset(name: str) -> str:
    """What the preset is for, in a sentence or two."""
    return inspect.cleandoc(PRESETS[name].__doc__ or "").split("\n\n")[0].replace("\n", " ")


# -- reading and changing -----------------------------------------------------------------------


def load_config(values: Mapping[str, Any]) -> ExperimentConfig:
    """The experiment that plain values describe; a ConfigError says what is wrong with them."""
    try:
        return ExperimentConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(explain(error)) from error


def override(config: ExperimentConfig, settings: Iterable[str]) -> ExperimentConfig:
    """The experiment with settings such as ``model.latent.size=16`` changed.

    Values are JSON (``0.5``, ``true``, ``null``, ``[{"name": "free_bits"}]``), or else text. A
    number indexes a list, and a remedy's name one of the remedies:
    ``objective.remedies.free_bits.target=4``. A new ``name`` of an
    encoder, latent, decoder or optimiser starts from that one's defaults.
    """
    values = config.model_dump(mode="json")
    for setting in settings:
        path, separator, text = setting.partition("=")
        if not separator:
            raise ConfigError(f"a setting is written a.b=value, got {setting!r}")
        _assign(values, path.strip(), _value(text))
    return load_config(values)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _assign(values: Any, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for name in parents:
        values = _child(values, name, path)
    if not isinstance(values, dict) or last not in values:
        known = values if isinstance(values, dict) else ()
        raise ConfigError(one_of("setting", path, known or ["(none here)"]))
    if last == "name" and "name" in values and value != values["name"] and path != "data.name":
        values.clear()
    values[last] = value


def _child(values: Any, name: str, path: str) -> Any:
    if isinstance(values, list):
        named = {item["name"]: item for item in values if "name" in item}
        if name in named:
            return named[name]
        if name.isdecimal() and int(name) < len(values):
            return values[int(name)]
        raise ConfigError(one_of(f"entry in {path!r}:", name, named or ["(the list is empty)"]))
    if not isinstance(values, dict) or name not in values:
        raise ConfigError(one_of(f"setting in {path!r}:", name, values))
    return values[name]


# -- building -----------------------------------------------------------------------------------


@dataclass
class Parts:
    """The objects that an experiment describes."""

    model: VAE
    objective: Objective
    state: TrainingState
    horizon: Horizon


def build(config: ExperimentConfig, vocab_size: int, steps_per_epoch: int) -> Parts:
    """Freshly initialised parts, from the seed; the only place where a config becomes objects."""
    import torch

    torch.manual_seed(config.seed)
    total = config.training.epochs * steps_per_epoch
    horizon = Horizon(steps_per_epoch, min(total, config.training.max_steps or total))
    model = build_model(config.model, vocab_size)
    objective = Objective(config.objective, horizon, model.latent.size, vocab_size)
    return Parts(
        model, objective, TrainingState(model, objective, config.training, horizon), horizon
    )
