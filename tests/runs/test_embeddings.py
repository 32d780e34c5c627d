"""Runs whose encoder reads through the decoder's table, or whose words begin with vectors of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engine.config import ConfigError
from engine.experiment import build, load_config, override
from engine.hosting import ModelHost
from engine.presets import preset
from engine.runs import store, worker
from engine.runs.export import export
from engine.runs.status import STOP_FILE
from engine.training.state import MODEL, NUMBERS

TIMING = ("seconds", "train/tokens_per_second")
WIDTH = 8
MakeRun = Callable[..., store.Run]


@pytest.fixture
def make(make_run: MakeRun) -> MakeRun:
    """Makes a tiny run with other settings of the model."""

    def make(name: str, **model: Any) -> store.Run:
        config = make_run(f"{name}-plain").config()
        sizes = {"embedding": WIDTH, "hidden": 12, "name": "gru"}
        config["model"] |= {"encoder": sizes, "decoder": sizes} | model
        return store.create(load_config(config).model_dump(mode="json"), name)

    return make


def stop_at(run: store.Run, step: int) -> worker.Watch:
    def watch(status: Any) -> None:
        if status.live and status.step == step:
            (run.path / STOP_FILE).touch()

    return watch


def untimed(run: store.Run) -> Any:
    return run.metrics().drop(columns=list(TIMING))


@pytest.mark.parametrize("share", ["yes", "detached"])
def test_a_run_with_one_table_is_saved_resumed_hosted_and_exported(make, tmp_path, share):
    whole, parts = (make(name, share_embedding=share) for name in ("whole", "parts"))
    assert worker.work(whole).state == "finished", whole.log()
    assert worker.work(parts, stop_at(parts, 7)).state == "stopped"
    assert worker.work(parts).state == "finished", parts.log()
    assert untimed(parts).equals(untimed(whole))
    stored = load_file(whole.checkpoint("last") / MODEL)
    assert [name for name in stored if "embedding" in name] == ["decoder.embedding.weight"]
    assert (whole.checkpoint("last") / NUMBERS).exists()
    hosted = ModelHost("cpu").get(whole, "last")
    given = ModelHost("cpu").get(export(whole, tmp_path / "given", "last"), "last")
    x = torch.tensor(hosted.tokenizer.encode(["the cat sees the dog bird"]))
    assert hosted.model.decoder.embedding.weight.equal(stored["decoder.embedding.weight"])
    torch.testing.assert_close(given.model.code(x), hosted.model.code(x), rtol=1e-2, atol=1e-2)
    assert sum(p.numel() for p in hosted.model.parameters()) == whole.status().parameters


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    lines = [
        f"{word} {' '.join([str(n)] * WIDTH)}" for n, word in enumerate(("the", "cat", "x"), 2)
    ]
    (tmp_path / "vectors.txt").write_text("\n".join(lines))
    return tmp_path / "vectors.txt"


def test_word_vectors_are_needed_where_training_begins_and_never_again(
    make, vectors, caplog, tmp_path
):
    whole, parts = (make(name, word_vectors=str(vectors)) for name in ("whole", "parts"))
    with caplog.at_level("INFO"):
        assert worker.work(whole).state == "finished", whole.log()
    assert "vectors.txt has vectors for 2 of 14 words" in caplog.text
    assert worker.work(parts, stop_at(parts, 7)).state == "stopped"
    vectors.unlink()
    assert worker.work(parts).state == "finished", parts.log()
    assert untimed(parts).equals(untimed(whole))
    given = export(parts, tmp_path / "given")
    assert str(tmp_path) not in (given.path / "config.json").read_text()
    theirs, ours = (ModelHost("cpu").get(run).model.state_dict() for run in (given, parts))
    assert all(torch.equal(value, ours[name].half().float()) for name, value in theirs.items())


def test_a_run_without_its_vectors_fails_and_says_so(make, tmp_path):
    status = worker.work(make("mine", word_vectors=str(tmp_path / "none.txt")))
    assert status.state == "failed" and not status.bug and "none.txt" in status.message


def test_both_tables_begin_with_the_vectors(vectors):
    settings = [f"model.{part}.{name}={WIDTH}" for part in ("encoder", "decoder")
                for name in ("embedding", "hidden")]  # fmt: skip
    config = override(preset("vanilla"), [*settings, f"model.word_vectors={vectors}"])
    words = ["<pad>", "<s>", "</s>", "<unk>", "dog", "cat"]
    model = build(config, len(words), 10, words).model
    for table in (model.encoder.embedding, model.decoder.embedding):
        assert (table.weight[5] == 3).all() and not table.weight[0].any()
    plain = build(config, len(words), 10).model
    assert not (plain.decoder.embedding.weight[5] == 3).any()


def test_a_relative_path_means_the_same_from_everywhere(vectors, monkeypatch):
    monkeypatch.chdir(vectors.parent)
    same = ["model.encoder.embedding=8", "model.decoder.embedding=8"]
    config = override(preset("vanilla"), [*same, "model.word_vectors=vectors.txt"])
    assert config.model.word_vectors == str(vectors)
    assert override(config, ["model.word_vectors="]).model.word_vectors is None
    with pytest.raises(ConfigError, match="word_vectors needs embeddings of one width, got 9"):
        override(config, ["model.encoder.embedding=9"])
