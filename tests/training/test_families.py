"""Every latent family trains: built from an experiment, in both number formats, with checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from engine.data.batches import Batches
from engine.evaluation import EvaluationConfig
from engine.evaluation.report import evaluate
from engine.experiment import ExperimentConfig, Parts, build, load_config
from engine.metrics import METRICS, describe
from engine.models.latents import LATENTS
from engine.models.vae import VAE
from engine.training.loop import Record, train
from tests.evaluation.tiny import random_tokens

V = 12
TOKENS = random_tokens(64, longest=5, vocab=V)
ADAM = {"name": "adam", "learning_rate": 0.01}
every_family = pytest.mark.parametrize("name", LATENTS)


def experiment(
    name: str,
    steps: int = 9,
    precision: str = "float32",
    initialisation: str = "pytorch",
    **latent: Any,
) -> ExperimentConfig:
    lstm = {"name": "lstm", "embedding": 6, "hidden": 10}
    return load_config(
        {
            "model": {
                "encoder": lstm,
                "latent": {"name": name, "size": 4, **latent},
                "decoder": lstm,
                "initialisation": initialisation,
            },
            "training": {
                "batch_size": 16,
                "epochs": 100,
                "max_steps": steps,
                "encoder_optimiser": ADAM,
                "decoder_optimiser": ADAM,
                "log_every": 3,
                "plateau": None,
                "device": "cpu",
                "precision": precision,
            },
            "seed": 0,
        }
    )


def measure(model: VAE) -> dict[str, float]:
    return evaluate(model, TOKENS, EvaluationConfig(mi_rows=30)).scalars


def trained(
    config: ExperimentConfig, evaluate: Callable[[VAE], dict[str, float]] = measure
) -> tuple[Parts, list[Record]]:
    batches = Batches(TOKENS, config.training.batch_size, config.seed)
    parts = build(config, V, len(batches))
    return parts, list(train(parts.state, batches, evaluate))


def weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten().clone() for p in module.parameters()])


@every_family
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_family_trains_in_both_number_formats(name: str, precision: str) -> None:
    config = experiment(name, precision=precision)
    before = build(config, V, 4).model
    parts, records = trained(config)
    assert all(math.isfinite(value) for record in records for value in record.values())
    assert all(describe(key) in METRICS.values() for r in records for key in r.keys() - {"step"})
    for part in ("encoder", "latent", "decoder"):
        moved = weights(getattr(parts.model, part)) - weights(getattr(before, part))
        assert moved.abs().max() > 0, part
    assert all(p.dtype == torch.float32 for p in parts.model.parameters())


@every_family
def test_a_family_learns(name: str) -> None:
    """What it writes of what it read is better after training, measured without dropout."""
    config = experiment(name, steps=80)
    before = measure(build(config, V, 4).model)["reconstruction"]
    parts, _ = trained(config, lambda model: {"reconstruction": 0.0})
    assert measure(parts.model)["reconstruction"] < 0.9 * before


@every_family
def test_the_best_checkpoint_goes_by_the_elbo_or_else_by_reconstruction(name: str) -> None:
    parts, records = trained(experiment(name, steps=12))
    validations = [record for record in records if "valid/reconstruction" in record]
    has_elbo = parts.model.encode(torch.tensor([[1, 4, 2]])).posterior is not None
    assert all(("valid/elbo" in record) == has_elbo for record in validations)
    goals = [r["valid/elbo"] if has_elbo else -r["valid/reconstruction"] for r in validations]
    best = int(np.argmax(goals))
    assert parts.state.best_elbo == goals[best]
    assert parts.state.best_step == validations[best]["step"]


@every_family
def test_a_stop_in_the_middle_changes_nothing(name: str, tmp_path: Any) -> None:
    config = experiment(name, steps=10)
    whole, _ = trained(config)
    batches = Batches(TOKENS, config.training.batch_size, config.seed)
    first, second = build(config, V, len(batches)), build(config, V, len(batches))
    running = train(first.state, batches, measure)
    while first.state.step < 6:
        next(running)
    first.state.save(tmp_path)
    second.state.load(tmp_path)
    list(train(second.state, batches, measure))
    for name_, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name_]), name_


@pytest.mark.parametrize("initialisation", ["pytorch", "he2019"])
@pytest.mark.parametrize("name", ["gaussian", "gaussian_unitvar"])
def test_a_batch_normalised_mean_keeps_the_kl_from_the_first_update_on(
    name: str, initialisation: str
) -> None:
    config = experiment(name, steps=60, initialisation=initialisation, mean="batch_norm", gamma=0.6)
    parts, records = trained(config)
    bound = 4 / 2 * 0.6**2
    kl = [record["train/kl"] for record in records if "train/kl" in record]
    # Summaries of weights of 0.01 are at first alike to the last digits.
    assert len(kl) == 20 and kl[0] >= 0.8 * bound and min(kl[1:]) >= 0.97 * bound
    # In evaluation running statistics stand in, which lag behind weights that move.
    assert records[-1]["valid/kl"] >= 0.5 * bound


def test_a_committed_rate_is_paid_throughout() -> None:
    _, records = trained(experiment("gaussian", steps=60, delta=0.15))
    kl = [value for r in records for key, value in r.items() if key.endswith("/kl")]
    assert min(kl) >= 4 * 0.15 - 1e-5
