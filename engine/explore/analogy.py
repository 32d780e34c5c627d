"""A is to B as C is to what? The difference of sentences, added to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError
from engine.decoding.config import DecodingConfig
from engine.explore.arithmetic import Arithmetic, arithmetic_of
from engine.explore.decoded import Decoded, decode_codes
from engine.explore.ends import Endpoint, encode_typed, endpoint

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.evaluation.aggregate import Aggregate
    from engine.models.vae import VAE

Floats = NDArray[np.float64]

DEGREES = (0.0, 0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Analogy:
    """What C becomes by the difference of A and B.

    Attributes:
        pairs: A and B of every pair, as typed and as they come back.
        sentence: C, the same.
        degrees: how much of the difference was added.
        answers: what each reads, compared with C's own reconstruction.
        codes: shape (degrees, Z).
        alike: mean cosine between the differences of the pairs; None for a single pair. Near 0 they have
            nothing in common and their mean says little.
        controls: what C becomes, at degree 1, by the difference of random pairs of sentences, made as
            long as the pairs': what any move of that length does.
    """

    pairs: list[tuple[Endpoint, Endpoint]]
    sentence: Endpoint
    degrees: tuple[float, ...]
    answers: list[Decoded]
    codes: Floats
    alike: float | None
    controls: list[Decoded]


def analogy(
    model: VAE,
    tokenizer: Tokenizer,
    pairs: Sequence[tuple[str, str]],
    text: str,
    degrees: Sequence[float] = DEGREES,
    decoding: DecodingConfig | None = None,
    *,
    others: ArrayLike | None = None,
    controls: int = 5,
    seed: int = 42,
    data: Aggregate | None = None,
) -> Analogy:
    r"""Decode :math:`z_C + \alpha\,\overline{(z_B - z_A)}` for every degree, all in one batch.

    References:
        Mikolov, Yih and Zweig, Linguistic Regularities in Continuous Space Word Representations, 2013,
        https://aclanthology.org/N13-1090; Li et al., Optimus, 2020, https://arxiv.org/abs/2004.04092

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        pairs: one (A, B) or several, whose differences are averaged.
        text: C.
        degrees: α.
        decoding: how to decode; greedy where absent.
        others: codes of sentences, (N, Z), from which random pairs are drawn for the control.
        controls: how many random pairs.
        seed: of the random pairs.
        data: encoded rows, to flag codes that lie off the data.

    Raises:
        DataError: a sentence is blank.
        ConfigError: there is no pair.
    """
    if not pairs:
        raise ConfigError("an analogy needs a pair of sentences, A and B, got none")
    decoding, kind = decoding or DecodingConfig(), arithmetic_of(model.latent)
    flat = [one for pair in pairs for one in pair]
    typed, codes = encode_typed(model, tokenizer, [*flat, text], decoding)
    z, vectors = codes[-1], kind.vectors(codes[:-1])
    differences = vectors[1::2] - vectors[::2]
    mean = differences.mean(axis=0)
    moved = kind.add(z, np.asarray(degrees, dtype=np.float64)[:, None] * mean)
    random = _random_moves(kind, mean, others, controls, seed)
    everything = np.concatenate([codes, moved, kind.add(z, random)])
    decoded = decode_codes(
        model, tokenizer, everything, decoding, compared_with=len(flat), data=data
    )
    ends = [endpoint(one, made.ids, made.text) for one, made in zip(typed, decoded, strict=False)]
    first = len(typed)
    return Analogy(
        pairs=list(zip(ends[:-1:2], ends[1:-1:2], strict=True)),
        sentence=ends[-1],
        degrees=tuple(degrees),
        answers=decoded[first : first + len(degrees)],
        codes=moved,
        alike=_alike(differences),
        controls=decoded[first + len(degrees) :],
    )


def _random_moves(
    kind: Arithmetic, mean: Floats, others: ArrayLike | None, count: int, seed: int
) -> Floats:
    """Differences of random pairs of codes, each as long as ``mean``, (count, Z)."""
    if others is None or len(vectors := kind.vectors(others)) < 2:
        return np.empty((0, len(mean)))
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(len(vectors), 2, replace=False) for _ in range(count)]
    moves = np.array([vectors[b] - vectors[a] for a, b in drawn]).reshape(-1, len(mean))
    lengths = np.maximum(np.linalg.norm(moves, axis=1, keepdims=True), 1e-12)
    return moves * (np.linalg.norm(mean) / lengths)


def _alike(differences: Floats) -> float | None:
    """Mean cosine over all pairs of differences; None for one."""
    if len(differences) < 2:
        return None
    lengths = np.maximum(np.linalg.norm(differences, axis=1, keepdims=True), 1e-12)
    cosines = (differences / lengths) @ (differences / lengths).T
    return float(cosines[np.triu_indices(len(differences), 1)].mean())
