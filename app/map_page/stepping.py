"""The run over training: the same rows at every checkpoint that was kept, in one frame."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from app import blocks, jobs, loaders, navigation
from app import latent_map as maps
from app.background import Waiting
from app.map_page.loaders import Space, digest
from app.once import once
from engine.explore.steps import Steps
from engine.maps import codes
from engine.maps import steps as kept

FEW = 4
MORE = (
    "A run keeps more where Keep every is set: New run, Advanced, Training, or on the command line --set "
    "training.keep_every=500."
)


def found(space: Space, waiting: Waiting) -> Steps | None:
    """The rows at all checkpoints, once they are encoded.

    Until then the job that does it is begun; where there is but one checkpoint it is said how to keep more.
    """
    request = space.request
    checkpoints = kept.by_step(request.run)
    if len(checkpoints) < 2:
        _too_few(checkpoints)
        return None
    files = [
        replace(request, checkpoint=name, reconstruction=scored).file
        for name, _ in checkpoints
        for scored in (False, True)
    ]
    stamps = [(file.name, file.stat().st_mtime_ns) for file in files if file.exists()]
    there: Steps | None = once(f"steps|{space.key}|{stamps}", lambda: kept.find(request))
    if there is None:
        title = f"Encoding at {len(checkpoints)} checkpoints of {request.run.name}"
        key = f"steps:{request.run.name}:{request.mark}"
        waiting.begin(key, title, partial(_encode, request))
    return there


def _encode(request: codes.Request, progress: jobs.Progress) -> None:
    kept.steps(request, loaders.host(), progress)


def few(steps: Steps) -> str:
    """How a run keeps more steps than these, where they are so few that nothing is seen to move on the way."""
    if len(steps.steps) >= FEW:
        return ""
    return f" Only {len(steps.steps)} checkpoints are here. {MORE}"


def _too_few(checkpoints: list[tuple[str, int]]) -> None:
    there = f"one, of step {checkpoints[0][1]:,}" if checkpoints else "none whose step is known"
    blocks.empty(
        "One checkpoint is no training",
        f"Here the same sentences are seen at several checkpoints; this run has kept {there}. {MORE}",
        "timeline",
    )
    navigation.link("train", "Train such a run")


def points(space: Space, steps: Steps) -> maps.Points:
    """The steps as the map takes them."""
    key = f"steps|{space.key}|{steps.checkpoints}|{digest(steps.coordinates)}"
    return once(key, lambda: maps.Points(steps.coordinates, half=True))


def names(steps: Steps) -> list[str]:
    """What the scrubber calls them."""
    return [f"step {step:,}" for step in steps.steps.tolist()]


def columns(steps: Steps) -> tuple[Any, list[str]]:
    """The coordinates at all steps side by side, and what they are called, for a file."""
    flat = steps.coordinates.transpose(1, 0, 2).reshape(steps.coordinates.shape[1], -1)
    axes = [f"step {step} {axis}" for step in steps.steps.tolist() for axis in ("x", "y")]
    return flat, axes
