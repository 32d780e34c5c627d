"""What is written down of a run beside its metrics, where it is asked for."""

from __future__ import annotations

from typing import Literal

from engine.config import Config, param


class MeanSpaceConfig(Config):
    """Where model and encoder put the codes of a few sentences, recorded while they train."""

    every: int = param(
        200,
        "Updates between two moments (200 in He et al. 2019).",
        ge=1,
        le=10**9,
        unit="steps",
        basic=True,
    )
    sentences: int = param(
        500,
        "Random sentences at each moment (500 in He et al. 2019, 50 for the paths of single ones).",
        ge=2,
        le=100_000,
        unit="sentences",
        basic=True,
    )
    until: int | None = param(
        None,
        "No moments between epochs after so many updates (the first epoch in He et al. 2019); none "
        "goes on to the end.",
        ge=1,
        le=10**9,
        unit="steps",
    )
    epoch_ends: bool = param(True, "Also a moment at the end of every epoch (He et al. 2019).")
    half_steps: bool = param(
        False,
        "Where the encoder is trained alone before each joint update, also moments between the two: "
        "first the encoder's means move, then the model's (He et al. 2019, single sentences).",
    )
    split: Literal["train", "valid"] = param(
        "train", "Where the sentences are from (train in the code of He et al. 2019)."
    )
    samples: int = param(
        200,
        "Importance samples behind each of the model's means, half of the posterior and half of the "
        "prior; no effect on a scalar Gaussian code, whose mean is integrated.",
        ge=2,
        le=100_000,
        unit="samples",
        symbol="K",
    )
