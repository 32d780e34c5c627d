"""The posterior report of a run, for a page: found, or made as a background job."""

from __future__ import annotations

from app import jobs, loaders
from engine.maps import posteriors
from engine.maps.posteriors import Kept, Request

__all__ = ["Kept", "Request", "find", "key", "make"]

find = posteriors.find


def key(request: Request) -> str:
    """The background job that makes this report."""
    return f"posterior:{request.run.name}:{request.mark}"


def make(request: Request, progress: jobs.Progress) -> None:
    """Make it, with the models of this process."""
    posteriors.make(request, loaders.host(), progress)
