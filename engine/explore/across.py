"""The same two sentences through several models: checkpoints of a run, or runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.config import EngineError
from engine.decoding.config import DecodingConfig
from engine.explore.interpolation import Interpolation, between
from engine.explore.smoothness import smoothness

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.evaluation.mode import Progress
    from engine.models.vae import VAE

Open = Callable[[], "tuple[VAE, Tokenizer]"]


@dataclass(frozen=True)
class Through:
    """One model's path between the two sentences.

    Attributes:
        label: what the model is called.
        interpolation: its path; None where it could not be made.
        measures: how smooth it is, by names in METRICS. Energies and lengths are nats of this model's own
            tokens: between models that cut text differently they do not compare.
        problem: why there is no path; empty where there is one.
    """

    label: str
    interpolation: Interpolation | None = None
    measures: dict[str, float] = field(default_factory=dict)
    problem: str = ""


def across(
    models: Iterable[tuple[str, Open]],
    a: str,
    b: str,
    steps: int = 11,
    path: str | None = None,
    decoding: DecodingConfig | None = None,
    progress: Progress | None = None,
) -> list[Through]:
    """Interpolate between two sentences with one model after the other.

    A model that fails says why, and the others go on. Only one need be in memory at a time.

    Args:
        models: labels, and functions that load the model and its tokeniser.
        a, b: the two sentences.
        steps: how many codes, both ends included.
        path: a name in PATHS; each latent family's best one where absent.
        decoding: how to decode; greedy where absent.
        progress: told how many models are done.
    """
    listed = list(models)
    found: list[Through] = []
    cut = (decoding or DecodingConfig()).max_tokens
    for label, open_model in listed:
        if progress:
            progress(len(found), len(listed), f"interpolating with {label}")
        try:
            model, tokenizer = open_model()
            one = between(model, tokenizer, a, b, steps, path, decoding)
            found.append(Through(label, one, smoothness(model, one, cut)))
        except EngineError as error:
            found.append(Through(label, problem=str(error)))
    return found
