"""How long, how fast and where a model is trained."""

from __future__ import annotations

from typing import Literal

from engine.config import Config, param
from engine.training.optimisers import OPTIMISERS, SGD
from engine.training.plateau import PlateauConfig
from engine.training.recording import MeanSpaceConfig
from engine.training.schedules import SCHEDULES, Constant


class TrainingConfig(Config):
    """How long, how fast and where."""

    epochs: int = param(
        20,
        "Most passes over the training split (100 in He et al. 2019).",
        ge=1,
        le=100_000,
        unit="epochs",
        basic=True,
    )
    max_steps: int | None = param(
        None,
        "Stop after this many joint updates, whatever the epochs.",
        ge=1,
        le=10**9,
        unit="steps",
    )
    batch_size: int = param(
        32,
        "Sentences per update (32 in He et al. 2019).",
        ge=1,
        le=65_536,
        unit="sentences",
        symbol="B",
        basic=True,
    )
    encoder_optimiser: OPTIMISERS.union = param(SGD.Config(), "Moves encoder and latent family.")  # type: ignore[name-defined]
    decoder_optimiser: OPTIMISERS.union = param(SGD.Config(), "Moves the decoder.")  # type: ignore[name-defined]
    schedule: SCHEDULES.union = param(Constant.Config(), "How the rates move over the run.")  # type: ignore[name-defined]
    accumulate: int = param(
        1,
        "An update's batch goes through in so many parts whose gradients add up: the memory of one part. "
        "What compares the sentences of a batch (MMD, batch norm) sees a part at a time.",
        ge=1,
        le=4096,
        unit="parts",
    )
    clip: float = param(
        5.0, "Largest global norm of the gradient (5 in He et al. 2019).", gt=0, le=1e6
    )
    plateau: PlateauConfig | None = param(
        PlateauConfig(), "Lower the rates when validation stops improving; none keeps them."
    )
    evaluate_every: int | None = param(
        None,
        "Updates between validations, besides the end of every epoch.",
        ge=1,
        le=10**9,
        unit="steps",
    )
    validation_limit: int | None = param(
        None,
        "Random sentences in each validation, always the same ones (max_validation_size in transformer-vae); "
        "none takes the whole split.",
        ge=2,
        le=10**9,
        unit="sentences",
    )
    log_every: int = param(
        20, "Updates averaged into one logged record.", ge=1, le=100_000, unit="steps"
    )
    log_example: bool = param(
        False,
        "With each logged record, also a validation sentence and what comes back of it, in the run's log "
        "(TMNT shows one). Validations write down eight in any case.",
    )
    checkpoint_every: int = param(
        1000,
        "Updates between checkpoints; one is written every 60 s in any case.",
        ge=1,
        le=10**9,
        unit="steps",
    )
    keep_every: int | None = param(
        None,
        "Keep a checkpoint for good every so many updates, to look at training step by step.",
        ge=1,
        le=10**9,
        unit="steps",
    )
    mean_space: MeanSpaceConfig | None = param(
        None,
        "Record the posterior mean space (He et al. 2019) while training; none leaves it out.",
    )
    device: str = param(
        "auto", "auto, cpu, cuda, cuda:1, mps ...", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$"
    )
    precision: Literal["auto", "float32", "bfloat16"] = param(
        "auto", "Number format of matrix products; auto measures which is faster here."
    )
