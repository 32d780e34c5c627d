"""The posterior mean space as a film: two coordinates a sentence and moment, whatever the size of the code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.config import ConfigError
from engine.evaluation.means import Means

Kind = Literal["unit", "component", "norm"]
# A mean that fewer than so many samples carry is drawn faint.
FEW_SAMPLES = 10.0


@dataclass(frozen=True)
class Along:
    """What is drawn of a code that has more than one number.

    Attributes:
        kind: a latent unit, a principal direction of all means of the last moment, or the length of both
            means.
        number: which unit or direction, counted from 1; no effect on lengths.
    """

    kind: Kind = "unit"
    number: int = 1

    @property
    def axes(self) -> tuple[str, str]:
        """Names of the two axes."""
        if self.kind == "norm":
            return "length of the model's mean", "length of the inference mean"
        what = {"unit": "unit", "component": "direction"}[self.kind]
        return f"model mean, {what} {self.number}", f"inference mean, {what} {self.number}"


@dataclass(frozen=True)
class Film:
    """The same N sentences at S moments of training, x the model's mean and y the encoder's.

    Attributes:
        moments: joint updates done; a half more between encoder-only updates and the joint one, (S,).
        xy: shape (S, N, 2), float32.
        gap: distance of the two means in the whole latent space, shape (S, N), float32.
        doubtful: whether a model's mean rests on too few effective samples, shape (S, N).
        along: what is drawn.
    """

    moments: NDArray[np.float64]
    xy: NDArray[np.float32]
    gap: NDArray[np.float32]
    doubtful: NDArray[np.bool_]
    along: Along

    def velocity(self) -> NDArray[np.float32]:
        """How fast each sentence moves until the next moment, per 100 updates, (S - 1, N, 2)."""
        passed = np.diff(self.moments)[:, None, None] / 100
        return (np.diff(self.xy, axis=0) / passed).astype(np.float32)

    @property
    def reach(self) -> float:
        """Half the side of a square about the origin that holds nearly all points; at least 3."""
        outermost = float(np.quantile(np.abs(self.xy), 0.999)) if self.xy.size else 0.0
        return max(3.0, 1.08 * outermost)

    def at(self, moments: Sequence[float]) -> Film:
        """The film at these moments: each as it was last seen before, or first after the beginning."""
        place = np.searchsorted(self.moments, np.asarray(moments), side="right") - 1
        chosen = np.clip(place, 0, len(self.moments) - 1)
        told = np.asarray(moments, dtype=np.float64)
        return Film(told, self.xy[chosen], self.gap[chosen], self.doubtful[chosen], self.along)

    def take(self, positions: NDArray[Any]) -> Film:
        """Only the sentences at these positions."""
        columns = (self.xy[:, positions], self.gap[:, positions], self.doubtful[:, positions])
        return Film(self.moments, *columns, self.along)


def film(moments: Sequence[float], means: Sequence[Means], along: Along | None = None) -> Film:
    """A film of snapshots of the same sentences.

    Args:
        moments: when they were taken, ascending.
        means: where the sentences were.
        along: what is drawn; the first unit by default.

    Raises:
        ConfigError: there is no snapshot, or no such unit or direction.
    """
    along = along or Along()
    if not means:
        raise ConfigError("a film needs at least one snapshot; train with training.mean_space set")
    direction = None if along.kind == "norm" else _direction(means[-1], along)
    pairs = [(_drawn(one.model, direction), _drawn(one.inference, direction)) for one in means]
    xy = np.stack([np.stack(pair, axis=-1) for pair in pairs]).astype(np.float32)
    gap = np.stack([np.linalg.norm(one.model - one.inference, axis=1) for one in means])
    doubtful = np.stack([np.nan_to_num(one.ess, nan=np.inf) < FEW_SAMPLES for one in means])
    told = np.asarray(moments, dtype=np.float64)
    return Film(told, xy, gap.astype(np.float32), doubtful, along)


def _drawn(codes: NDArray[Any], direction: NDArray[Any] | None) -> NDArray[Any]:
    return np.linalg.norm(codes, axis=1) if direction is None else codes @ direction


def _direction(last: Means, along: Along) -> NDArray[np.float64]:
    """The unit vector that codes are projected on; the origin stays where it is."""
    size = last.model.shape[1]
    most = size if along.kind == "unit" else min(size, 2 * len(last))
    if not 1 <= along.number <= most:
        raise ConfigError(
            f"the code has {most} {'units' if along.kind == 'unit' else 'directions'}, got number "
            f"{along.number}; choose one from 1 to {most}"
        )
    if along.kind == "unit":
        return np.eye(size)[along.number - 1]
    both = np.concatenate([last.model, last.inference]).astype(np.float64)
    found = np.linalg.svd(both - both.mean(0), full_matrices=False)[2][along.number - 1]
    return found * np.sign(found[np.abs(found).argmax()])
