r"""Where differences of codes are added and the sum is a code again, for each latent family.

==================  =======================================  ==========================================
codes               coordinates in which vectors add         back to a code
==================  =======================================  ==========================================
any vectors         the code                                 as it is
unit vectors        the code                                 divided by its length
proportions         :math:`\ln z_k - \overline{\ln z}`       softmax
bits                the code                                 1 where more than one half
==================  =======================================  ==========================================

References:
    Aitchison, The Statistical Analysis of Compositional Data, 1986, Chapman and Hall (log ratios).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from engine.models.latents import LatentFamily

Floats = NDArray[np.float64]
Map = Callable[[Floats], Floats]

# Proportions come from logits within ±15, so that a smaller one is rounding.
_LEAST_PROPORTION = 1e-14


@dataclass(frozen=True)
class Arithmetic:
    """How codes of one kind are added.

    Attributes:
        name: the family's own path between codes.
        to_vectors: codes (..., Z) to coordinates in which vectors add, (..., Z).
        to_codes: coordinates (..., Z) to the codes they stand for, (..., Z).
    """

    name: str
    to_vectors: Map
    to_codes: Map

    def vectors(self, codes: ArrayLike) -> Floats:
        """Coordinates (..., Z) of codes (..., Z)."""
        return self.to_vectors(np.asarray(codes, dtype=np.float64))

    def codes(self, vectors: ArrayLike) -> Floats:
        """Codes (..., Z) at coordinates (..., Z)."""
        return self.to_codes(np.asarray(vectors, dtype=np.float64))

    def add(self, codes: ArrayLike, vectors: ArrayLike) -> Floats:
        """Codes (..., Z) moved by vectors (..., Z)."""
        return self.codes(self.vectors(codes) + np.asarray(vectors, dtype=np.float64))

    def move(self, code: ArrayLike, direction: ArrayLike, far: ArrayLike) -> Floats:
        """A code (Z,) moved by so much (S,) along a direction (Z,) of length 1, (S, Z)."""
        distances = np.asarray(far, dtype=np.float64)[:, None]
        return self.add(code, distances * np.asarray(direction, dtype=np.float64))


class _Bits(Arithmetic):
    """Bits do not move by a little: those flip first that lead farthest along the direction."""

    def move(self, code: ArrayLike, direction: ArrayLike, far: ArrayLike) -> Floats:
        """As many bits flip, the weightiest first, as bring the code so far along the direction."""
        bits, weights = self.vectors(code), np.asarray(direction, dtype=np.float64)
        found = []
        for distance in np.asarray(far, dtype=np.float64):
            # What a flip gains, where the bit can still flip that way.
            gains = np.sign(distance) * weights * np.where(bits > 0.5, -1, 1)
            order = np.argsort(-gains, kind="stable")
            order = order[gains[order] > 0]
            reached = np.cumsum(gains[order])
            flips = order[reached - gains[order] / 2 <= abs(distance)] if distance else order[:0]
            moved = bits.copy()
            moved[flips] = 1 - moved[flips]
            found.append(moved)
        return np.stack(found)


def arithmetic_of(latent: LatentFamily | type[LatentFamily]) -> Arithmetic:
    """The arithmetic of a latent family, told by the path that stays where its codes live."""
    return ARITHMETICS[latent.paths[0]]


def _same(values: Floats) -> Floats:
    return values


def _on_the_sphere(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    # Opposite codes cancel; any direction is as good as another then.
    first = np.eye(vectors.shape[-1])[0]
    return np.where(lengths > 1e-9, vectors / np.maximum(lengths, 1e-9), first)


def _log_ratios(proportions: Floats) -> Floats:
    logs = np.log(np.maximum(proportions, _LEAST_PROPORTION))
    return logs - logs.mean(axis=-1, keepdims=True)


def _softmax(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _nearest_bits(vectors: Floats) -> Floats:
    return (vectors > 0.5).astype(np.float64)


ARITHMETICS: dict[str, Arithmetic] = {
    kind.name: kind
    for kind in (
        Arithmetic("linear", _same, _same),
        Arithmetic("spherical", _same, _on_the_sphere),
        Arithmetic("fisher-rao", _log_ratios, _softmax),
        _Bits("bits", _same, _nearest_bits),
    )
}
