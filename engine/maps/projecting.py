"""Maps of a run's sentences: made once in a process of their own, kept, and found by what they are made of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter

from engine.config import DataError
from engine.data.corpus import Progress
from engine.explore.projections import PROJECTIONS, Groups, Projection, project
from engine.explore.quality import Quality, quality
from engine.maps import codes, process, stored
from engine.maps.codes import Codes

if TYPE_CHECKING:
    from engine.hosting import ModelHost

NEIGHBOURS = 10
# Comparisons of two sentences behind the quality of a map: all of 44,000, 20,000 rows of 100,000.
PAIRS = 2 * 10**9
# Raised when the same settings make another map than before.
_FORMAT = 1


@dataclass(frozen=True)
class Request:
    """Which map of which sentences.

    Attributes:
        codes: the sentences and the checkpoint that encodes them.
        config: one of the projections' configs.
        groups: for a custom axis, as positions among the encoded rows.
        axes: the two components that are drawn, whose quality is measured.
    """

    codes: codes.Request
    config: Any
    groups: Groups | None = None
    axes: tuple[int, int] = (0, 1)

    @property
    def file(self) -> Path:
        """Where the map is kept once it is made."""
        return self.codes.run.cache / f"map-{self.codes.mark}-{self._mark}.npz"

    @property
    def quality_file(self) -> Path:
        """Where the quality of its two axes is kept once it is measured."""
        axes = "-".join(map(str, self.axes))
        return self.codes.run.cache / f"quality-{self.codes.mark}-{self._mark}-{axes}.npz"

    @property
    def _mark(self) -> str:
        digest = hashlib.sha256(f"{_FORMAT}|{self.config.model_dump_json()}".encode())
        if self.groups is not None:
            digest.update(json.dumps(_listed(self.groups)).encode())
        return digest.hexdigest()[:16]

    def to_json(self) -> str:
        """The request for another process."""
        return json.dumps(
            {
                "codes": self.codes.to_dict(),
                "config": self.config.model_dump(mode="json"),
                "groups": None if self.groups is None else _listed(self.groups),
                "axes": self.axes,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Request:
        """The request of another process."""
        given = json.loads(text)
        config: Any = TypeAdapter(PROJECTIONS.union).validate_python(given["config"])
        groups, axes = given["groups"], given["axes"]
        if groups is not None:
            towards, away = (np.array(groups[name], dtype=np.int64) for name in ("towards", "away"))
            groups = Groups(towards, away, (groups["names"][0], groups["names"][1]))
        return cls(codes.Request.from_dict(given["codes"]), config, groups, (axes[0], axes[1]))


@dataclass(frozen=True)
class Map:
    """A map of encoded sentences.

    Attributes:
        projection: the coordinates, and where other codes lie.
        quality: how well its two axes keep neighbours; None until it is measured.
    """

    projection: Projection
    quality: Quality | None = None


def find(request: Request, encoded: Codes) -> Map | None:
    """The map if it has been made, of codes that were found by the same request.

    It may come before its quality, which takes longer for many sentences.
    """
    projection = stored.read_projection(request.file, encoded.codes)
    if projection is None:
        return None
    return Map(projection, stored.read_quality(request.quality_file, len(encoded.codes)))


def run(request: Request, progress: Progress) -> Map:
    """The map and its quality, made by a process of its own if they have not been; waits for it.

    Meant for a thread or a terminal. Whoever raises in ``progress`` ends the process and gets its
    exception back; nothing half-made is left.

    Args:
        request: which map.
        progress: told how far it is a few times a second.

    Raises:
        EngineError: it could not be made; the message says why and what to do.
    """
    made = _found(request)
    if made is None:
        arguments = ("project-worker",)
        process.follow(arguments, request.to_json(), request.file.parent, progress, "the map")
        made = _found(request)
    if made is None:
        raise DataError(
            f"the map of run {request.codes.run.name!r} was made but is not in its cache: the "
            "checkpoint has changed meanwhile; try again"
        )
    return made


def _found(request: Request) -> Map | None:
    encoded = codes.find(request.codes)
    made = None if encoded is None else find(request, encoded)
    return made if made is not None and made.quality is not None else None


def make(request: Request, host: ModelHost, progress: Progress | None = None) -> Map:
    """The map and its quality, made in this process and kept, each as soon as it is there.

    Args:
        request: which map.
        host: where the model is, for codes that are not there yet.
        progress: told how far it is.
    """
    encoded = codes.obtain(request.codes, host, progress)
    projection = stored.read_projection(request.file, encoded.codes)
    if projection is None:
        projection = project(request.config, encoded.codes, progress, request.groups)
        stored.write(request.file, stored.projection_arrays(projection))
    measured = stored.read_quality(request.quality_file, len(encoded.codes))
    if measured is None:
        drawn = projection.coordinates[:, _existing(request.axes, projection)]
        measured = quality(encoded.codes, drawn, NEIGHBOURS, request.codes.seed, PAIRS, progress)
        stored.write(request.quality_file, stored.quality_arrays(measured))
    return Map(projection, measured)


def _existing(axes: tuple[int, int], projection: Projection) -> list[int]:
    """The axes that the map has: a code of one unit has but one."""
    return sorted({min(axis, len(projection.names) - 1) for axis in axes})


def _listed(groups: Groups) -> dict[str, Any]:
    return {
        "towards": np.asarray(groups.towards).tolist(),
        "away": np.asarray(groups.away).tolist(),
        "names": list(groups.names),
    }
