"""The settings of an evaluation; free of torch, so that a page can draw them at once."""

from __future__ import annotations

from typing import Literal

from engine.config import Config, param

# Of IW-NLL where a run asks for none itself: enough to compare models, and minutes instead of hours.
IW_SAMPLES, IW_ROWS = 100, 200


class EvaluationConfig(Config):
    """How much is measured, on how many rows, with which random numbers."""

    mi_rows: int = param(
        2000,
        "Random rows behind the mutual information; the estimate cannot exceed ln of this number.",
        unit="sentences",
        symbol="n",
        ge=2,
        le=50_000,
    )
    mi_batch: int = param(
        32,
        "Batch size of the in-batch mutual information, which cannot exceed ln of it (He et al. "
        "2019 use 32).",
        unit="sentences",
        ge=2,
        le=4096,
    )
    iw_samples: int = param(
        0,
        "Importance samples per sentence for IW-NLL, where a run is evaluated (He et al. 2019 use 500); "
        "0 leaves it out.",
        unit="samples",
        symbol="K",
        ge=0,
        le=100_000,
    )
    iw_rows: int = param(
        0,
        "Random sentences behind IW-NLL, of those that are evaluated; 0 means all.",
        unit="sentences",
        ge=0,
        le=10_000_000,
    )
    iw_validations: bool = param(
        False,
        "IW-NLL at every validation of training too, at its full price each time; an evaluation of the run "
        "has it anyway.",
    )
    iw_chunk: int = param(
        2048,
        "Sentence-sample pairs decoded at once for IW-NLL: memory, not the result, depends on it.",
        unit="pairs",
        ge=1,
        le=1_000_000,
    )
    iw_precision: Literal["float32", "bfloat16"] = param(
        "float32",
        "Arithmetic of the decoder's matrix products in IW-NLL. bfloat16 is faster on devices that "
        "have it and moves a sentence by some hundredths of a nat.",
    )
    batch_size: int = param(
        128, "Sentences encoded and scored at once.", unit="sentences", ge=1, le=65_536
    )
    seed: int = param(
        42, "Seed of the posterior samples and of the choice of rows.", ge=0, le=2**31 - 1
    )
