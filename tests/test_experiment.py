"""Presets, round trips, overrides and what is said about wrong settings."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from engine.config import ConfigError
from engine.data.batches import Batches
from engine.evaluation.mean_space import require_density
from engine.evaluation.report import evaluate
from engine.experiment import ExperimentConfig, build, check, load_config, override
from engine.models.decoders import DECODERS
from engine.models.encoders import ENCODERS
from engine.models.estimators import ESTIMATORS
from engine.models.latents import LATENTS
from engine.objectives.remedies import REMEDIES
from engine.presets import PRESETS, about_preset, preset
from engine.training.loop import train
from tests.evaluation.tiny import random_pictures, random_tokens
from tests.models.parts import PICTURES
from tests.models.tiny_pretrained import make_bert


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_a_round_trip_through_json(name):
    config = preset(name)
    assert ExperimentConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_names_its_source_and_says_what_it_is_for(name):
    assert "References:" in (PRESETS[name].__doc__ or "")
    assert len(about_preset(name)) > 30 and "References" not in about_preset(name)


SMALL = {
    "embedding": 6,
    "hidden": 8,
    "layers": 1,
    "blocks": 2,
    "heads": 2,
    "head_width": 4,
    "feedforward": 12,
    "temperature": 0.1,
    "side": 4,
    "planes": (3, 4),
    "strides": (2, 2),
    "kernels": (5, 3),
    "channels": 4,
}


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("bert")
    make_bert(folder)
    return str(folder)


def shrunk(name: str, bert: str = "", **more: object) -> ExperimentConfig:
    """The preset at a few units; whatever it reads of a pre-trained model, it reads of ``bert``."""
    values = preset(name).model_dump(mode="json")
    for part in (values["model"]["encoder"], values["model"]["decoder"], values["tokenizer"]):
        part.update({key: size for key, size in SMALL.items() if key in part})
        if part.get("source"):
            part["source"] = bert
    small = ["training.device=cpu", "training.precision=float32", "training.batch_size=8"]
    return override(load_config(values), [*small, *(f"{k}={v}" for k, v in more.items())])


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_builds(name, tiny_bert):
    parts = build(shrunk(name, tiny_bert), vocab_size=20, steps_per_epoch=10)
    latent = preset(name).model.latent
    assert parts.model.latent.size == latent.size * getattr(latent, "tokens", 1)
    assert parts.horizon.total_steps == 10 * preset(name).training.epochs


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_trains_a_few_steps(name, tiny_bert):
    config = shrunk(name, tiny_bert, **{"training.log_every": 6})
    pictures = config.tokenizer.kind == "pixels"
    tokens = random_pictures(48, side=4) if pictures else random_tokens(48, longest=6, vocab=12)
    batches = Batches(tokens, config.training.batch_size, 0)
    parts = build(config, 12, len(batches))
    before = [weights.detach().clone() for weights in parts.model.parameters()]
    steps = train(parts.state, batches, lambda model: evaluate(model, tokens).scalars)
    few = itertools.islice(steps, 8 if pictures else 60)  # Adam moves all at once
    losses = [record["train/loss"] for record in few if "train/loss" in record]
    assert losses and all(map(math.isfinite, losses))
    moved = [not torch.equal(a, b) for a, b in zip(before, parts.model.parameters(), strict=True)]
    assert all(moved)


def published(name: str) -> dict[str, object]:
    """What a preset comes to, in the terms of the papers."""
    config = preset(name)
    model, training = config.model, config.training
    sizes = {
        part: (
            getattr(model, part).name,
            getattr(model, part).embedding,
            getattr(model, part).hidden,
        )
        for part in ("encoder", "decoder")
    }
    dropout = (model.decoder.dropout_in, model.decoder.dropout_out)
    rate = training.decoder_optimiser
    return {
        **sizes,
        "latent": (model.latent.name, model.latent.size),
        "dropout": dropout,
        "batch": training.batch_size,
        "epochs": training.epochs,
        "optimiser": (rate.name, rate.learning_rate, getattr(rate, "momentum", None)),
        "clip": training.clip,
        "remedies": [remedy.name for remedy in config.objective.remedies],
    }


LAGGING = {
    "encoder": ("lstm", 512, 1024),
    "decoder": ("lstm", 512, 1024),
    "latent": ("gaussian", 32),
    "dropout": (0.5, 0.5),
    "batch": 32,
    "epochs": 100,
    "optimiser": ("sgd", 1.0, 0.0),
    "clip": 5.0,
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lagging-yahoo", LAGGING | {"remedies": ["annealing", "aggressive"]}),
        ("lagging-yelp", LAGGING | {"remedies": ["aggressive"]}),
        (
            "lagging-synthetic",
            LAGGING
            | {"encoder": ("lstm", 50, 50), "decoder": ("lstm", 50, 50), "latent": ("gaussian", 2)}
            | {"batch": 16, "epochs": 50, "remedies": ["aggressive"]},
        ),
        (
            "cotk-mscoco",
            {
                "encoder": ("gru", 300, 200),
                "decoder": ("gru", 300, 200),
                "latent": ("gaussian", 100),
                "dropout": (0, 0),
                "batch": 128,
                "epochs": 20,
                "optimiser": ("sgd", 0.1, 0.9),
                "clip": 5.0,
                "remedies": ["annealing", "kl_floor"],
            },
        ),
    ],
)
def test_a_published_preset_has_the_published_constants(name, expected):
    assert published(name) == expected


def test_the_finer_settings_of_published_presets_are_theirs():
    yahoo, cotk, words = (
        preset(name) for name in ("lagging-yahoo", "cotk-mscoco", "latent-factor-spanish")
    )
    annealing, aggressive = yahoo.objective.remedies
    assert (annealing.start, annealing.epochs) == (0.1, 10)
    assert (aggressive.window, aggressive.most, aggressive.initial) == (15, 99, 0)
    assert aggressive.joint_clipping and yahoo.model.initialisation == "he2019"
    plateau = yahoo.training.plateau
    assert (plateau.patience, plateau.first_epoch, plateau.factor, plateau.most) == (2, 15, 0.5, 5)
    assert yahoo.evaluation.iw_samples == 500 and yahoo.evaluation.mi_batch == 32
    rise, floor = cotk.objective.remedies
    assert (rise.start, rise.steps, floor.floor) == (0, 30_000, 10)
    assert cotk.tokenizer.min_count == 10 and cotk.model.decoder.z_every_step is False
    assert (words.model.latent.name, words.model.latent.size) == ("bernoulli", 16)
    assert words.model.latent.prior == 0.5 and words.tokenizer.kind == "char"
    assert words.model.encoder.bidirectional and words.model.share_embedding == "detached"


def test_the_presets_for_pictures_follow_the_published_plan():
    published, small = preset("lagging-omniglot"), preset("lagging-omniglot-small")
    encoder, decoder = published.model.encoder, published.model.decoder
    assert (encoder.planes, encoder.strides, encoder.hidden) == ((64,) * 3, (2,) * 3, 512)
    assert decoder.kernels == (7,) * 5 + (5,) * 4 + (3,) * 4
    assert (decoder.channels, decoder.maps, decoder.side) == (64, 4, 28)
    for config in (published, small):
        annealing, aggressive = config.objective.remedies
        assert (annealing.start, annealing.epochs) == (0.1, 10)
        assert (aggressive.window, aggressive.most, aggressive.patience) == (10, 99, 5)
        assert aggressive.reference == "best" and config.model.latent.size == 32
        training = config.training
        assert training.encoder_optimiser == training.decoder_optimiser
        assert (training.decoder_optimiser.name, training.batch_size) == ("adam", 50)
        assert training.decoder_optimiser.learning_rate == 0.001
        plateau = training.plateau
        assert (plateau.patience, plateau.factor, plateau.most) == (20, 0.5, 5)
        assert (config.evaluation.iw_samples, config.evaluation.mi_batch) == (500, 50)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["tokenizer.kind=word"], "pictures need tokenizer.kind 'pixels'"),
        (["model.encoder.name=lstm"], "an encoder and a decoder of pictures"),
        (["model.decoder.name=lstm"], "got kind 'pixels', encoder 'resnet' and decoder 'lstm'"),
        (["model.encoder.side=9"], "pictures have one side, got tokenizer.side 8"),
        (["tokenizer.side=9"], "set all three to the same number"),
        (["data.max_tokens=63"], "must be at least its 64 pixels, got 63"),
        (["model.decoder.kernels=[7, 4]"], "its width must be odd, got 4"),
        (["model.encoder.planes=[8, 8]"], "got 2 planes and 3 strides"),
    ],
)
def test_what_would_cut_or_mix_pictures_is_told(settings, words):
    with pytest.raises(ConfigError, match=words):
        override(preset("lagging-omniglot-small"), settings)


def test_sides_are_changed_together():
    sides = ("tokenizer.side", "model.encoder.side", "model.decoder.side")
    settings = [f"{name}=28" for name in sides]
    config = override(preset("lagging-omniglot-small"), [*settings, "data.max_tokens=784"])
    assert config.model.decoder.side == 28 and check(config, 1000) == []
    with pytest.raises(ConfigError, match="text none of them"):
        override(preset("quick"), ["tokenizer.kind=pixels"])


def test_what_does_not_go_together_is_told_before_there_is_a_run():
    settings = ["model.latent.name=bernoulli", 'objective.remedies=[{"name": "mmd"}]']
    with pytest.raises(ConfigError, match="mmd"):
        check(override(preset("quick"), settings), 1000)
    state = torch.get_rng_state()
    assert check(preset("quick"), 100_000) == []
    assert torch.equal(state, torch.get_rng_state())
    [told] = check(preset("cotk-mscoco"), 20_000)
    assert "annealing does not end before the run does: the KL weight only reaches 0.1" in told


def test_an_old_config_with_missing_keys_opens_with_defaults():
    assert load_config({}) == ExperimentConfig()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sede": 1}, "unknown setting 'sede'"),
        ({"model": {"latent": {"name": "gaussian", "sizes": 3}}}, "sizes"),
        (
            {"model": {"latent": {"name": "gaussian", "size": 0}}},
            "greater than or equal to 1, got 0",
        ),
        ({"objective": {"remedies": [{"name": "magic"}]}}, "magic"),
        ({"training": {"device": "tpu"}}, "training.device"),
    ],
)
def test_a_wrong_setting_is_named(values, words):
    with pytest.raises(ConfigError, match=words):
        load_config(values)


def test_settings_are_changed_by_path_by_number_and_by_a_remedys_name():
    config = override(
        preset("free-bits"),
        [
            "model.latent.size=16",
            "objective.remedies.free_bits.target=4",
            "objective.remedies.0.start=0.5",
            "training.plateau=null",
            "data.name=my corpus",
        ],
    )
    assert config.model.latent.size == 16 and config.training.plateau is None
    assert config.objective.remedies[1].target == 4 and config.objective.remedies[0].start == 0.5
    assert config.data.name == "my corpus" and config.data.max_tokens == 40


def test_a_new_optimiser_starts_from_its_own_defaults():
    config = override(preset("vanilla"), ["training.decoder_optimiser.name=adam"])
    assert config.training.decoder_optimiser.learning_rate == 0.001


def test_remedies_can_be_given_as_a_list():
    config = override(preset("vanilla"), ['objective.remedies=[{"name": "aggressive"}]'])
    assert config.objective.remedies[0].window == 15


def test_what_a_new_name_or_list_brings_can_be_set_in_the_same_breath():
    config = override(
        preset("vanilla"),
        [
            "model.latent.name=bernoulli",
            "model.latent.size=8",
            "model.latent.estimator.name=score_function",
            "model.latent.estimator.baseline.name=leave_one_out",
            "model.latent.estimator.baseline.samples=4",
            'objective.remedies=[{"name": "aggressive", "most": 20}]',
            "objective.remedies.aggressive.window=10",
        ],
    )
    assert config.model.latent.size == 8
    assert config.model.latent.estimator.baseline.samples == 4
    [aggressive] = config.objective.remedies
    assert (aggressive.most, aggressive.window) == (20, 10)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("model.latent.sise=3", "did you mean 'size'|choose one of"),
        ("modle.latent.size=3", "did you mean 'model"),
        ("objective.remedies.free_bits.target=3", "list is empty"),
        ("seed", "a.b=value"),
        ("seed.x=1", "unknown setting"),
    ],
)
def test_a_wrong_path_is_named(setting, words):
    with pytest.raises(ConfigError, match=words):
        override(preset("vanilla"), [setting])


def test_the_same_seed_gives_the_same_weights():
    def first(seed: int) -> float:
        settings = [f"seed={seed}", "model.encoder.hidden=8", "model.decoder.hidden=8"]
        parts = build(override(preset("quick"), settings), 20, 10)
        return float(next(parts.model.parameters()).detach().sum())

    assert first(1) == first(1) != first(2)


ALL_PARTS = [
    *({"model.latent.name": name} for name in LATENTS),
    *({"model.latent.name": "bernoulli", "model.latent.estimator.name": e} for e in ESTIMATORS),
    *({"model.encoder.name": name} for name in ENCODERS if name != "pretrained"),
    *({"model.decoder.name": name} for name in DECODERS),
    *({"objective.remedies": f'[{{"name": "{name}"}}]'} for name in REMEDIES),
    {"model.latent.name": "deterministic", "objective.remedies": '[{"name": "aggressive"}]'},
    {"model.latent.name": "deterministic", "training.mean_space": "{}"},
    {"model.latent.name": "gaussian", "training.mean_space": "{}"},
    {"model.decoder.name": "parallel", "objective.remedies": '[{"name": "word_dropout"}]'},
    {"model.decoder.name": "transformer", "objective.remedies": '[{"name": "coupled"}]'},
    {"objective.remedies": '[{"name": "mmd"}, {"name": "mmd"}]'},
]
FEW = {"embedding": 8, "hidden": 8, "layers": 1, "heads": 2, "feedforward": 8, "head_width": 4}


def _few(config: ExperimentConfig) -> ExperimentConfig:
    """With parts of a few units, so that the oracle, which makes them, is quick."""
    values = config.model_dump(mode="json")
    for part in (values["model"]["encoder"], values["model"]["decoder"]):
        part.update({key: size for key, size in FEW.items() if key in part})
    return load_config(values)


@pytest.mark.parametrize("settings", ALL_PARTS, ids=lambda settings: "-".join(settings.values()))
def test_a_check_that_makes_no_weights_says_what_building_says(settings):
    pictures = not PICTURES.isdisjoint(settings.values())
    base = preset("lagging-omniglot-small" if pictures else "vanilla")
    config = _few(override(base, [f"{k}={v}" for k, v in settings.items()]))

    def told(say) -> str:
        try:
            return str(say())
        except ConfigError as error:
            return str(error)

    def built() -> list[str]:
        parts = build(config, vocab_size=8, steps_per_epoch=10)
        if config.training.mean_space:
            require_density(parts.model)
        return parts.objective.warnings

    assert told(lambda: check(config, 10 * config.training.batch_size)) == told(built)


def test_a_check_takes_no_memory_for_weights_and_knows_pretrained_parts(tiny_bert):
    big = ["model.encoder.feedforward=65536", "model.decoder.feedforward=65536"]
    assert check(override(preset("transformer-vae-headlines"), big), 1000) == []  # three billion
    assert check(shrunk("tmnt-bert", tiny_bert), 1000) == []
    wrong = override(
        preset("tmnt-bert"), ["tokenizer.source=/nowhere", "model.encoder.source=/nowhere"]
    )
    with pytest.raises(ConfigError, match="/nowhere"):
        check(wrong, 1000)
