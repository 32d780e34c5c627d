"""The settings of decoding; free of torch, so that a page can draw them at once."""

from __future__ import annotations

from typing import Literal

from engine.config import Config, param


class DecodingConfig(Config):
    """How a sentence is read off the decoder."""

    strategy: Literal["greedy", "sample", "beam"] = param(
        "greedy",
        "greedy takes the likeliest token each time, sample draws it, beam keeps several sentences in "
        "play and returns the likeliest whole one.",
        basic=True,
    )
    temperature: float = param(
        1.0,
        "Divides the logits before sampling: below 1 safer, above 1 wilder. Sampling only.",
        gt=0,
        le=10,
        basic=True,
    )
    top_k: int = param(
        0,
        "Sample among this many likeliest tokens only (Fan et al. 2018); 0 means all. Sampling only.",
        unit="tokens",
        ge=0,
        le=1_000_000,
    )
    top_p: float = param(
        1.0,
        "Sample among the likeliest tokens that hold this share of the probability (nucleus sampling, "
        "Holtzman et al. 2020); 1 means all. Sampling only.",
        gt=0,
        le=1,
    )
    beam: int = param(
        5,
        "Sentences kept in play (5 in He et al. 2019). Beam only.",
        unit="sentences",
        ge=1,
        le=1000,
        basic=True,
    )
    length_penalty: float = param(
        0.0,
        "Beams are ranked by log-probability / length^this; 0 ranks by total log-probability as He "
        "et al. 2019 do, larger values favour longer sentences. Beam only.",
        symbol="α",
        ge=0,
        le=5,
    )
    max_tokens: int = param(
        40,
        "A sentence is cut after this many tokens, the end token not counted; a picture never is.",
        unit="tokens",
        ge=1,
        le=4096,
    )
    allow_unknown: bool = param(False, "Let the decoder write the unknown token.")
    seed: int = param(42, "Seed of sampling.", ge=0, le=2**31 - 1)
