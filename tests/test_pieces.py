"""Pieces of settings by name: each fits, later ones hold, and the documented rows train."""

from __future__ import annotations

import math

import pytest

from engine.commands.training import experiment, laid_over
from engine.config import ConfigError
from engine.data.batches import Batches
from engine.evaluation.report import evaluate
from engine.experiment import ExperimentConfig, build, override
from engine.presets import preset
from engine.presets.pieces import PIECES, names_in, overruled, settings_of, with_pieces
from engine.training.loop import train
from tests.evaluation.tiny import random_tokens

DIGITS = "mnist_base tenth_5_tkn grad_check_pnt batch_small window200 funnel_small"
ROWS = [
    DIGITS,
    "mnist_small tenth_5_tkn batch_small eval",
    "syntax tenth_5_tkn batch_large 30Seq eval",
    "semantics tenth_5_tkn batch_large 30Seq eval",
]
SMALL = [f"model.{part}.{size}" for part in ("encoder", "decoder") for size in ("heads=2",)]
SMALL += ["model.encoder.embedding=8", "model.encoder.hidden=8", "model.encoder.feedforward=8"]
SMALL += ["model.decoder.embedding=8", "model.decoder.head_width=4", "model.decoder.layers=2"]
SMALL += ["model.decoder.feedforward=8", "training.device=cpu", "training.precision=float32"]


def over(row: str) -> ExperimentConfig:
    return with_pieces(preset("transformer-vae"), row)


@pytest.mark.parametrize("name", PIECES)
def test_a_piece_fits_the_transformer_vae_and_says_what_it_is(name):
    assert PIECES[name].about.endswith(".") and len(PIECES[name].about) < 110
    changed = over(name).model_dump()
    for setting in PIECES[name].settings:
        path, _, value = setting.partition("=")
        found = changed
        for part in path.split("."):
            found = found[part]
        wanted = {"true": "True", "[]": "()", "5e-5": "5e-05"}.get(value, value)
        assert str(found) == wanted, setting


def test_the_documented_row_for_digits_is_what_its_names_say():
    config = over(DIGITS)
    model, training = config.model, config.training
    assert (config.data.name, config.data.max_tokens) == ("digits-text", 840)
    assert (model.latent.size, model.latent.tokens, model.encoder.tokens) == (77, 5, 5)
    assert (model.encoder.blocks, model.encoder.layers) == (3, 2)
    assert model.decoder.window == 200
    assert (model.encoder.checkpoint, model.decoder.checkpoint_every) == (True, 3)
    assert (training.batch_size, training.validation_limit) == (10, 100)
    assert over(ROWS[1]).training.evaluate_every == 500


@pytest.mark.parametrize("row", ROWS)
def test_a_documented_row_trains_two_steps_when_it_is_made_small(row):
    longest = 250 if "window200" in row else 20  # longer than a window
    config = override(over(row), [*SMALL, "training.log_every=1"])
    tokens = random_tokens(24, longest=longest, vocab=31)
    batches = Batches(tokens, config.training.batch_size, 0)
    state = build(config, 31, len(batches)).state
    steps = train(state, batches, lambda model: evaluate(model, tokens).scalars)
    losses = [
        next(record["train/loss"] for record in steps if "train/loss" in record) for _ in "12"
    ]
    assert all(map(math.isfinite, losses)) and losses[0] != losses[1]


def test_of_two_pieces_that_set_the_same_the_later_holds_and_that_is_said():
    assert over("batch_large batch_small").training.batch_size == 10
    assert over("batch_small batch_large").training.batch_size == 70
    told = list(overruled(["batch_large", "30Seq", "batch_small", "mnist_base"]))
    assert told == [
        "training.batch_size is 10 of piece batch_small, no longer 70 of batch_large",
        "data.max_tokens is 840 of piece mnist_base, no longer 30 of 30Seq",
    ]
    assert list(overruled(names_in(DIGITS))) == []


def test_names_are_parted_by_blanks_or_commas_and_an_unknown_one_is_named():
    assert names_in(" a, b  c,d ") == ["a", "b", "c", "d"] and names_in("") == []
    with pytest.raises(
        ConfigError, match="unknown piece 'tenth_5_tokn'.*did you mean 'tenth_5_tkn'"
    ):
        settings_of(["tenth_5_tokn"])


def test_a_piece_over_a_preset_that_lacks_its_settings_is_refused():
    with pytest.raises(ConfigError, match="window"):
        with_pieces(preset("quick"), "window60")


def test_on_the_command_line_pieces_come_before_settings_and_data_before_both(home, capsys):
    pieces = laid_over("batch_large mnist_base batch_small", None)
    assert "training.batch_size is 10 of piece batch_small" in capsys.readouterr().err
    settings = [*pieces, *SMALL, "data.max_tokens=80", "training.batch_size=4"]
    config = experiment("transformer-vae", None, settings, 2)
    assert (config.data.name, config.training.batch_size) == ("digits-text", 4)
    assert config.data.max_tokens == 80 and config.training.max_steps == 2
    assert "data.name=digits-text" not in laid_over("mnist_base", "mine")
