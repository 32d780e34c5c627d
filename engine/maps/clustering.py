"""Groups of a run's sentences: found once in a process of their own, kept, and found again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from engine.config import DataError
from engine.data.corpus import Progress
from engine.explore.clusters import CLUSTERINGS, Clusters, cluster
from engine.explore.clusters.naming import described
from engine.maps import codes, process, projecting, stored
from engine.maps.codes import Codes

if TYPE_CHECKING:
    from engine.hosting import ModelHost

# Raised when the same settings find other groups than before.
_FORMAT = 1


@dataclass(frozen=True)
class Request:
    """Which groups of which sentences.

    Attributes:
        codes: the sentences and the checkpoint that encodes them.
        config: one of the clusterings' configs.
        on: a map whose two axes are looked at, in place of the codes.
    """

    codes: codes.Request
    config: Any
    on: projecting.Request | None = None

    @property
    def file(self) -> Path:
        """Where the groups are kept once they are found."""
        parts = [str(_FORMAT), self.config.model_dump_json()]
        if self.on is not None:
            parts += [self.on.file.name, repr(self.on.axes)]
        mark = hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
        return self.codes.run.cache / f"clusters-{self.codes.mark}-{mark}.npz"

    def to_json(self) -> str:
        """The request for another process."""
        return json.dumps(
            {
                "codes": self.codes.to_dict(),
                "config": self.config.model_dump(mode="json"),
                "on": None if self.on is None else self.on.to_json(),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Request:
        """The request of another process."""
        given = json.loads(text)
        config: Any = TypeAdapter(CLUSTERINGS.union).validate_python(given["config"])
        on = None if given["on"] is None else projecting.Request.from_json(given["on"])
        return cls(codes.Request.from_dict(given["codes"]), config, on)


def find(request: Request, encoded: Codes) -> Clusters | None:
    """The groups if they have been found, of codes that were found by the same request."""
    saved = stored.read(request.file, ("numbers", "fitted"))
    if saved is None or len(saved["numbers"]) != len(encoded.texts):
        return None
    numbers = saved["numbers"]
    return Clusters(numbers, tuple(described(numbers, encoded.texts)), int(saved["fitted"]))


def run(request: Request, progress: Progress) -> None:
    """Find the groups in a process of its own and keep them; waits for it.

    Whoever raises in ``progress`` ends the process and gets its exception back.

    Args:
        request: which groups.
        progress: called a few times a second.

    Raises:
        EngineError: they could not be found; the message says why and what to do.
    """
    arguments = ("cluster-worker",)
    process.follow(arguments, request.to_json(), request.file.parent, progress, "the clusters")


def make(request: Request, host: ModelHost, progress: Progress | None = None) -> Clusters:
    """The groups, found in this process and kept.

    Args:
        request: which groups.
        host: where the model is, for codes that are not there yet.
        progress: told what is being done.

    Raises:
        DataError: the map that they are to be found on has not been made, or codes are not finite.
    """
    encoded = codes.obtain(request.codes, host, progress)
    points = encoded.codes if request.on is None else _drawn(request.on, encoded)
    if progress:
        progress(0, None, "looking for groups")
    found = cluster(request.config, points, encoded.texts, request.codes.seed)
    stored.write(request.file, {"numbers": found.numbers, "fitted": np.array(found.fitted)})
    return found


def _drawn(on: projecting.Request, encoded: Codes) -> NDArray[Any]:
    """The two axes of a map, made now where that takes no time."""
    from engine.explore.plane import Plane
    from engine.explore.projections import PROJECTIONS, project

    made = projecting.find(on, encoded)
    if made is not None:
        return Plane(made.projection, *on.axes).coordinates
    kind: Any = PROJECTIONS[on.config.name]
    if not kind.quick:
        raise DataError(
            f"the map {kind.title} of these sentences has not been made; make it first, or look for "
            "groups in the latent space"
        )
    return Plane(project(on.config, encoded.codes, None, on.groups), *on.axes).coordinates
