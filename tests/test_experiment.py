"""Presets, round trips, overrides and what is said about wrong settings."""

from __future__ import annotations

import pytest

from engine.config import ConfigError
from engine.experiment import ExperimentConfig, build, load_config, override
from engine.presets import PRESETS, about_preset, preset


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_a_round_trip_through_json(name):
    config = preset(name)
    assert ExperimentConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_names_its_source_and_says_what_it_is_for(name):
    assert "References:" in (PRESETS[name].__doc__ or "")
    assert len(about_preset(name)) > 30 and "References" not in about_preset(name)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_builds(name):
    small = ["model.encoder.hidden=8", "model.decoder.hidden=8", "training.device=cpu"]
    parts = build(override(preset(name), small), vocab_size=20, steps_per_epoch=10)
    assert parts.model.latent.size == preset(name).model.latent.size
    assert parts.horizon.total_steps == 10 * preset(name).training.epochs


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
