"""Runs whose posterior is known: alive, collapsed, or of a latent family before its first step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.experiment import ExperimentConfig

ALIVE = [
    "model.latent.size=8",
    "model.encoder.hidden=32",
    "model.decoder.hidden=32",
    "objective.beta=0.02",
    'objective.remedies=[{"name":"word_dropout","rate":0.8}]',
    "training.encoder_optimiser.learning_rate=0.01",
    "training.decoder_optimiser.learning_rate=0.01",
    "training.plateau=null",
    "training.max_steps=300",
    "training.epochs=100",
    "training.batch_size=32",
    "training.evaluate_every=300",
]


def train_one_that_is_alive() -> None:
    from engine.experiment import load_config, override
    from engine.runs import store

    train(override(load_config(store.find("tiny").config()), ALIVE), "alive")


def train(config: ExperimentConfig, name: str) -> None:
    """A run that has done all its steps, here and now."""
    from engine.runs import store
    from engine.runs.worker import work

    status = work(store.create(config.model_dump(mode="json"), name))
    assert status.state == "finished", status.message


def untrained(home: Path, family: str, name: str = "") -> Path:
    """The run "tiny" with another latent family, as it is before its first step."""
    import torch
    from safetensors.torch import save_file

    from engine.data.tokenizers import Tokenizer
    from engine.experiment import load_config
    from engine.models.vae import build_model

    folder = home / "runs" / (name or f"of-{family}")
    shutil.copytree(home / "runs" / "tiny", folder)
    values = json.loads((folder / "config.json").read_text())
    values["model"]["latent"] = {"name": family, "size": 4}
    config = load_config(values)
    (folder / "config.json").write_text(config.model_dump_json())
    torch.manual_seed(0)
    model = build_model(config.model, Tokenizer.load(folder / "tokenizer.json").vocab_size)
    for checkpoint in ("best", "last"):
        save_file(model.state_dict(), folder / "checkpoints" / checkpoint / "model.safetensors")
    return folder


def collapse(folder: Path) -> None:
    """Every posterior becomes the prior, under a KL weight that no longer rises."""
    import torch
    from safetensors.torch import load_file, save_file

    path = folder / "checkpoints" / "best" / "model.safetensors"
    weights = load_file(path)
    latent = [name for name in weights if name.startswith("latent.")]
    assert latent
    save_file(weights | {name: torch.zeros_like(weights[name]) for name in latent}, path)
    records = folder / "metrics.jsonl"
    lines = [json.loads(line) for line in records.read_text().splitlines()]
    settled = [line | {"train/kl_weight": 1.0} if "train/kl" in line else line for line in lines]
    records.write_text("".join(json.dumps(line) + "\n" for line in settled))


def make_picture_run(home: Path) -> None:
    """A home with labelled pictures of 6 by 6 pixels, "strokes", and the run "small" that has seen them."""
    import numpy as np

    from engine.data.importing import import_path
    from engine.experiment import override
    from engine.presets import preset

    rng = np.random.default_rng(0)
    table = np.zeros((80, 6, 6), np.uint8)
    labels = np.array(["across", "down"] * 40)
    for number, one in enumerate(table):
        line = one if number % 2 else one.T
        line[1:5, 1 + number % 4] = rng.integers(120, 256, 4)
    np.savez(home / "strokes.npz", images=table, labels=labels)
    import_path(home / "strokes.npz", "strokes")
    small = [
        "data.name=strokes",
        "data.max_tokens=36",
        "tokenizer.side=6",
        "model.encoder.side=6",
        "model.encoder.planes=[4,4,4]",
        "model.encoder.hidden=8",
        "model.decoder.side=6",
        "model.decoder.kernels=[3,3]",
        "model.decoder.channels=4",
        "model.latent.size=4",
        "objective.remedies=[]",
        "training.epochs=3",
        "training.max_steps=6",
        "training.batch_size=16",
        "training.evaluate_every=3",
        "training.keep_every=3",
        "training.device=cpu",
        "training.precision=float32",
        "evaluation.mi_rows=6",
        "evaluation.iw_samples=2",
    ]
    train(override(preset("lagging-omniglot-small"), small), "small")
