"""The only ``st.cache_*`` wrappers, and short ways to what the engine has on disk.

What is cached is keyed by run, checkpoint and the version of the file it came from.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from engine.config import EngineError, RunNotFound, home
from engine.data import corpus
from engine.runs import health, store
from engine.runs.status import Status

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def asset(name: str) -> Path:
    """A file of assets/."""
    return ASSETS / name


def runs() -> list[store.Run]:
    """All runs, the newest first, the demonstration run last."""
    return store.runs()


def live_runs() -> list[tuple[store.Run, Any]]:
    """Runs whose worker waits, trains or stops right now, with their status."""
    found = ((run, status(run)) for run in runs())
    return [(run, told) for run, told in found if told.live]


def status(run: store.Run) -> Status:
    """What the run is doing; one whose files are damaged says so and takes no page with it."""
    try:
        return run.status()
    except EngineError as error:
        return Status(state="failed", message=str(error))


def current_run() -> store.Run | None:
    """The run chosen in the sidebar, or None if there is none (any more)."""
    name = state.run_name()
    try:
        return store.find(name) if name else None
    except RunNotFound:
        return None


def corpora() -> list[corpus.Card]:
    """The data sets on disk."""
    return corpus.corpora()


def version(run: store.Run, checkpoint: str) -> str:
    """What changes when the checkpoint is written anew."""
    return run.version(checkpoint)


@cache
def host() -> Any:
    """The loaded models of this process, shared by all sessions."""
    from engine.hosting import ModelHost

    return ModelHost()


@st.cache_data(show_spinner="Looking at the pictures", max_entries=8)
def picture_guess(path: Path, changed: int, invert: bool | None) -> Any:
    """What a file or folder of pictures seems to be; ``changed`` is its time stamp."""
    from engine.data.importing import ImportOptions
    from engine.data.pictures.importing import guess_pictures

    return guess_pictures(path, ImportOptions(invert=invert))


def free_disk() -> int:
    """Bytes free where runs and data sets are kept."""
    folder = home()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


@st.cache_data(show_spinner=False)
def text(name: str) -> str:
    """A text of assets/."""
    return asset(name).read_text(encoding="utf-8")


def diagnosis(run: store.Run) -> Any | None:
    """Whether the run's posterior is alive, from its last validation; None before the first."""
    return health.diagnosis(run)


# -- new run ----------------------------------------------------------------------------------------


def data_titles() -> dict[str, str]:
    """Names of data sets -> what a picker shows; built-in ones that are not made yet come last."""
    from engine.data.library import BUILTIN

    titles = {
        card.name: f"{card.title}, {card.rows['train']:,} {corpus.NOUNS[card.kind]}"
        for card in corpora()
    }
    for name, builtin in BUILTIN.items():
        titles.setdefault(name, f"{builtin.title}, made on first use")
    return titles


@st.cache_data(
    show_spinner=False, max_entries=100, hash_funcs={"engine.models.vae.ModelConfig": repr}
)
def parameters(model: Any, vocab_size: int) -> int:
    """Weights of the model, counted without making them."""
    import torch

    from engine.models.vae import build_model

    with torch.device("meta"):
        return sum(weight.numel() for weight in build_model(model, vocab_size).parameters())


@st.cache_data(
    show_spinner=False,
    max_entries=100,
    hash_funcs={"engine.experiment.ExperimentConfig": repr},
)
def warnings(config: Any, sentences: int) -> list[str]:
    """Settings that will not do what they seem to; a ConfigError where they do not go together."""
    from engine.experiment import check

    return check(config, sentences)


# -- sentences through a model ------------------------------------------------------------------


def max_tokens(run: store.Run) -> int:
    """The longest sentence that the run's model was trained on."""
    return int(run.config().get("data", {}).get("max_tokens", 40))


def family(run: store.Run) -> Any:
    """The class of the run's latent family."""
    from engine.models.latents import LATENTS

    return LATENTS[run.config()["model"]["latent"]["name"]]


def paths(run: store.Run) -> dict[str, str]:
    """The paths that stay where the run's codes live, the best one first, each with a line about it."""
    from engine.explore.paths import PATHS

    return {name: (PATHS[name].__doc__ or "").splitlines()[0] for name in family(run).paths}


def ways(run: store.Run) -> dict[str, str]:
    """These paths, and those that are searched for: through the data, and the geodesic."""
    from engine.explore.ways import ways as every

    return every(family(run))


def data_name(run: store.Run) -> str:
    """The data set that the run learned from."""
    return str(run.config().get("data", {}).get("name", ""))


def data_missing(run: store.Run) -> str:
    """Why sentences of the run's data cannot be shown; nothing if they can."""
    name = data_name(run)
    if corpus.exists(name):
        return ""
    return f"The data set {name} is not on this machine yet; the page Datasets makes or imports it."


def pair(run: store.Run, seed: int | None = None) -> tuple[str, str] | None:
    """Two sentences of middling length from the run's validation split; None where it is not here."""
    if data_missing(run):
        return None
    data = corpus.Corpus.open(data_name(run))
    split = "valid" if data.rows("valid") else "train"
    draw = np.random.default_rng(seed)
    rows = draw.permutation(data.rows(split))[:200]
    texts = data.texts(split, rows.tolist())
    fitting = [text for text in texts if 3 <= len(text.split()) <= min(12, max_tokens(run))]
    chosen = list(dict.fromkeys(fitting or texts))[:2]
    return (chosen[0], chosen[-1]) if chosen else None


def folder_size(run: store.Run) -> int:
    """Bytes that a run takes on disk."""
    return sum(path.stat().st_size for path in run.path.rglob("*") if path.is_file())


# -- data -------------------------------------------------------------------------------------------


@st.cache_data(show_spinner=False, max_entries=50)
def some_rows(name: str, fingerprint: str, split: str, n: int, seed: int) -> pd.DataFrame:
    """A few random rows of a split, with their labels."""
    data = corpus.Corpus.open(name)
    rows = np.random.default_rng(seed).permutation(data.rows(split))[:n].tolist()
    columns = {"text": data.texts(split, rows)}
    if (labels := data.labels(split, rows)) is not None:
        columns["label"] = labels
    return pd.DataFrame(columns)


@st.cache_data(show_spinner=False, max_entries=50)
def checks(name: str, fingerprint: str) -> Any:
    """What the engine finds when it looks through a data set."""
    from engine.data.checks import check
    from engine.data.pictures.checks import check_pictures

    data = corpus.Corpus.open(name)
    return check_pictures(data) if data.card.kind == "images" else check(data)
