"""Grey pictures are drawn anew whenever training reads them, and a resumed run draws as if not stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.data import pictures
from engine.data.batches import Batches, Tokens
from engine.data.binarising import DynamicBatches, GreyTokens
from engine.data.pixels import OFF, ON, Pixels
from engine.data.vocabulary import TokenizerConfig
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import VAE, ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import Horizon
from engine.training.config import TrainingConfig
from engine.training.loop import Record, train
from engine.training.state import TrainingState

SIDE = 4
TOKENIZER = Pixels(TokenizerConfig(kind="pixels", side=SIDE))
TIMES = ("seconds", "train/tokens_per_second")


def texts(n: int = 30, levels: tuple[int, ...] = tuple(range(256))) -> list[str]:
    rng = np.random.default_rng(0)
    return [pictures.write(one) for one in rng.choice(levels, (n, SIDE, SIDE)).astype(np.uint8)]


def dynamic(found: list[str], batch_size: int = 10) -> DynamicBatches:
    kept = Tokens.of(TOKENIZER.grey().encode(found))
    return DynamicBatches(GreyTokens(kept.ids, kept.offsets), batch_size, seed=1)


def test_a_model_sees_pixels_that_are_on_or_off_and_other_ones_each_time() -> None:
    batches = dynamic(texts())
    torch.manual_seed(0)
    first, second = batches.rows([0, 1, 2]), batches.rows([0, 1, 2])
    assert first.shape == (3, SIDE * SIDE + 2) and first.dtype == np.int64
    assert set(np.unique(first)) == {1, 2, OFF, ON}
    assert (first != second).any()
    torch.manual_seed(0)
    assert np.array_equal(batches.rows([0, 1, 2]), first)


@pytest.mark.parametrize("level", [1, 60, 128, 254])
def test_a_grey_pixel_is_on_as_often_as_its_level_says(level: int) -> None:
    batches = dynamic(texts(levels=(level,)))
    torch.manual_seed(0)
    read = np.stack([batches.rows(range(30))[:, 1:-1] for _ in range(100)])
    chance = level / 255
    assert abs((read == ON).mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / read.size)


def test_black_and_white_stay_and_cost_no_draw() -> None:
    found = texts(levels=(0, 255))
    batches = dynamic(found)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    assert batches.rows(range(30)).tolist() == TOKENIZER.encode(found)
    assert torch.equal(torch.get_rng_state(), before)


def test_its_tokens_are_the_fixed_draw_for_whoever_measures() -> None:
    found = texts()
    batches = dynamic(found)
    assert batches.tokens.rows(range(30)).tolist() == TOKENIZER.encode(found)


def test_the_order_of_rows_is_that_of_other_batches() -> None:
    batches = dynamic(texts())
    plain = Batches(Tokens.of(TOKENIZER.encode(texts())), 10, seed=1)
    for one, other in zip(batches.epoch(3), plain.epoch(3), strict=True):
        assert np.array_equal(one, other)


def start() -> TrainingState:
    torch.manual_seed(0)
    config = ModelConfig(
        encoder=LSTMEncoder.Config(embedding=4, hidden=6),
        latent=Gaussian.Config(size=2),
        decoder=LSTMDecoder.Config(embedding=4, hidden=6),
        initialisation="pytorch",
    )
    adam = {"name": "adam", "learning_rate": 0.01}
    settings = TrainingConfig.model_validate(
        {
            "encoder_optimiser": adam,
            "decoder_optimiser": adam,
            "log_every": 1,
            "device": "cpu",
            "precision": "float32",
            "plateau": None,
        }
    )
    horizon = Horizon(3, 9)
    remedies = ({"name": "aggressive", "window": 2, "most": 3},)
    objective = Objective(ObjectiveConfig.model_validate({"remedies": remedies}), horizon)
    return TrainingState(build_model(config, TOKENIZER.vocab_size), objective, settings, horizon)


def measure(model: VAE) -> dict[str, float]:
    return {"elbo": 0.0, "kl": 0.0, "mutual_information_batch": 0.0}


def untimed(records: list[Record]) -> list[Record]:
    return [{k: v for k, v in record.items() if k not in TIMES} for record in records]


@pytest.mark.parametrize("stop_at", [2, 3, 5])
def test_a_stopped_and_resumed_run_gives_the_same_numbers(tmp_path: Path, stop_at: int) -> None:
    batches = dynamic(texts())
    whole = untimed(list(train(start(), batches, measure)))
    state, first = start(), []
    for record in train(state, batches, measure):
        first.append(record)
        if record["step"] == stop_at:
            break
    state.save(tmp_path)
    torch.manual_seed(999)
    again = start()
    again.load(tmp_path)
    assert untimed([*first, *train(again, dynamic(texts()), measure)]) == whole
