"""A path through several sentences, one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.config import ConfigError
from engine.decoding.config import DecodingConfig
from engine.explore.decoded import Decoded, decode_codes
from engine.explore.ends import Endpoint, encode_typed, endpoint
from engine.explore.interpolation import allowed
from engine.explore.paths import interpolate

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.evaluation.aggregate import Aggregate
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Tour:
    """A decoded path through several sentences.

    Attributes:
        stops: the sentences as typed and as they come back.
        places: the steps at which the stops are.
        steps: what each code decodes to, compared with the step before.
        codes: shape (steps, Z).
        path: the way between codes that it is made with.
    """

    stops: list[Endpoint]
    places: list[int]
    steps: list[Decoded]
    codes: NDArray[np.float64]
    path: str


def tour(
    model: VAE,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    steps: int = 11,
    path: str | None = None,
    decoding: DecodingConfig | None = None,
    data: Aggregate | None = None,
) -> Tour:
    """Encode several sentences and decode the codes between each and the next, all in one batch.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        texts: at least two sentences.
        steps: how many codes from one sentence to the next, both included.
        path: a name in PATHS that the family has; its best one where absent.
        decoding: how to decode; greedy where absent.
        data: encoded rows, to flag codes that lie off the data.

    Raises:
        DataError: a sentence is blank.
        ConfigError: there are fewer than two sentences or steps, or the path leaves where codes live.
    """
    if len(texts) < 2:
        raise ConfigError(f"a path needs at least two sentences, got {len(texts)}; type another")
    decoding = decoding or DecodingConfig()
    typed, ends = encode_typed(model, tokenizer, texts, decoding)
    path = allowed(model, path)
    legs = [
        interpolate(a, b, steps, path, model.latent.tokens) for a, b in itertools.pairwise(ends)
    ]
    codes = np.concatenate([legs[0], *(leg[1:] for leg in legs[1:])])
    places = [number * (steps - 1) for number in range(len(texts))]
    decoded = decode_codes(model, tokenizer, codes, decoding, data=data)
    stops = [
        endpoint(one, decoded[at].ids, decoded[at].text)
        for one, at in zip(typed, places, strict=True)
    ]
    return Tour(stops, places, decoded, codes, path)
