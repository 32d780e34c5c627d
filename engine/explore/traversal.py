"""One unit, or one axis, moved while the others stay: what it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

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
Over = Literal["quantiles", "deviations"]

STOPS = 9
_QUANTILES = (0.01, 0.99)
_DEVIATIONS = (-3.0, 3.0)


@dataclass(frozen=True)
class Axis:
    """A direction through the codes of a corpus.

    Attributes:
        name: ``z[3]`` or ``PC 1``.
        direction: of length 1, in the coordinates in which codes add, (Z,).
        mean, sigma: of encoded sentences along it.
        values: of encoded sentences along it, sorted, (N,).
    """

    name: str
    direction: Floats
    mean: float
    sigma: float
    values: Floats

    def stops(self, over: Over, count: int = STOPS) -> Floats:
        """Places along it: quantiles 1 to 99 % of the sentences, or -3 to 3 deviations from their mean."""
        if over == "quantiles":
            return np.quantile(self.values, np.linspace(*_QUANTILES, count))
        return self.mean + self.sigma * np.linspace(*_DEVIATIONS, count)


@dataclass(frozen=True)
class Traversal:
    """A sentence's code moved along one axis.

    Attributes:
        axis: its name.
        sentence: as typed, and as it comes back where it is.
        here: where along the axis the sentence's own code lies.
        places: where along the axis the stops lie, (S,); for a bit, 0 and 1.
        stops: what each reads, compared with what the sentence's own code reads.
        codes: shape (S, Z).
    """

    axis: str
    sentence: Endpoint
    here: float
    places: list[float]
    stops: list[Decoded]
    codes: Floats

    @property
    def distinct(self) -> int:
        """How many different sentences the stops read: 1 where the axis does nothing to this one."""
        return len({stop.text for stop in self.stops})


def unit_axes(kind: Arithmetic, codes: ArrayLike) -> list[Axis]:
    """The axes of single units, in their order.

    Of proportions, an axis is the log of one of them against the mean of all logs.

    Args:
        kind: how codes of the family add.
        codes: of encoded sentences, (N, Z).
    """
    vectors = kind.vectors(codes)
    units = np.eye(vectors.shape[1])
    if kind.name == "fisher-rao":
        units = units - 1 / len(units)
        units /= np.linalg.norm(units, axis=1, keepdims=True)
    return _axes(vectors, units, [f"z[{unit}]" for unit in range(len(units))])


def principal_axes(kind: Arithmetic, codes: ArrayLike, count: int = 8) -> list[Axis]:
    """The directions in which codes vary most, most first.

    Args:
        kind: how codes of the family add.
        codes: of encoded sentences, (N, Z).
        count: how many at most.
    """
    vectors = kind.vectors(codes)
    _, _, directions = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    kept = directions[:count]
    # A sign is arbitrary; a fixed one keeps an axis of the same codes alike.
    leading = kept[np.arange(len(kept)), np.abs(kept).argmax(axis=1)]
    names = [f"PC {number + 1}" for number in range(len(kept))]
    return _axes(vectors, kept * np.where(leading < 0, -1.0, 1.0)[:, None], names)


def traverse(
    model: VAE,
    tokenizer: Tokenizer,
    text: str,
    axes: Sequence[Axis],
    over: Over = "quantiles",
    stops: int = STOPS,
    decoding: DecodingConfig | None = None,
    data: Aggregate | None = None,
) -> list[Traversal]:
    """Move a sentence's code along each axis, the rest of it unmoved, and decode all stops in one batch.

    Of bits, a unit has two stops, one of which is the sentence's own code; along other axes as many bits
    flip as the distance asks. On a sphere the code turns towards the axis or away from it.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        text: the sentence.
        axes: of ``unit_axes`` or ``principal_axes``.
        over: quantiles of the encoded sentences, or deviations from their mean.
        stops: how many along each axis, at least 2.
        decoding: how to decode; greedy where absent.
        data: encoded rows, to flag stops that lie off the data.

    Raises:
        DataError: the sentence is blank.
        ConfigError: there are fewer than two stops, or no axis.
    """
    if stops < 2 or not axes:
        raise ConfigError(f"a traversal needs an axis and two stops, got {len(axes)} and {stops}")
    decoding, kind = decoding or DecodingConfig(), arithmetic_of(model.latent)
    typed, (z,) = encode_typed(model, tokenizer, [text], decoding)
    routes = [_route(kind, z, axis, over, stops) for axis in axes]
    codes = np.concatenate([z[None], *(moved for _, moved in routes)])
    own, *decoded = decode_codes(model, tokenizer, codes, decoding, compared_with=0, data=data)
    sentence = endpoint(typed[0], own.ids, own.text)
    found, at = [], 0
    for axis, (places, moved) in zip(axes, routes, strict=True):
        part = decoded[at : at + len(moved)]
        here = float(kind.vectors(z) @ axis.direction)
        found.append(Traversal(axis.name, sentence, here, places.tolist(), part, moved))
        at += len(moved)
    return found


def _axes(vectors: Floats, directions: Floats, names: Sequence[str]) -> list[Axis]:
    along = vectors @ directions.T
    return [
        Axis(name, direction, float(values.mean()), float(values.std()), np.sort(values))
        for name, direction, values in zip(names, directions, along.T, strict=True)
    ]


def _route(
    kind: Arithmetic, z: Floats, axis: Axis, over: Over, stops: int
) -> tuple[Floats, Floats]:
    """Places along the axis and the codes there."""
    here = float(kind.vectors(z) @ axis.direction)
    if kind.name == "bits" and np.count_nonzero(axis.direction) == 1:
        places = np.array([0.0, 1.0])
        unit = int(np.abs(axis.direction).argmax())
        codes = np.repeat(kind.vectors(z)[None], 2, axis=0)
        codes[:, unit] = places
        return places, codes
    places = axis.stops(over, stops)
    if kind.name == "spherical":
        return _turned(z, axis.direction, here, places)
    return places, kind.move(z, axis.direction, places - here)


def _turned(z: Floats, direction: Floats, here: float, places: Floats) -> tuple[Floats, Floats]:
    """On the sphere: what is not along the axis keeps its direction and shrinks to make room."""
    places = np.clip(places, -1, 1)[:, None]
    rest = np.asarray(z, dtype=np.float64) - here * direction
    aside = rest / max(float(np.linalg.norm(rest)), 1e-12)
    codes = places * direction + np.sqrt(1 - places**2) * aside
    return places[:, 0], codes / np.linalg.norm(codes, axis=1, keepdims=True)
