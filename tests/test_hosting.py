"""Models are loaded once, loaded again when their file changes, and forgotten when room is short."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.config import DataError, RunNotFound
from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.experiment import load_config
from engine.explore.interpolation import between
from engine.hosting import ModelHost
from engine.models.vae import VAE, build_model
from engine.runs import store

SIZES = {"name": "lstm", "embedding": 6, "hidden": 10}
CONFIG = {
    "model": {
        "encoder": SIZES,
        "latent": {"name": "gaussian", "size": 3},
        "decoder": SIZES,
        "initialisation": "pytorch",
    }
}
MakeRun = Callable[[str], store.Run]


@pytest.fixture
def make_run(home: Path) -> Iterator[MakeRun]:
    """Runs as a worker leaves them, without the work."""
    yield _make_run


def _make_run(name: str) -> store.Run:
    run = store.create(load_config(CONFIG).model_dump(mode="json"), name)
    tokenizer = Tokenizer.train(TokenizerConfig(), ["the cat sees the dog", "a bird"])
    tokenizer.save(run.path / "tokenizer.json")
    _save(run, "best", seed=0)
    return run


def _model(run: store.Run, seed: int) -> VAE:
    torch.manual_seed(seed)
    vocab_size = Tokenizer.load(run.path / "tokenizer.json").vocab_size
    return build_model(load_config(run.config()).model, vocab_size)


def _save(run: store.Run, checkpoint: str, seed: int, dtype: torch.dtype = torch.float32) -> VAE:
    """Write the weights that a seed gives, as a worker would."""
    model = _model(run, seed)
    folder = run.path / "checkpoints" / checkpoint
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.to(dtype) for name, value in model.state_dict().items()}
    save_file(weights, folder / "draft")
    (folder / "draft").replace(folder / "model.safetensors")
    return model


def _same(a: VAE, b: VAE) -> bool:
    theirs = b.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in a.state_dict().items())


def test_a_hosted_model_is_ready_to_look_at(make_run: MakeRun) -> None:
    run = make_run("mine")
    hosted = ModelHost("cpu").get(run)
    assert _same(hosted.model, _model(run, seed=0))
    assert not hosted.model.training
    assert not any(weight.requires_grad for weight in hosted.model.parameters())
    assert hosted.tokenizer.vocab_size == hosted.model.vocab_size
    assert (hosted.run, hosted.checkpoint, hosted.device) == (run, "best", torch.device("cpu"))
    assert hosted.config.model.latent.size == 3


def test_a_model_is_loaded_once_however_it_is_asked_for(make_run: MakeRun) -> None:
    run, host = make_run("mine"), ModelHost("cpu")
    assert host.get(run) is host.get("mine") is host.get(run.path)


def test_a_changed_checkpoint_is_loaded_again(make_run: MakeRun) -> None:
    run, host = make_run("mine"), ModelHost("cpu")
    before = host.get(run)
    after_training = _save(run, "best", seed=1)
    again = host.get(run)
    assert again.stamp != before.stamp
    assert _same(again.model, after_training)
    assert not _same(before.model, after_training)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_stored_in_half_precision_compute_in_single(
    make_run: MakeRun, dtype: torch.dtype
) -> None:
    run = make_run("mine")
    _save(run, "best", seed=0, dtype=dtype)
    model = ModelHost("cpu").get(run).model
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    stored = load_file(run.checkpoint("best") / "model.safetensors")
    assert all(torch.equal(v, stored[n].float()) for n, v in model.state_dict().items())
    x = torch.tensor([[1, 4, 5, 2]])
    assert model.decoder.token_nll(x, model.code(x)).isfinite().all()


def test_the_least_recently_used_model_goes_when_room_is_short(make_run: MakeRun) -> None:
    runs = [make_run(name) for name in "abc"]
    one = ModelHost("cpu").get(runs[0]).bytes
    host = ModelHost("cpu", budget_bytes=2 * one)
    a, b = host.get(runs[0]), host.get(runs[1])
    assert host.get(runs[0]) is a
    host.get(runs[2])
    assert host.get(runs[0]) is a
    assert host.get(runs[1]) is not b


def test_a_model_larger_than_the_room_is_kept_alone(make_run: MakeRun) -> None:
    run, host = make_run("mine"), ModelHost("cpu", budget_bytes=1)
    assert host.get(run) is host.get(run)


def test_models_of_one_device_share_a_lock(make_run: MakeRun) -> None:
    host = ModelHost("cpu")
    assert host.get(make_run("a")).lock is host.get(make_run("b")).lock


def test_many_threads_load_a_model_once(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run, host = make_run("mine"), ModelHost("cpu")
    loads: list[int] = []
    load = ModelHost._load
    monkeypatch.setattr(
        ModelHost, "_load", lambda self, *given: (loads.append(1), load(self, *given))[1]
    )
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(host.get(run))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(set(map(id, found))) == 1


def test_twenty_callers_who_interpolate_at_once_all_get_what_each_would_get_alone(
    make_run: MakeRun,
) -> None:
    hosted = ModelHost("cpu").get(make_run("mine"))
    words = ["the cat", "sees", "the dog", "a bird", "a bird sees the cat"]
    pairs = [(words[at % 5], words[(at + 1 + at // 5) % 5]) for at in range(20)]
    alone = [between(hosted.model, hosted.tokenizer, a, b, 5) for a, b in pairs]
    found: dict[int, object] = {}

    def ask(at: int) -> None:
        with hosted.turn():
            found[at] = between(hosted.model, hosted.tokenizer, *pairs[at], 5)

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 20
    for at, one in enumerate(alone):
        assert [step.text for step in found[at].steps] == [step.text for step in one.steps]
        assert np.array(found[at].codes) == pytest.approx(np.array(one.codes))


def test_long_work_gives_way_and_can_still_be_stopped(make_run: MakeRun) -> None:
    hosted = ModelHost("cpu").get(make_run("mine"))
    told: list[tuple[int, int | None, str]] = []
    waited: list[float] = []

    def short() -> None:
        began = time.perf_counter()
        with hosted.turn():
            waited.append(time.perf_counter() - began)

    with hosted.turn():
        progress = hosted.giving_way(lambda *news: told.append(news))
        other = threading.Thread(target=short)
        other.start()
        for part in range(200):
            progress(part, 200, "long work")
            if waited:
                break
        assert waited and len(told) < 200

        def stop(*news: object) -> None:
            raise InterruptedError

        with pytest.raises(InterruptedError):
            hosted.giving_way(stop)(1, 2, "more")
    other.join(5)
    with hosted.turn():
        hosted.giving_way()(0, None, "alone")


def test_a_checkpoint_that_is_not_there_yet_is_missed_with_those_that_are(
    make_run: MakeRun,
) -> None:
    run = make_run("mine")
    with pytest.raises(RunNotFound, match="has no checkpoint 'step-00000400'; it has best"):
        ModelHost("cpu").get(run, "step-00000400")
    shutil.rmtree(run.path / "checkpoints")
    with pytest.raises(RunNotFound, match="it has none yet"):
        ModelHost("cpu").get(run)
    with pytest.raises(RunNotFound, match="no run is named"):
        ModelHost("cpu").get("yours")


def test_a_deleted_run_is_not_served_from_memory(make_run: MakeRun) -> None:
    run, host = make_run("mine"), ModelHost("cpu")
    host.get(run)
    (run.path / "status.json").write_text('{"state": "finished"}')
    store.delete(run)
    with pytest.raises(RunNotFound):
        host.get(run)


def test_a_damaged_checkpoint_is_said_to_be_one(make_run: MakeRun) -> None:
    run = make_run("mine")
    (run.path / "checkpoints" / "best" / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="must be a safetensors file"):
        ModelHost("cpu").get(run)


def test_weights_of_another_model_do_not_fit(make_run: MakeRun) -> None:
    run = make_run("mine")
    path = run.path / "checkpoints" / "best" / "model.safetensors"
    weights = load_file(path)
    weights.pop(sorted(weights)[0])
    save_file(weights, path)
    with pytest.raises(DataError, match=r"must fit the run's config\.json"):
        ModelHost("cpu").get(run)


def test_a_checkpoint_that_is_replaced_while_it_is_read_is_read_whole(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run("mine")
    reads: list[Path] = []

    def load_and_replace(path: Path) -> dict[str, torch.Tensor]:
        weights = load_file(path)
        if not reads:
            _save(run, "best", seed=1)
        reads.append(path)
        return weights

    monkeypatch.setattr("safetensors.torch.load_file", load_and_replace)
    hosted = ModelHost("cpu").get(run)
    assert len(reads) == 2
    assert _same(hosted.model, _model(run, seed=1))
