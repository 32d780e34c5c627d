"""A sentence moved along a direction of the latent space, and what it reads at every stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.decoding.config import DecodingConfig
from engine.evaluation.text import similarities
from engine.explore.arithmetic import arithmetic_of
from engine.explore.attributes import AttributeVector
from engine.explore.decoded import Decoded, decode_codes
from engine.explore.ends import Endpoint, encode_typed, endpoint
from engine.explore.sentences import Sentence, padded

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.evaluation.aggregate import Aggregate
    from engine.models.vae import VAE

STOPS = tuple(np.linspace(-3, 3, 13).tolist())


@dataclass(frozen=True)
class SlideStop:
    """The sentence at one place along the direction.

    Attributes:
        s: how far it was moved, in standard deviations of codes along the direction.
        decoded: what it reads, compared with the unmoved code's sentence.
        similarity: to that sentence, 1 - token edit distance / longer length.
        echo: where the written sentence's own code lies along the direction, in standard deviations from
            the middle of the two groups: whether the model itself reads what it was told to write.
        agreement: share of resampled directions that lead to the same sentence; None without any.
        others: what the others lead to, most often first, with counts.
    """

    s: float
    decoded: Decoded
    similarity: float
    echo: float
    agreement: float | None
    others: list[tuple[str, int]]


@dataclass(frozen=True)
class Slide:
    """A sentence moved along an attribute vector.

    Attributes:
        sentence: as typed, and as it comes back where it is.
        stops: from one end of the direction to the other.
        codes: of the stops, (S, Z).
    """

    sentence: Endpoint
    stops: list[SlideStop]
    codes: NDArray[np.float64]


def slide(
    model: VAE,
    tokenizer: Tokenizer,
    text: str,
    vector: AttributeVector,
    stops: Sequence[float] = STOPS,
    decoding: DecodingConfig | None = None,
    *,
    resamples: int = 10,
    data: Aggregate | None = None,
) -> Slide:
    r"""Decode :math:`z + s\,\sigma_v\,v` for every s, and the same along resampled directions, in one batch.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        text: the sentence.
        vector: the direction and its resamples.
        stops: s, in standard deviations; 0 need not be among them.
        decoding: how to decode; greedy where absent.
        resamples: how many of the resampled directions are decoded beside it.
        data: encoded rows, to flag codes that lie off the data.

    Raises:
        DataError: the sentence is blank.
    """
    decoding = decoding or DecodingConfig()
    typed, (z,) = encode_typed(model, tokenizer, [text], decoding)
    directions = np.concatenate([vector.direction[None], vector.directions[:resamples]])
    far = np.asarray(stops, dtype=np.float64) * vector.sigma
    kind, count = arithmetic_of(model.latent), len(far)
    moved = np.stack([kind.move(z, direction, far) for direction in directions])
    codes = np.concatenate([z[None], moved.reshape(-1, len(z))])
    decoded = decode_codes(model, tokenizer, codes, decoding, compared_with=0, data=data)
    here, there = decoded[0], decoded[1 : count + 1]
    beside = [[one.text for one in decoded[1 + at + count :: count]] for at in range(count)]
    pairs = [(one.ids, here.ids) for one in there]
    similarity = similarities(pairs, tokenizer.config.reads == "images")
    echoes = vector.along(kind.vectors(_encoded(model, there, decoding)))
    found = [
        SlideStop(
            s=float(stops[at]),
            decoded=there[at],
            similarity=float(similarity[at]),
            echo=float(echoes[at]),
            agreement=beside[at].count(there[at].text) / len(beside[at]) if beside[at] else None,
            others=Counter(t for t in beside[at] if t != there[at].text).most_common(),
        )
        for at in range(count)
    ]
    return Slide(endpoint(typed[0], here.ids, here.text), found, moved[0])


def _encoded(
    model: VAE, written: Sequence[Decoded], decoding: DecodingConfig
) -> NDArray[np.float32]:
    """The codes of sentences that were written, (N, Z)."""
    from engine.evaluation.mode import evaluation_mode

    with evaluation_mode(model, decoding.seed) as device:
        x = padded([Sentence(one.text, one.ids, [], False) for one in written])
        return model.code(x.to(device)).cpu().numpy()
