"""The codes of a run's sentences, for a page: found, or encoded as a background job."""

from __future__ import annotations

from dataclasses import dataclass

from app import jobs, loaders
from engine.maps import codes
from engine.maps.codes import Codes

__all__ = ["Codes", "Request", "encode", "read"]


@dataclass(frozen=True)
class Request(codes.Request):
    """Which sentences of which checkpoint."""

    @property
    def key(self) -> str:
        """The background job that encodes these."""
        return f"codes:{self.run.name}:{self.mark}"


def read(request: Request) -> Codes | None:
    """The codes, if they have been encoded."""
    return codes.find(request)


def encode(request: Request) -> jobs.Job:
    """Begin to encode them, or find the job that does."""

    def work(progress: jobs.Progress) -> None:
        codes.encode(request, loaders.host(), progress)

    return jobs.start(request.key, f"Encoding sentences of {request.run.name}", work)
