"""Schedules, optimisers and gradient accumulation: what they should do, in numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from engine.config import ConfigError
from engine.experiment import load_config
from engine.training.loop import train
from engine.training.optimisers import OPTIMISERS
from engine.training.plateau import PlateauConfig
from engine.training.schedules import SCHEDULES
from tests.training.test_loop import ADAM, sentences, start


def schedule(name: str, **settings: Any) -> Any:
    return SCHEDULES.build(SCHEDULES[name].Config(**settings))  # type: ignore[attr-defined]


# -- schedules ----------------------------------------------------------------------------------


def test_the_cosine_is_the_documented_one():
    """600 updates as in the documented run: 60 of warm-up, the least rate from update 480 on."""
    rates = [schedule("cosine", least=1e-6).rate(1e-3, step, 600) for step in range(1, 601)]
    assert rates[29] == pytest.approx(0.5e-3) and rates[59] == pytest.approx(1e-3) == max(rates)
    assert rates[269] == pytest.approx((1e-3 + 1e-6) / 2)  # half way between 60 and 480
    assert rates[479] == pytest.approx(1e-6) and set(rates[480:]) == {1e-6}
    assert rates[478] > 1e-6 and rates[59:480] == sorted(rates[59:480], reverse=True)


def test_the_offset_factor_shifts_the_phase():
    early, late = (schedule("cosine", offset_factor=o).rate(1.0, 270, 600) for o in (0.5, 2))
    assert early == pytest.approx(1e-7) and late == pytest.approx((1 + math.cos(math.pi / 4)) / 2)


def test_the_line_is_that_of_tmnts_code():
    line = schedule("linear", least=1e-6)
    for step in (60, 200, 420, 599, 600):
        expected = max(1e-3 - 1e-3 * (step - 60) / ((600 - 60) * 1.0), 1e-6)
        assert line.rate(1e-3, step, 600) == pytest.approx(expected)
    assert schedule("linear", offset_factor=2).rate(1e-3, 600, 600) == pytest.approx(0.5e-3)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_rate_is_never_above_what_is_set_and_never_negative(name):
    found = [schedule(name, warmup=0.25).rate(1e-8, step, 40) for step in range(1, 41)]
    assert all(0 < rate <= 1e-8 for rate in found) and found[9] == pytest.approx(1e-8)
    assert found[0] == pytest.approx(1e-9)


def test_rates_follow_the_schedule_in_training_through_a_stop_and_on_top_of_plateaus(tmp_path):
    source, half = sentences(), {"name": "adam", "learning_rate": 0.005}
    settings = {
        "schedule": {"name": "linear", "warmup": 0.5},
        "encoder_optimiser": half,
        "log_every": 1,
        "plateau": PlateauConfig(patience=1, first_epoch=0, factor=0.1, reload_best=False, most=9),
    }
    state = start(source, 20, **settings)
    worse = iter(range(100))
    running = train(state, source, lambda model: {"elbo": -next(worse), "reconstruction": 1.0})
    rates: dict[int, tuple[float, float]] = {}
    for _ in running:
        rates[state.step] = tuple(o.param_groups[0]["lr"] for o in state.optimisers.values())
        if state.step == 11:
            break
    state.save(tmp_path)
    again = start(source, 20, **settings)
    again.load(tmp_path)
    again.set_rates()
    assert rates[1] == pytest.approx((0.0005, 0.001)) and rates[4] == pytest.approx((0.002, 0.004))
    assert rates[9] == pytest.approx((0.0045, 0.009))
    assert rates[11] == pytest.approx((0.00045, 0.0009))  # the second epoch was worse
    assert again.optimisers["decoder"].param_groups[0]["lr"] == pytest.approx(0.0008)


def test_a_warm_up_that_is_longer_than_the_way_down_is_refused():
    with pytest.raises(ConfigError, match="must rise before it falls"):
        load_config({"training": {"schedule": {"name": "cosine", "warmup": 0.9}}})


# -- optimisers ---------------------------------------------------------------------------------


def weights_after(name: str, steps: int, **settings: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """A matrix and a vector after updates with a gradient of one half everywhere."""
    matrix, vector = (torch.nn.Parameter(torch.ones(size)) for size in ((2, 3), (3,)))
    optimiser = OPTIMISERS.build(OPTIMISERS[name].Config(**settings), [matrix, vector])  # type: ignore[attr-defined]
    for _ in range(steps):
        matrix.grad, vector.grad = torch.full((2, 3), 0.5), torch.full((3,), 0.5)
        optimiser.step()
    return matrix.detach(), vector.detach()


def test_bertadam_does_not_correct_its_moments():
    """m = 0.1 g and v = 0.001 g^2 after one update: a step of 0.1 / sqrt(0.001) rates."""
    matrix, vector = weights_after("bertadam", 1, learning_rate=0.01, weight_decay=0.0)
    step = 0.01 * 0.1 * 0.5 / (math.sqrt(0.001 * 0.25) + 1e-6)
    torch.testing.assert_close(matrix, torch.full((2, 3), 1 - step))
    torch.testing.assert_close(vector, torch.full((3,), 1 - step))


@pytest.mark.parametrize("name", ["adamw", "bertadam", "adafactor"])
def test_matrices_decay_and_norms_and_biases_do_not(name):
    plain = weights_after(name, 3, weight_decay=0.0, learning_rate=0.01)
    decayed = weights_after(name, 3, weight_decay=0.5, learning_rate=0.01)
    assert (decayed[0] < plain[0]).all() and decayed[1].equal(plain[1])


def test_adafactor_keeps_edges_and_not_matrices():
    big = torch.nn.Parameter(torch.ones(50, 40))
    optimiser = OPTIMISERS.build(OPTIMISERS["adafactor"].Config(), [big])  # type: ignore[attr-defined]
    big.grad = torch.randn(50, 40)
    optimiser.step()
    assert sum(value.numel() for value in optimiser.state[big].values()) < 100


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_lowers_the_loss_and_survives_a_stop(name, tmp_path):
    source = sentences()
    rates = {"sgd": 0.2, "bertadam": 0.003, "adafactor": 0.1}
    optimiser = {"name": name, "learning_rate": rates.get(name, 0.01)}
    settings = {"encoder_optimiser": optimiser, "decoder_optimiser": optimiser, "log_every": 1}

    def measure(model):
        return {"elbo": 0.0, "reconstruction": 0.0}

    whole = start(source, 40, **settings)
    losses = [r["train/loss"] for r in train(whole, source, measure) if "train/loss" in r]
    assert sum(losses[-5:]) < 0.95 * sum(losses[:5])
    first, second = start(source, 40, **settings), start(source, 40, **settings)
    for _ in train(first, source, measure):
        if first.step == 13:
            break
    first.save(tmp_path)
    second.load(tmp_path)
    list(train(second, source, measure))
    for key, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[key]), key


# -- accumulation -------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [2, 3, 4, 100])
def test_parts_add_up_to_the_same_update(parts):
    """Without chance: a batch of four in parts of any size trains as in one."""
    source = sentences()

    def trained(accumulate: int) -> tuple[list[float], torch.Tensor]:
        state = start(source, 6, dropout=0.0, log_every=1, accumulate=accumulate)
        state.model.latent.forward = deterministic(state.model.latent)
        records = list(train(state, source, lambda m: {"elbo": 0.0, "reconstruction": 0.0}))
        losses = [r["train/loss"] for r in records if "train/loss" in r]
        return losses, torch.cat([p.detach().flatten() for p in state.model.parameters()])

    (whole, weights), (split, others) = trained(1), trained(parts)
    assert split == pytest.approx(whole, rel=1e-4)
    torch.testing.assert_close(others, weights, rtol=1e-3, atol=1e-4)


def deterministic(latent: Any) -> Any:
    forward = type(latent).forward

    def mean(h: torch.Tensor, samples: int | None = None) -> Any:
        found = forward(latent, h, samples)
        found.z = found.posterior.mean
        return found

    return mean


def test_the_defaults_are_those_of_before():
    config = load_config({})
    assert config.training.accumulate == 1 and config.training.schedule.name == "constant"
    assert ADAM["name"] in OPTIMISERS
