"""A workshop with one small labelled corpus and one run of it that has kept some of its checkpoints."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.hosting import ModelHost
from engine.maps import codes
from engine.runs import store

ANIMALS = ("cat", "dog", "bird", "fish", "cow", "hen")
VERBS = ("sees", "likes", "finds", "wants")
OBJECTS = ("house", "tree", "river", "ball", "song")
LINES = [f"the {a} {v} the {o}" for a in ANIMALS for v in VERBS for o in OBJECTS]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of all, trained in once; tests work on copies."""
    home = tmp_path_factory.mktemp("workshop")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCAPE_HOME", str(home))
        _train()
    yield home


def _train() -> None:
    from engine.data.writing import Draft
    from engine.experiment import load_config
    from engine.runs.worker import work

    with Draft("animals") as draft:
        draft.add({"text": LINES, "label": [line.split()[1] for line in LINES]})
        draft.finish(title="Animals", source="made for a test")
    sizes = {"name": "lstm", "embedding": 8, "hidden": 16}
    config: dict[str, Any] = {
        "data": {"name": "animals", "max_tokens": 12},
        "model": {
            "encoder": sizes,
            "latent": {"name": "gaussian", "size": 4},
            "decoder": sizes,
            "initialisation": "pytorch",
        },
        "training": {
            "epochs": 4,
            "batch_size": 16,
            "encoder_optimiser": {"name": "adam"},
            "decoder_optimiser": {"name": "adam"},
            "keep_every": 6,
            "device": "cpu",
            "precision": "float32",
        },
        "evaluation": {"mi_rows": 50, "batch_size": 32},
        "seed": 7,
    }
    run = store.create(load_config(config).model_dump(mode="json"), "tiny")
    assert work(run).state == "finished"


@pytest.fixture
def workshop(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh copy of the home, as this test's own."""
    home = tmp_path / "home"
    shutil.copytree(made, home)
    monkeypatch.setenv("ZSCAPE_HOME", str(home))
    return home


@pytest.fixture
def run(workshop: Path) -> store.Run:
    """A finished run whose checkpoints step-6, step-12 ... were kept."""
    return store.find("tiny")


@pytest.fixture
def host() -> ModelHost:
    """Models on the CPU."""
    return ModelHost("cpu")


@pytest.fixture
def request_(run: store.Run) -> codes.Request:
    """All training rows at the last checkpoint."""
    return codes.Request(run, "last", "train")


def leftovers(run: store.Run) -> list[str]:
    """Hidden files in the cache of a run: drafts of what was never finished."""
    return [name for name in os.listdir(run.cache) if name.startswith(".")]
