"""What training reads of pictures: grey drawn anew, everything else the fixed draw; never text as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.config import ConfigError, DataError
from engine.data import library
from engine.data.batches import Batches
from engine.data.binarising import DynamicBatches
from engine.data.corpus import delete
from engine.data.library import resolve
from engine.data.tokenizers import TokenizerConfig
from engine.data.writing import Draft
from engine.experiment import DataConfig, ExperimentConfig
from engine.runs import store
from engine.runs.material import prepare, split_of, trained_rows

SIDE = 8


@pytest.fixture
def run(home: Path) -> store.Run:
    return store.create(ExperimentConfig().model_dump(mode="json"), "pictures")


def config(data: str = "digits", limit: int | None = None, **tokenizer: Any) -> ExperimentConfig:
    """Of data and tokeniser alone; which models go with them is not the question here."""
    settings = {"kind": "pixels", "side": SIDE} | tokenizer
    return ExperimentConfig().model_copy(
        update={
            "data": DataConfig(name=data, max_tokens=SIDE**2, limit=limit),
            "tokenizer": TokenizerConfig.model_validate(settings),
        }
    )


def test_training_draws_grey_anew_and_validation_does_not(run: store.Run) -> None:
    found = prepare(run, config())
    assert type(found.batches) is DynamicBatches and found.rows == 1_437
    first = found.batches.epoch(0)[0]
    torch.manual_seed(0)
    assert (found.batches.rows(first) != found.batches.rows(first)).any()
    assert np.array_equal(found.valid.rows(range(9)), found.valid.rows(range(9)))
    assert found.valid.rows(range(180)).max() == 5


def test_the_tokens_of_training_are_those_that_other_pages_read(run: store.Run) -> None:
    settings = config(limit=50)
    found, whole = prepare(run, settings), split_of(run, settings, "train")
    rows = trained_rows(len(whole), 50, settings.seed)
    assert np.array_equal(found.batches.tokens.rows(range(50)), whole.rows(rows))


def test_fixed_binarisation_reads_the_same_in_every_epoch(run: store.Run) -> None:
    found = prepare(run, config(binarisation="fixed"))
    assert type(found.batches) is Batches
    texts = resolve("digits").texts("train")[:9]
    assert found.batches.rows(range(9)).tolist() == found.tokenizer.encode(texts)


def test_text_is_not_read_as_pictures_nor_pictures_as_text(run: store.Run, toy: str) -> None:
    with pytest.raises(ConfigError, match="'toy' holds text"):
        prepare(run, config(toy))
    with pytest.raises(ConfigError, match="'digits' holds pictures"):
        prepare(run, config(kind="word"))
    assert not (run.path / store.TOKENIZER_FILE).exists()


def test_a_picture_that_would_be_cut_is_refused(run: store.Run) -> None:
    with pytest.raises(ConfigError, match="data.max_tokens must be at least 144"):
        prepare(run, config(side=12))


def test_rows_of_data_that_were_deleted_are_not_downloaded_again_to_be_looked_at(
    run: store.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Draft("ptb") as draft:  # also the name of a published one
        draft.add({"text": [f"the cat sees bird {i}" for i in range(50)]})
        draft.finish(title="ptb", source="a test")
    settings = ExperimentConfig(data=DataConfig(name="ptb"))
    assert prepare(run, settings).rows == len(split_of(run, settings, "train")) == 40
    delete("ptb")
    asked: list[str] = []
    monkeypatch.setattr(library, "download", lambda name, **_: asked.append(name))
    with pytest.raises(DataError, match="data import ptb"):
        split_of(run, settings, "train")
    assert asked == []
