"""A run's sentences at several checkpoints: encoded one after the other, laid on one map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from engine.config import DataError
from engine.data.corpus import Progress
from engine.explore.steps import Steps, in_one_frame
from engine.maps import codes
from engine.maps.codes import Codes, Request
from engine.runs.store import Run

if TYPE_CHECKING:
    from engine.hosting import ModelHost


def by_step(run: Run) -> list[tuple[str, int]]:
    """The checkpoints of a run in the order of their steps, each step once: (name, step).

    Those that were kept come first; last and best are there where no other has their step.
    """
    found: dict[int, str] = {}
    for name in reversed(run.checkpoints()):  # steps before last before best
        step = run.step_of(name)
        if step is not None:
            found.setdefault(step, name)
    return [(name, step) for step, name in sorted(found.items())]


def codes_at_steps(
    request: Request,
    checkpoints: Sequence[str] | None,
    host: ModelHost,
    progress: Progress | None = None,
) -> list[Codes]:
    """Codes of the same rows at several checkpoints; each is kept, and not encoded twice.

    Args:
        request: which rows; its checkpoint does not matter.
        checkpoints: names, in the order of their steps; all where absent.
        host: where the models are.
        progress: told how many sentences of how many at all checkpoints are done.
    """
    names = [name for name, _ in by_step(request.run)] if checkpoints is None else checkpoints
    found: list[Codes] = []
    for number, name in enumerate(names):
        wanted = replace(request, checkpoint=name, reconstruction=False)
        told = _part(progress, number, len(names), name)
        found.append(codes.obtain(wanted, host, told))
    return found


def steps(
    request: Request,
    host: ModelHost,
    progress: Progress | None = None,
    checkpoints: Sequence[str] | None = None,
    fitted_on: Literal["last", "all"] = "last",
) -> Steps:
    """The map of the same rows over training, in one frame.

    Args:
        request: which rows; its checkpoint does not matter.
        host: where the models are.
        progress: told how many sentences of how many at all checkpoints are done.
        checkpoints: names; all of which the step is known where absent.
        fitted_on: whose principal components make the frame: the last checkpoint's, or all's.

    Raises:
        DataError: the run has fewer than two such checkpoints, or the data set is gone.
    """
    chosen = _chosen(request.run, checkpoints)
    found = codes_at_steps(request, [name for name, _ in chosen], host, progress)
    return _laid_out(chosen, found, fitted_on)


def find(
    request: Request,
    checkpoints: Sequence[str] | None = None,
    fitted_on: Literal["last", "all"] = "last",
) -> Steps | None:
    """The same map if the rows have been encoded at all these checkpoints; None until then.

    Args:
        request: which rows; its checkpoint does not matter.
        checkpoints: names; all of which the step is known where absent.
        fitted_on: whose principal components make the frame.

    Raises:
        DataError: the run has fewer than two such checkpoints, or the data set is gone.
    """
    chosen = _chosen(request.run, checkpoints)
    found: list[Codes] = []
    for name, _ in chosen:
        one = codes.find(replace(request, checkpoint=name, reconstruction=False))
        if one is None:
            return None
        found.append(one)
    return _laid_out(chosen, found, fitted_on)


def _chosen(run: Run, checkpoints: Sequence[str] | None) -> list[tuple[str, int]]:
    """Checkpoints with their steps, two of them at least."""
    chosen = [(n, s) for n, s in by_step(run) if checkpoints is None or n in checkpoints]
    if len(chosen) < 2:
        there = ", ".join(name for name, _ in chosen) or "none"
        raise DataError(
            f"steps need at least two checkpoints of different steps, run {run.name!r} has "
            f"{there}; train with training.keep_every set, so that some are kept"
        )
    return chosen


def _laid_out(
    chosen: Sequence[tuple[str, int]], found: Sequence[Codes], fitted_on: Literal["last", "all"]
) -> Steps:
    names, steps = [name for name, _ in chosen], [step for _, step in chosen]
    return in_one_frame(names, steps, [one.codes for one in found], fitted_on)


def _part(progress: Progress | None, number: int, of: int, name: str) -> Progress | None:
    """Progress of one checkpoint as that of all: each counts as much."""
    if progress is None:
        return None
    tell = progress

    def told(done: int, total: int | None, what: str) -> None:
        share = done / total if total else 0.0
        tell(round(1000 * (number + share)), 1000 * of, f"{what} at {name}")

    return told
