"""Training does what it should to small problems with a known answer, and can be stopped anywhere."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from engine.config import ConfigError, TrainingDiverged
from engine.devices import choose_device
from engine.metrics import METRICS, describe
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import Horizon
from engine.training.config import TrainingConfig
from engine.training.loop import train
from engine.training.plateau import Plateau, PlateauConfig
from engine.training.state import TrainingState

TIMES = ("seconds", "train/tokens_per_second")
ADAM = {"name": "adam", "learning_rate": 0.01}


class Sentences:
    """A source of batches in memory."""

    def __init__(self, rows: list[list[int]], batch_size: int = 4) -> None:
        self.table = np.array(rows, dtype=np.int64)
        self.batch_size = batch_size

    def __len__(self) -> int:
        return -(-len(self.table) // self.batch_size)

    def epoch(self, e: int) -> list[np.ndarray]:
        order = np.random.default_rng(e).permutation(len(self.table))
        return [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]

    def rows(self, indices: np.ndarray) -> np.ndarray:
        return self.table[indices]

    def random(self, draw: int) -> np.ndarray:
        return np.random.default_rng(draw).integers(0, len(self.table), self.batch_size)


def sentences(n: int = 20) -> Sentences:
    words = np.random.default_rng(0).integers(4, 12, (n, 4))
    return Sentences([[1, *row, 2] for row in words.tolist()])


def start(source, steps: int = 40, remedies=(), dropout: float = 0.3, **training) -> TrainingState:
    torch.manual_seed(0)
    config = ModelConfig(
        encoder=LSTMEncoder.Config(embedding=6, hidden=10),
        latent=Gaussian.Config(size=3),
        decoder=LSTMDecoder.Config(embedding=6, hidden=10, dropout_in=dropout, dropout_out=dropout),
        initialisation="pytorch",
    )
    defaults = {
        "encoder_optimiser": ADAM,
        "decoder_optimiser": ADAM,
        "log_every": 3,
        "plateau": None,
        "device": "cpu",
        "precision": "float32",
    }
    horizon = Horizon(len(source), steps)
    objective = Objective(ObjectiveConfig(remedies=remedies), horizon)
    return TrainingState(
        build_model(config, 12), objective, TrainingConfig(**(defaults | training)), horizon
    )


def measure(model) -> dict[str, float]:
    model.eval()
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(0)
        x = torch.tensor(sentences().table)
        latent = model.encode(x)
        kl = latent.kl.sum(-1).mean().item()
        elbo = -model.decoder.token_nll(x, latent.z).sum(-1).mean().item() - kl
    return {"elbo": elbo, "kl": kl, "mutual_information_batch": kl}


def untimed(records) -> list[dict[str, float]]:
    return [{k: v for k, v in record.items() if k not in TIMES} for record in records]


def weights(module) -> torch.Tensor:
    return torch.cat([p.detach().flatten().clone() for p in module.parameters()])


REMEDIES = (
    {"name": "annealing", "start": 0.1, "epochs": 3},
    {"name": "word_dropout", "rate": 0.2},
    {"name": "aggressive", "window": 2, "most": 5},
)


def test_two_sentences_are_learned_to_the_last_nat():
    """The best ELBO of two equally frequent sentences is -ln 2, and none can be better."""
    source = Sentences([[1, 4, 5, 6, 2], [1, 7, 8, 9, 2]], batch_size=2)
    state = start(source, steps=400, dropout=0.0)
    list(train(state, source, measure))
    state.model.eval()
    x = torch.tensor(source.table)
    with torch.inference_mode():
        latent = state.model.encode(x, samples=2000)
        nll = state.model.decoder.token_nll(x, latent.z).sum(-1) + latent.kl.sum(-1)
    per_draw = nll.mean(-1)
    error = per_draw.std().item() / math.sqrt(2000)
    assert math.log(2) - 4 * error < per_draw.mean().item() < math.log(2) + 0.05


def test_the_same_seed_gives_the_same_records_and_another_does_not():
    source = sentences()
    one = untimed(train(start(source, remedies=REMEDIES), source, measure))
    assert one == untimed(train(start(source, remedies=REMEDIES), source, measure))
    state = start(source, remedies=REMEDIES)
    torch.manual_seed(99)
    assert one != untimed(train(state, source, measure))


@pytest.mark.parametrize("stop_at", [1, 4, 5, 7, 20, 33])
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_stopped_training_goes_on_as_if_it_had_never_stopped(tmp_path, stop_at, optimiser):
    source = sentences()
    chosen = {"name": optimiser, "learning_rate": 0.05}
    settings = {"encoder_optimiser": chosen, "decoder_optimiser": chosen, "evaluate_every": 7}
    settings["plateau"] = PlateauConfig(patience=1, first_epoch=0, most=100)
    whole = untimed(train(start(source, remedies=REMEDIES, **settings), source, measure))

    state = start(source, remedies=REMEDIES, **settings)
    first = []
    for record in train(state, source, measure):
        first.append(record)
        # Between an update and its validation, where there is one.
        if record["step"] == stop_at:
            break
    state.save(tmp_path)
    torch.manual_seed(12345)
    again = start(source, remedies=REMEDIES, **settings)
    again.load(tmp_path)
    assert untimed([*first, *train(again, source, measure)]) == whole


def test_encoder_only_updates_leave_the_decoder_alone_and_the_joint_one_the_encoder():
    source = sentences()
    state = start(source, remedies=({"name": "aggressive", "window": 2, "most": 5},))
    before = weights(state.model.decoder)
    from engine.training.loop import _encoder_steps

    x = torch.tensor(source.table[:4])
    taken = _encoder_steps(state, source, x)
    assert 4 <= taken <= 5
    torch.testing.assert_close(weights(state.model.decoder), before, rtol=0, atol=0)
    assert all(p.requires_grad for p in state.model.decoder.parameters())

    from engine.training.loop import _joint_step

    encoder = weights(state.model.encoder)
    _joint_step(state, x)
    torch.testing.assert_close(weights(state.model.encoder), encoder, rtol=0, atol=0)
    assert (weights(state.model.decoder) != before).any()


def test_joint_clipping_gives_the_decoder_a_say_in_the_norm():
    source = sentences()
    moved = []
    for joint in (False, True):
        chosen = {"name": "sgd", "learning_rate": 1.0}
        rule = {"name": "aggressive", "window": 1, "most": 1, "joint_clipping": joint}
        state = start(source, 1, (rule,), 0.0, encoder_optimiser=chosen, clip=1e-3)
        before = weights(state.model.encoder)
        list(train(state, source, measure))
        moved.append((weights(state.model.encoder) - before).norm().item())
    assert moved[1] < 0.7 * moved[0]


def test_aggressive_training_closes_the_gap_of_a_lagging_encoder():
    """With the decoder fixed in effect, the encoder alone must find the posterior: ELBO rises."""
    source = sentences()
    state = start(source, 1, ({"name": "aggressive", "window": 15, "most": 99},), 0.0)
    state.config = state.config.model_copy()
    before = measure(state.model)["elbo"]
    from engine.training.loop import _encoder_steps

    _encoder_steps(state, source, torch.tensor(source.table[:4]))
    assert measure(state.model)["elbo"] > before


def test_every_name_that_the_loop_emits_is_in_metrics():
    source = sentences()
    for record in train(start(source, remedies=REMEDIES), source, measure):
        for key in record.keys() - {"step"}:
            assert describe(key) in METRICS.values()


def test_validation_comes_at_every_epoch_and_at_the_end():
    source = sentences()
    steps = [r["step"] for r in train(start(source, 12), source, measure) if "valid/elbo" in r]
    assert steps == [5, 10, 12]


def test_a_loss_that_is_no_number_ends_training_with_a_cure():
    source = sentences()
    state = start(source)
    with torch.no_grad():
        state.model.decoder.output.weight.fill_(float("nan"))
    with pytest.raises(TrainingDiverged, match="learning rate"):
        list(train(state, source, measure))


def test_the_plateau_rule_of_he2019():
    """Two epochs without improvement and the fifteenth over; the reference becomes the worse loss."""
    rule = Plateau(PlateauConfig())
    losses = [100.0 - e for e in range(13)] + [95.0, 94.0, 93.0, 93.5, 93.4, 93.6, 93.7]
    falls = [epoch for epoch, loss in enumerate(losses, 1) if rule.after_epoch(epoch, loss)]
    assert falls == [16, 18, 20] and rule.reference == 93.7 and rule.falls == 3


def test_a_fall_halves_the_rates_and_brings_the_best_weights_back():
    source = sentences()
    elbos = iter([-1.0, -2.0, -3.0, -4.0])
    best: list[torch.Tensor] = []

    def worse(model):
        best.append(weights(model))
        return {"elbo": next(elbos)}

    plateau = PlateauConfig(patience=1, first_epoch=0, most=1)
    state = start(source, steps=100, plateau=plateau)
    records = list(train(state, source, worse))
    assert records[-1]["step"] == 10
    assert state.optimisers["decoder"].param_groups[0]["lr"] == pytest.approx(0.005)
    torch.testing.assert_close(weights(state.model), best[0], rtol=0, atol=0)


def test_bfloat16_trains_and_keeps_weights_in_float32():
    source = sentences()
    state = start(source, 6, precision="bfloat16")
    records = list(train(state, source, measure))
    assert all(p.dtype == torch.float32 for p in state.model.parameters())
    assert all(math.isfinite(v) for r in records for v in r.values())


def test_a_checkpoint_from_a_computer_with_bfloat16_goes_on_in_float32(tmp_path, monkeypatch):
    source = sentences()
    state = start(source, 6)
    state.save(tmp_path)
    stored = tmp_path / "training.json"
    numbers = json.loads(stored.read_text())
    stored.write_text(json.dumps(numbers | {"precision": "bfloat16"}))
    monkeypatch.setattr("engine.devices.supports_bfloat16", lambda device: False)
    state.load(tmp_path)
    assert state.precision == "float32"
    assert list(train(state, source, measure))[-1]["step"] == 6


def test_a_device_that_is_not_here_is_an_error_that_names_those_that_are():
    assert choose_device("cpu").type == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="this machine has .*cpu"):
            choose_device("cuda")
