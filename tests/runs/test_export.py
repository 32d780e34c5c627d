"""An exported run opens like any run, is half the size, and takes no sentence with it."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.config import ConfigError, RunNotFound
from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.experiment import override
from engine.hosting import ModelHost
from engine.models.vae import build_model
from engine.presets import preset
from engine.runs.export import export
from engine.runs.store import Run

SENTENCES = ["a secret sentence of somebody", "another one , just as secret"] * 5


@pytest.fixture
def run(home):
    folder = home / "runs" / "mine"
    (folder / "checkpoints" / "best").mkdir(parents=True)
    config = override(
        preset("quick"), [f"model.{part}.hidden=16" for part in ("encoder", "decoder")]
    )
    tokenizer = Tokenizer.train(TokenizerConfig(), SENTENCES)
    tokenizer.save(folder / "tokenizer.json")
    torch.manual_seed(0)
    model = build_model(config.model, tokenizer.vocab_size)
    save_file(model.state_dict(), folder / "checkpoints" / "best" / "model.safetensors")
    (folder / "config.json").write_text(config.model_dump_json())
    (folder / "metrics.jsonl").write_text('{"step": 1, "valid/kl": 2.0}\n')
    (folder / "probes.jsonl").write_text(json.dumps({"step": 1, "sentences": SENTENCES}) + "\n")
    (folder / "log.txt").write_text(SENTENCES[0])
    (folder / "status.json").write_text(json.dumps({"state": "finished", "step": 1, "host": "x"}))
    return Run(folder)


def test_an_exported_run_opens_and_computes_almost_the_same(run, tmp_path):
    copy = export(run, tmp_path / "given")
    one, other = ModelHost("cpu").get(run), ModelHost("cpu").get(copy)
    x = torch.tensor(one.tokenizer.encode(SENTENCES[:1]))
    assert other.model.code(x).dtype == torch.float32
    torch.testing.assert_close(other.model.code(x), one.model.code(x), rtol=1e-2, atol=1e-3)
    weights = "checkpoints/best/model.safetensors"
    assert (copy.path / weights).stat().st_size < 0.6 * (run.path / weights).stat().st_size
    assert copy.status().state == "finished" and copy.metrics()["valid/kl"].tolist() == [2.0]


def test_an_exported_run_holds_no_sentence_and_no_trace_of_the_machine(run, tmp_path):
    copy = export(run, tmp_path / "given")
    names = {path.name for path in copy.path.rglob("*") if path.is_file()}
    assert names == {
        "config.json", "tokenizer.json", "metrics.jsonl", "status.json", "model.safetensors"
    }  # fmt: skip
    for path in copy.path.glob("*.json*"):
        assert SENTENCES[0] not in path.read_text()
    assert copy.status().host == "" and copy.status().pid is None


def test_whole_numbers_among_the_weights_stay_whole(run, tmp_path):
    """A pre-trained encoder's own ids of words would lose their last digits as float16."""
    file = run.path / "checkpoints" / "best" / "model.safetensors"
    save_file(load_file(file) | {"encoder.ids": torch.tensor([30_521, 4099])}, file)
    copy = export(run, tmp_path / "given")
    exported = load_file(copy.path / "checkpoints" / "best" / "model.safetensors")
    assert exported["encoder.ids"].tolist() == [30_521, 4099]


def test_a_folder_that_exists_is_not_written_over(run, tmp_path):
    (tmp_path / "given").mkdir()
    with pytest.raises(ConfigError, match="exists"):
        export(run, tmp_path / "given")


def test_a_checkpoint_that_is_not_there_leaves_nothing_behind(run, tmp_path):
    with pytest.raises(RunNotFound):
        export(run, tmp_path / "given", "last")
    assert not (tmp_path / "given").exists()
