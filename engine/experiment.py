"""An experiment as one frozen value, presets that make one, and the parts that it describes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import ValidationError, model_validator

from engine.config import Config, ConfigError, DataError, explain, one_of, param
from engine.data.tokenizers import TokenizerConfig
from engine.data.vectors import look_at_vectors, read_vectors
from engine.evaluation.config import EvaluationConfig
from engine.evaluation.mean_space import require_density
from engine.models.vae import VAE, ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import Horizon
from engine.training.config import TrainingConfig
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

    @model_validator(mode="after")
    def _room_for_every_sentence(self) -> Self:
        length = getattr(self.model.decoder, "length", None)
        if length is not None and length < self.data.max_tokens:
            raise ValueError(
                f"the decoder must have room for the longest sentence: model.decoder.length is {length} and "
                f"data.max_tokens {self.data.max_tokens}; raise the one or lower the other"
            )
        return self

    @model_validator(mode="after")
    def _pieces_that_a_pretrained_part_knows(self) -> Self:
        for part in (self.model.encoder, self.model.decoder):
            source = getattr(part, "source", None)
            if source and self.tokenizer.kind != "pretrained":
                raise ValueError(
                    f"what {source!r} learnt is about the pieces of its own tokeniser: set tokenizer.kind "
                    f"to 'pretrained' and tokenizer.source to {source!r}, got kind {self.tokenizer.kind!r}"
                )
        return self

    @model_validator(mode="after")
    def _pictures_throughout(self) -> Self:
        """Pixels are read and written by parts for pictures, of one side, and nothing else is."""
        kind, parts = self.tokenizer.kind, (self.model.encoder, self.model.decoder)
        sides = [getattr(part, "side", None) for part in parts]
        if {kind == "pixels", *(side is not None for side in sides)} == {True, False}:
            raise ValueError(
                f"pictures need tokenizer.kind 'pixels', an encoder and a decoder of pictures, text none of "
                f"them, got kind {kind!r}, encoder {parts[0].name!r} and decoder {parts[1].name!r}: choose "
                f"pixels, resnet and pixelcnn, or others for all three"
            )
        if kind != "pixels":
            return self
        if len({self.tokenizer.side, *sides}) > 1:
            raise ValueError(
                f"pictures have one side, got tokenizer.side {self.tokenizer.side}, model.encoder.side "
                f"{sides[0]} and model.decoder.side {sides[1]}: set all three to the same number"
            )
        if self.data.max_tokens < self.tokenizer.side**2:
            raise ValueError(
                f"a picture cannot be cut: data.max_tokens must be at least its {self.tokenizer.side**2} "
                f"pixels, got {self.data.max_tokens}; raise it or lower the sides"
            )
        return self


# -- reading and changing -----------------------------------------------------------------------


def load_config(values: Mapping[str, Any]) -> ExperimentConfig:
    """The experiment that plain values describe; a ConfigError says what is wrong with them."""
    try:
        return ExperimentConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(explain(error)) from error


class NoSuchSetting(ConfigError):
    """The experiment has no setting of that path."""


def override(config: ExperimentConfig, settings: Iterable[str]) -> ExperimentConfig:
    """The experiment with settings such as ``model.latent.size=16`` changed.

    Values are JSON (``0.5``, ``true``, ``null``, ``[{"name": "free_bits"}]``), or else text. A
    number indexes a list, and a remedy's name one of the remedies:
    ``objective.remedies.free_bits.target=4``. A new ``name`` of an
    encoder, latent, decoder or optimiser starts from that one's defaults.

    Raises:
        NoSuchSetting: there is no setting of that path.
        ConfigError: what comes of all of them together is not allowed.
    """
    changed, unknown = override_known(config, settings)
    if unknown:
        raise next(iter(unknown.values()))
    return changed


def override_known(
    config: ExperimentConfig, settings: Iterable[str]
) -> tuple[ExperimentConfig, dict[str, NoSuchSetting]]:
    """The experiment with all of the settings changed that it has, and why it lacks the others.

    Raises:
        ConfigError: what comes of all of them together is not allowed.
    """
    values = config.model_dump(mode="json")
    unknown = {}
    for setting in settings:
        path, separator, text = setting.partition("=")
        if not separator:
            raise ConfigError(f"a setting is written a.b=value, got {setting!r}")
        try:
            _assign(values, path.strip(), _value(text))
        except NoSuchSetting as error:
            unknown[setting] = error
    return load_config(values), unknown


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _assign(values: Any, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    kinds: list[type[Config]] = [ExperimentConfig]
    for name in parents:
        values, kinds = _child(values, kinds, name, path)
    if not isinstance(values, dict) or last not in values:
        known = values if isinstance(values, dict) else ()
        raise NoSuchSetting(one_of("setting", path, known or ["(none here)"]))
    other = _kind(kinds, {"name": value}) if last == "name" and len(kinds) > 1 else None
    if other is not None and value != values["name"]:
        values.clear()
        values.update(other().model_dump(mode="json"))
    own = _kind(kinds, values)
    values[last] = _whole(_kinds(own.model_fields[last].annotation), value) if own else value


def _child(
    values: Any, kinds: list[type[Config]], name: str, path: str
) -> tuple[Any, list[type[Config]]]:
    """What is under ``name``, and the configs that it may be."""
    if isinstance(values, list):
        named = {item["name"]: item for item in values if "name" in item}
        if name in named:
            return named[name], kinds
        if name.isdecimal() and int(name) < len(values):
            return values[int(name)], kinds
        raise NoSuchSetting(one_of(f"entry in {path!r}:", name, named or ["(the list is empty)"]))
    if not isinstance(values, dict) or name not in values:
        known = values if isinstance(values, dict) else ["(none here)"]
        raise NoSuchSetting(one_of(f"setting in {path!r}:", name, known))
    own = _kind(kinds, values)
    return values[name], _kinds(own.model_fields[name].annotation) if own else []


def _kinds(annotation: Any) -> list[type[Config]]:
    """The configs that a setting of this type may be, through unions, "or None" and tuples."""
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return [annotation]
    return [kind for part in get_args(annotation) for kind in _kinds(part)]


def _kind(kinds: list[type[Config]], values: Mapping[str, Any]) -> type[Config] | None:
    """Which of ``kinds`` these values are of: the only one, or the one of their name."""
    if len(kinds) == 1:
        return kinds[0]
    return next(
        (kind for kind in kinds if kind.model_fields["name"].default == values.get("name")), None
    )


def _whole(kinds: list[type[Config]], value: Any) -> Any:
    """A config, or a list of them, with the defaults of what was not given, so that these can be set."""
    if isinstance(value, list):
        return [_whole(kinds, item) for item in value]
    kind = _kind(kinds, value) if isinstance(value, dict) else None
    return kind().model_dump(mode="json") | value if kind else value


# -- building -----------------------------------------------------------------------------------


@dataclass
class Parts:
    """The objects that an experiment describes."""

    model: VAE
    objective: Objective
    state: TrainingState
    horizon: Horizon


def steps_per_epoch(config: ExperimentConfig, sentences: int) -> int:
    """Joint updates in one pass over a training split of so many sentences."""
    rows = min(sentences, config.data.limit or sentences)
    return max(1, -(-rows // config.training.batch_size))


def check(config: ExperimentConfig, sentences: int) -> list[str]:
    """Raise what :func:`build` would raise, before a run exists; return warnings, a sentence each.

    The model has every shape but the vocabulary's, and no numbers (torch's meta device): whatever its size,
    neither memory nor the time of making its weights is spent. Of word vectors the first lines are read, and
    chance is left as it was.

    Raises:
        ConfigError: the parts do not go together, word vectors are none or of another width, or this machine
            does not support a precision that the configuration names.
    """
    import torch

    from engine.devices import choose_device, require_precision

    if config.training.precision == "bfloat16":
        require_precision("bfloat16", choose_device(config.training.device))
    require_precision(config.evaluation.iw_precision, choose_device("auto"))

    if config.model.word_vectors:
        try:
            look_at_vectors(Path(config.model.word_vectors), config.model.decoder.embedding)
        except DataError as error:
            raise ConfigError(str(error)) from error

    with torch.random.fork_rng(devices=[]):
        with torch.device("meta"):
            model = build_model(config.model, vocab_size=8)
        if config.training.mean_space:
            require_density(model)
        horizon = _horizon(config, steps_per_epoch(config, sentences))
        return [
            *one_batch(config, sentences),
            *Objective(config.objective, horizon, model).warnings,
        ]


def one_batch(config: ExperimentConfig, sentences: int) -> list[str]:
    """A warning where a batch holds all training sentences, which makes every epoch one update; else none."""
    rows, size = min(sentences, config.data.limit or sentences), config.training.batch_size
    if size <= rows:
        return []
    return [
        f"the batch of {size:,} is larger than the training split of {rows:,}: every epoch is one update; a "
        "smaller training.batch_size makes more of them"
    ]


def _horizon(config: ExperimentConfig, per_epoch: int) -> Horizon:
    total = config.training.epochs * per_epoch
    return Horizon(per_epoch, min(total, config.training.max_steps or total))


def build(
    config: ExperimentConfig,
    vocab_size: int,
    steps_per_epoch: int,
    words: Sequence[str] | None = None,
) -> Parts:
    """Freshly initialised parts, from the seed; the only place where a config becomes objects.

    ``words``, what the ids stand for, are needed where embeddings begin with word vectors or a part with
    weights of its own training; without them (for weights that come from a checkpoint) these are not read.
    """
    import torch

    torch.manual_seed(config.seed)
    horizon = _horizon(config, steps_per_epoch)
    model = build_model(config.model, vocab_size)
    if config.model.word_vectors and words is not None:
        width = config.model.decoder.embedding
        vectors, known = read_vectors(Path(config.model.word_vectors), words, width)
        model.begin_with(torch.from_numpy(vectors), torch.from_numpy(known))
    if words is not None:
        model.adopt(words)
    objective = Objective(config.objective, horizon, model)
    return Parts(
        model, objective, TrainingState(model, objective, config.training, horizon), horizon
    )
