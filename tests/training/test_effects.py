"""A short training under each remedy, in which it does what it is for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.deterministic import Deterministic
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import Horizon
from engine.objectives.remedies.discrepancy import squared_mmd
from engine.training.config import TrainingConfig
from engine.training.loop import train
from engine.training.state import TrainingState

TOPICS, WORDS = 8, 24


class Topics:
    """Sentences of three words of one of eight topics: a code that is alive knows the topic, ln 8 nats."""

    def __init__(self, n: int = 64, batch_size: int = 16) -> None:
        rng = np.random.default_rng(0)
        topic = rng.integers(0, TOPICS, n)
        words = 4 + 3 * topic[:, None] + rng.integers(0, 3, (n, 3))
        self.table = np.concatenate([np.full((n, 1), 1), words, np.full((n, 1), 2)], 1)
        self.batch_size = batch_size

    def __len__(self) -> int:
        return len(self.table) // self.batch_size

    def epoch(self, e: int) -> list[np.ndarray]:
        order = np.random.default_rng(e).permutation(len(self.table))
        return list(order.reshape(-1, self.batch_size))

    def rows(self, indices: np.ndarray) -> np.ndarray:
        return self.table[indices]

    def random(self, draw: int) -> np.ndarray:
        return np.random.default_rng(draw).integers(0, len(self.table), self.batch_size)


SOURCE = Topics()
ADAM = {"name": "adam", "learning_rate": 0.01}


def trained(*remedies: dict, steps: int = 100, latent=None, beta: float = 1.0):
    """The state after training, and its records, one for ten updates."""
    torch.manual_seed(0)
    config = ModelConfig(
        encoder=LSTMEncoder.Config(embedding=8, hidden=16),
        latent=latent or Gaussian.Config(size=4),
        decoder=LSTMDecoder.Config(embedding=8, hidden=16, dropout_in=0, dropout_out=0),
        initialisation="pytorch",
    )
    horizon = Horizon(len(SOURCE), steps)
    model = build_model(config, 4 + WORDS)
    objective = Objective(ObjectiveConfig(beta=beta, remedies=remedies), horizon, model)
    training = TrainingConfig(
        encoder_optimiser=ADAM, decoder_optimiser=ADAM, log_every=10, plateau=None, device="cpu",
        precision="float32",
    )  # fmt: skip
    state = TrainingState(model, objective, training, horizon)

    def measure(model) -> dict[str, float]:
        return {"elbo": 0.0, "reconstruction": 0.0}

    records = [r for r in train(state, SOURCE, measure) if "train/loss" in r]
    return state, records


def curve(records, name: str) -> list[float]:
    return [record[f"train/{name}"] for record in records]


def information(state) -> float:
    """Mutual information of the training sentences and their codes, nats, at most ln 64."""
    state.model.eval()
    with torch.no_grad():
        latent = state.model.encode(torch.tensor(SOURCE.table), samples=20)
        each = latent.posterior.base_dist.log_prob(latent.z.unsqueeze(2)).sum(-1)
        own = each.diagonal(dim1=1, dim2=2)
        return (own - each.logsumexp(-1) + np.log(len(SOURCE.table))).mean().item()


@pytest.fixture(scope="module")
def plain():
    """Training without a remedy: the code dies."""
    return trained()


def test_without_a_remedy_the_kl_is_near_zero(plain):
    assert curve(plain[1], "kl")[-1] < 0.3 and information(plain[0]) < 0.3


def test_a_floor_holds_the_kl_near_it():
    records = trained({"name": "kl_floor", "floor": 3})[1]
    assert 2 < np.mean(curve(records, "kl")[-3:]) < 4


def test_a_capacity_holds_the_kl_at_its_target():
    records = trained({"name": "capacity", "target": 4, "steps": 50, "weight": 5})[1]
    assert np.mean(curve(records, "kl")[-3:]) == pytest.approx(4, abs=0.5)
    assert curve(records, "capacity")[-1] == 4


@pytest.mark.slow
def test_the_minimum_desired_rate_is_kept_and_its_price_settles():
    rule = {"name": "minimum_desired_rate", "rate": 4, "learning_rate": 0.002}
    records = trained(rule, steps=250)[1]
    assert 3.6 < np.mean(curve(records, "kl")[-5:]) < 6
    assert 0.5 < curve(records, "rate_price")[-1] < 1.2


@pytest.mark.slow
def test_soft_free_bits_bring_the_kl_to_their_target():
    records = trained({"name": "soft_free_bits", "target": 3}, steps=300)[1]
    assert 2.4 < np.mean(curve(records, "kl")[-10:]) < 4
    assert 1e-4 < curve(records, "kl_weight")[-1] < 1


POINTS = Deterministic.Config(size=4, tokens=2)


def off_the_prior(state) -> float:
    """Squared discrepancy of the training sentences' latent tokens from N(0, I)."""
    state.model.eval()
    with torch.no_grad():
        codes = state.model.code(torch.tensor(SOURCE.table)).reshape(-1, 4)
    torch.manual_seed(1)
    return squared_mmd(codes, torch.randn(2000, 4)).item()


@pytest.fixture(scope="module")
def points():
    """How far an autoencoder's codes are from the prior where nothing draws them there."""
    return off_the_prior(trained(latent=POINTS, steps=80)[0])


@pytest.mark.parametrize("kernel", ["imq", "imq-mixture", "rbf"])
def test_mmd_brings_codes_to_the_prior(points, kernel):
    rule = {"name": "mmd", "weight": 100, "kernel": kernel}
    assert off_the_prior(trained(rule, latent=POINTS, steps=80)[0]) < points / 3


@pytest.mark.slow
def test_info_vae_keeps_information_and_the_shape_of_the_prior(plain):
    state, _ = trained({"name": "info_vae", "alpha": 1, "divergence_weight": 10}, steps=250)
    assert information(state) > information(plain[0]) + 1
    z = state.model.encode(torch.tensor(SOURCE.table)).z.detach()
    torch.manual_seed(1)
    assert squared_mmd(z, torch.randn(2000, 4)).item() < 0.03


def test_a_bag_of_words_is_learned_and_keeps_the_code_alive(plain):
    state, records = trained({"name": "bag_of_words", "hidden": 16})
    words = curve(records, "bag_of_words")
    assert words[-1] < words[0] - 2
    assert information(state) > information(plain[0]) + 0.5


def test_a_density_gap_of_the_whole_batch_keeps_information(plain):
    state, records = trained({"name": "density_gap", "weight": 1, "group": 16, "samples": 4})
    assert information(state) > information(plain[0]) + 0.5
    assert curve(records, "kl_charged")[-1] == 0


@pytest.mark.slow
def test_coupling_learns_a_deterministic_path_and_meets_its_start(plain):
    found = {}
    for weight in (0.001, 1.0):
        records = trained({"name": "coupled", "match_weight": weight})[1]
        apart = curve(records, "coupled_reconstruction")
        assert apart[-1] < apart[0] - 5
        found[weight] = curve(records, "coupled_match")[-1] / weight
    assert found[1.0] < 0.8 * found[0.001]
    assert curve(records, "kl")[-1] > curve(plain[1], "kl")[-1] + 0.3
