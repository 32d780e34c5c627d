"""Which checkpoint is the best: one of the model that training is on its way to, never one of the way."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.config import Config
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import Horizon
from engine.training.loop import train
from engine.training.plateau import PlateauConfig
from engine.training.state import TrainingState
from tests.training.test_loop import sentences, start, weights

SOURCE = sentences()  # five batches
RISING = {"name": "annealing", "start": 0.0, "steps": 12}
CYCLES = {"name": "cyclical_annealing", "cycles": 2, "ramp": 0.5}


def settled(*remedies: Config | dict, total: int = 40) -> list[int]:
    """The updates at which a best may be kept."""
    objective = Objective(ObjectiveConfig(remedies=remedies), Horizon(5, total))
    return [step for step in range(1, total + 1) if objective.settled(step)]


@pytest.mark.parametrize(
    ("remedies", "steps"),
    [
        ((), [*range(1, 41)]),
        (({"name": "word_dropout"}, {"name": "free_bits"}), [*range(1, 41)]),
        ((RISING,), [*range(12, 41)]),
        # never there: only the last update has the last weight
        ((RISING | {"steps": 1000},), [40]),
        ((RISING | {"start": 1.0},), [*range(1, 41)]),
        # 1 / (1 + exp(-(t - 10))) passes 0.99 at t = 10 + ln 99 = 14.6
        (({"name": "sigmoid_annealing", "midpoint": 10, "slope": 1.0},), [*range(15, 41)]),
        ((CYCLES,), [*range(11, 21), *range(31, 41)]),
        ((RISING, CYCLES), [*range(12, 21), *range(31, 41)]),
        (({"name": "capacity", "steps": 25},), [*range(25, 41)]),
        (({"name": "ae_pretraining", "epochs": 3}, RISING), [*range(27, 41)]),
    ],
)
def test_a_best_may_be_kept_where_the_schedules_have_arrived(remedies, steps):
    assert settled(*remedies) == steps


@pytest.mark.parametrize("shape", ["linear", "sigmoid", "cosine"])
def test_a_cycle_that_only_rises_counts_at_its_top(shape):
    """The weight never quite gets to 1; its own height is what it is measured by."""
    assert 20 in settled(CYCLES | {"ramp": 1.0, "shape": shape})
    assert 1 not in settled(CYCLES | {"ramp": 1.0, "shape": shape})


def falling(*elbos: float):
    values: Iterator[float] = iter(elbos)
    return lambda model: {"elbo": next(values), "reconstruction": 1.0}


def test_an_elbo_of_the_annealing_is_no_best_however_good():
    state = start(SOURCE, 25, (RISING,))
    seen = {}
    for record in train(state, SOURCE, falling(-1.0, -2.0, -9.0, -7.0, -8.0)):
        seen[int(record["step"])] = (state.best_step, state.best_elbo)
    assert seen[14] == (-1, -math.inf)
    assert [seen[t] for t in (15, 20, 25)] == [(15, -9.0), (20, -7.0), (20, -7.0)]


def test_the_plateau_rule_of_he2019_goes_back_to_the_lowest_loss_of_all():
    """As published, its best may be of the annealing; the checkpoint best is not."""
    kept: list[torch.Tensor] = []
    losses = falling(-1.0, -2.0, -3.0, -4.0)

    def worse(model):
        kept.append(weights(model))
        return losses(model)

    plateau = PlateauConfig(patience=1, first_epoch=3, most=1, after_annealing=False)
    state = start(SOURCE, 100, (RISING,), plateau=plateau)
    assert list(train(state, SOURCE, worse))[-1]["step"] == 20
    torch.testing.assert_close(weights(state.model), kept[0], rtol=0, atol=0)
    assert state.plateau is not None and state.plateau.lowest == 1.0
    assert (state.best_step, state.best_elbo) == (15, -3.0)


def test_the_plateau_rule_counts_nothing_while_the_weight_rises():
    """Epochs of 5 updates, a weight that rises for 15: the losses before make no fall and no best."""
    kept: list[torch.Tensor] = []
    losses = falling(-1.0, -2.0, -5.0, -3.0, -4.0)

    def measured(model):
        kept.append(weights(model))
        return losses(model)

    plateau = PlateauConfig(patience=1, first_epoch=0, most=1)
    state = start(SOURCE, 100, (RISING,), plateau=plateau)
    assert list(train(state, SOURCE, measured))[-1]["step"] == 25
    assert state.plateau is not None and state.plateau.lowest == 3.0
    torch.testing.assert_close(weights(state.model), kept[3], rtol=0, atol=0)


def saved_before_there_was_a_choice(folder: Path, best_step: int) -> TrainingState:
    """A run as it used to be saved, in which any validation might be the best; loaded again."""
    plateau = PlateauConfig(patience=1, first_epoch=30, most=9)
    state = start(SOURCE, 40, (RISING,), plateau=plateau)
    list(zip(range(25), train(state, SOURCE, falling(*[-2.0] * 9)), strict=False))
    state.save(folder)
    numbers = json.loads((folder / "training.json").read_text())
    del numbers["plateau"]["lowest"]
    numbers |= {"best_step": best_step, "best_elbo": -1.5}
    (folder / "training.json").write_text(json.dumps(numbers))
    again = start(SOURCE, 40, (RISING,), plateau=plateau)
    again.load(folder)
    return again


def test_an_older_run_goes_on_and_chooses_a_best_that_counts(tmp_path):
    state = saved_before_there_was_a_choice(tmp_path, best_step=5)
    assert (state.best_step, state.best_elbo) == (-1, -math.inf)
    assert state.plateau is not None and state.plateau.lowest == 1.5


def test_an_older_run_keeps_a_best_of_after_the_annealing(tmp_path):
    state = saved_before_there_was_a_choice(tmp_path, best_step=20)
    assert (state.best_step, state.best_elbo) == (20, -1.5)
