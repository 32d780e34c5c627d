"""Two stages in one run: an autoencoder first, then its encoder with a new decoder."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.config import ConfigError
from engine.metrics import METRICS, describe
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import Horizon
from engine.training.config import TrainingConfig
from engine.training.loop import train
from engine.training.plateau import PlateauConfig
from engine.training.state import TrainingState

ADAM = {"name": "adam", "learning_rate": 0.02}
FIRST = {"name": "ae_pretraining", "epochs": 4, "patience": None}
ANNEALING = {"name": "annealing", "start": 0.0, "steps": 8}
TIMES = ("seconds", "train/tokens_per_second")


class Sentences:
    """Twenty sentences in five batches."""

    def __init__(self) -> None:
        words = np.random.default_rng(0).integers(4, 12, (20, 4))
        ends = np.ones((20, 1), dtype=np.int64)
        self.table = np.concatenate([ends, words, 2 * ends], 1)

    def __len__(self) -> int:
        return 5

    def epoch(self, e: int) -> list[np.ndarray]:
        return list(np.random.default_rng(e).permutation(20).reshape(5, 4))

    def rows(self, indices: np.ndarray) -> np.ndarray:
        return self.table[indices]

    def random(self, draw: int) -> np.ndarray:
        return np.random.default_rng(draw).integers(0, 20, 4)


SOURCE = Sentences()


def start(*remedies: dict, steps: int = 60, **training) -> TrainingState:
    torch.manual_seed(0)
    config = ModelConfig(
        encoder=LSTMEncoder.Config(embedding=6, hidden=10),
        latent=Gaussian.Config(size=3),
        decoder=LSTMDecoder.Config(embedding=6, hidden=10, dropout_in=0.2, dropout_out=0.2),
        initialisation="pytorch",
    )
    defaults = {"encoder_optimiser": ADAM, "decoder_optimiser": ADAM, "log_every": 1}
    defaults |= {"plateau": None, "device": "cpu", "precision": "float32"}
    horizon = Horizon(len(SOURCE), steps)
    model = build_model(config, 12)
    objective = Objective(ObjectiveConfig(remedies=remedies), horizon, model)
    return TrainingState(model, objective, TrainingConfig(**(defaults | training)), horizon)


def measure(model) -> dict[str, float]:
    model.eval()
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(0)
        x = torch.tensor(SOURCE.table)
        latent = model.encode(x)
        reconstruction = model.decoder.token_nll(x, latent.z).sum(-1).mean().item()
    kl = latent.kl.sum(-1).mean().item()
    return {
        "elbo": -reconstruction - kl,
        "reconstruction": reconstruction,
        "kl": kl,
        "mutual_information_batch": kl,
    }


def untimed(records) -> list[dict[str, float]]:
    return [{k: v for k, v in record.items() if k not in TIMES} for record in records]


def weights(module) -> torch.Tensor:
    return torch.cat([p.detach().flatten().clone() for p in module.parameters()])


def curve(records, name: str) -> dict[int, float]:
    return {int(r["step"]): r[f"train/{name}"] for r in records if f"train/{name}" in r}


def test_the_kl_is_free_first_and_the_schedules_count_from_the_second_stage():
    weight = curve(train(start(FIRST, ANNEALING), SOURCE, measure), "kl_weight")
    assert [weight[t] for t in (1, 20, 21, 24, 28, 29, 60)] == [0, 0, 0.125, 0.5, 1, 1, 1]


def test_the_schedule_is_known_before_training():
    """The page draws it from an objective without a model."""
    settings = ObjectiveConfig(remedies=(FIRST, ANNEALING))
    objective = Objective(settings, Horizon(5, 60))
    assert [objective.kl_weight(t) for t in (1, 20, 24, 60)] == [0, 0, 0.5, 1]


def test_cycles_share_out_what_is_left_for_the_second_stage():
    settings = ObjectiveConfig(remedies=(FIRST, {"name": "cyclical_annealing", "cycles": 2}))
    objective = Objective(settings, Horizon(5, 60))
    weight = [objective.kl_weight(t) for t in range(1, 61)]
    assert [t for t, w in enumerate(weight, 1) if w == 0 and t > 20] == [21, 41]
    assert weight[-1] == 1


def test_the_first_stage_fills_the_code_and_the_switch_empties_the_decoder():
    state = start(FIRST, ANNEALING)
    encoder = decoder = None
    records = []
    for record in train(state, SOURCE, measure):
        records.append(record)
        if record["step"] == 20 and "valid/elbo" not in record:
            encoder, decoder = weights(state.model.encoder), weights(state.model.decoder)
        if record["step"] == 20 and "valid/elbo" in record:
            torch.testing.assert_close(weights(state.model.encoder), encoder, rtol=0, atol=0)
            assert (weights(state.model.decoder) != decoder).float().mean() > 0.9
            assert not state.optimisers["decoder"].state and not state.optimisers["encoder"].state
    kl, reconstruction = curve(records, "kl"), curve(records, "reconstruction")
    plain = curve(train(start(steps=20), SOURCE, measure), "kl")
    assert kl[20] > 1.5 > 0.5 > plain[20]
    assert reconstruction[21] > reconstruction[20] + 1
    assert min(reconstruction[t] for t in range(50, 61)) < reconstruction[21] - 2


def test_no_best_is_kept_of_the_first_stage_and_the_second_begins_anew():
    state = start(FIRST, steps=30)
    best = {}
    for record in train(state, SOURCE, measure):
        best[int(record["step"])] = (state.best_step, state.best_elbo)
    assert {best[t] for t in range(1, 25)} == {(-1, -math.inf)}
    assert best[25][0] == 25 and best[30][0] in (25, 30)


def test_the_plateau_rule_begins_anew():
    """No fall in the first stage however bad it goes, and the epochs count from the second."""
    elbos = iter([-1.0, -2.0, -3.0, -4.0, -1.0, -2.0, -3.0, -4.0, -5.0])
    plateau = PlateauConfig(patience=1, first_epoch=2, most=100, reload_best=False)
    state = start(FIRST, steps=45, plateau=plateau)
    rates = {}
    for record in train(state, SOURCE, lambda model: {"elbo": next(elbos), "reconstruction": 1.0}):
        rates[int(record["step"])] = state.optimisers["decoder"].param_groups[0]["lr"]
    # Epochs 5 and 6 are the second stage's first two; the third may fall.
    assert [rates[t] for t in (20, 25, 30, 35)] == [0.02, 0.02, 0.02, 0.01]


def test_it_ends_early_where_reconstruction_stops_getting_better():
    values = iter([5.0, 4.0, 4.5, 4.1, 3.0, 3.0, 3.0])
    state = start(FIRST | {"epochs": 6, "patience": 2}, steps=35)
    found = lambda model: {"elbo": -1.0, "reconstruction": next(values)}  # noqa: E731
    weight = curve(train(state, SOURCE, found), "kl_weight")
    assert [t for t, w in weight.items() if w == 0] == list(range(1, 21))
    assert state.objective.origin(21) == 20


def test_validations_within_an_epoch_count_for_nothing():
    state = start(FIRST | {"patience": 1}, steps=30, evaluate_every=2)
    found = lambda model: {"elbo": -1.0, "reconstruction": -float(state.step)}  # noqa: E731
    weight = curve(train(state, SOURCE, found), "kl_weight")
    assert [t for t, w in weight.items() if w == 0] == list(range(1, 21))


def test_other_remedies_wait_for_the_second_stage():
    others = (
        {"name": "bag_of_words", "hidden": 4},
        {"name": "aggressive", "window": 1, "most": 2},
        {"name": "minimum_desired_rate"},
    )
    records = [r for r in train(start(FIRST, *others, steps=30), SOURCE, measure)]
    first = [r for r in records if "train/loss" in r and r["step"] <= 20]
    second = [r for r in records if "train/loss" in r and r["step"] > 20]
    for record in first:
        assert record["train/encoder_steps"] == 0
        assert not record.keys() & {"train/bag_of_words", "train/rate_price"}
    assert second[0]["train/encoder_steps"] > 0 and "train/bag_of_words" in second[0]
    assert second[0]["train/rate_price"] == pytest.approx(1.01)


ALL = (
    FIRST,
    ANNEALING,
    {"name": "word_dropout", "rate": 0.2},
    {"name": "bag_of_words", "hidden": 4},
    {"name": "coupled"},
    {"name": "mmd"},
    {"name": "density_gap", "samples": 2},
    {"name": "minimum_desired_rate"},
    {"name": "soft_free_bits"},
)


@pytest.fixture(scope="module")
def whole():
    return untimed(train(again(), SOURCE, measure))


def again() -> TrainingState:
    plateau = PlateauConfig(patience=1, first_epoch=0, most=100)
    return start(*ALL, steps=35, evaluate_every=7, plateau=plateau)


@pytest.mark.parametrize("stop_at", [3, 19, 20, 20.5, 21, 27])
def test_a_run_stopped_about_the_switch_goes_on_as_if_it_had_never_stopped(
    tmp_path, whole, stop_at
):
    """20 is between the last update of the first stage and its validation, 20.5 after the switch."""
    state, first = again(), []
    for record in train(state, SOURCE, measure):
        first.append(record)
        reached = record["step"] + 0.5 * ("valid/elbo" in record)
        if reached >= stop_at:
            break
    state.save(tmp_path)
    torch.manual_seed(12345)
    other = again()
    other.load(tmp_path)
    assert untimed([*first, *train(other, SOURCE, measure)]) == whole


def test_every_name_that_remedies_emit_is_in_metrics(whole):
    names = {key for record in whole for key in record} - {"step"}
    assert {"train/mmd", "train/density_gap", "train/coupled_match", "train/rate_price"} <= names
    assert all(describe(name) in METRICS.values() for name in names)


def test_an_early_end_survives_a_stop(tmp_path):
    values = [5.0, 4.0, 4.5, 4.1, 3.0, 3.0, 3.0]
    rule = FIRST | {"epochs": 6, "patience": 2}
    state = start(rule, steps=35)

    def found(model):
        return {"elbo": -1.0, "reconstruction": values.pop(0)}

    for record in train(state, SOURCE, found):
        if record["step"] == 17:
            break
    state.save(tmp_path)
    other = start(rule, steps=35)
    other.load(tmp_path)
    weight = curve(train(other, SOURCE, found), "kl_weight")
    assert [t for t, w in weight.items() if w == 0] == [18, 19, 20]


def test_a_first_stage_as_long_as_the_run_is_refused():
    with pytest.raises(ConfigError, match="20 steps and the run has 20"):
        start(FIRST, steps=20)
