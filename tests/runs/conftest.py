"""A corpus and an experiment so small that a whole run takes a second or two."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.runs import store

MakeRun = Callable[..., store.Run]


@pytest.fixture
def toy(home: Path) -> str:
    """The name of a data set of 240 short sentences."""
    from engine.data.writing import Draft

    words = random.Random(0)
    animals, verbs = ["cat", "dog", "bird", "fish", "cow"], ["sees", "hears", "likes", "seeks"]
    lines = {
        " ".join(
            ["the", words.choice(animals), words.choice(verbs), "the", *words.sample(animals, 2)]
        )
        for _ in range(2000)
    }
    with Draft("toy") as draft:
        draft.add({"text": sorted(lines)})
        return draft.finish(title="Toy", source="made for a test").name


def tiny(data: str, **training: Any) -> dict[str, Any]:
    """An experiment of two epochs of six steps on ``data``; ``training`` changes its training."""
    sizes = {"name": "lstm", "embedding": 8, "hidden": 12}
    return {
        "data": {"name": data, "max_tokens": 12, "limit": 96},
        "model": {
            "encoder": sizes,
            "latent": {"name": "gaussian", "size": 3},
            "decoder": sizes,
            "initialisation": "pytorch",
        },
        "objective": {"remedies": [{"name": "word_dropout", "rate": 0.2}]},
        "training": {
            "epochs": 3,
            "batch_size": 16,
            "encoder_optimiser": {"name": "adam"},
            "decoder_optimiser": {"name": "adam"},
            "log_every": 4,
            "device": "cpu",
            "precision": "float32",
            **training,
        },
        "evaluation": {"mi_rows": 50, "batch_size": 32},
        "seed": 7,
    }


@pytest.fixture
def make_run(toy: str) -> MakeRun:
    """Makes a tiny run; keyword arguments change its training."""

    def make(name: str | None = None, **training: Any) -> store.Run:
        return store.create(tiny(toy, **training), name)

    return make
