"""Commands about runs that are there: list them, stop them, give them away, delete them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from engine.commands import terminal
from engine.commands.latent import Checkpoint
from engine.commands.training import RunName
from engine.runs import launcher, store
from engine.runs.status import Status

PATIENCE_SECONDS = 30.0


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command("runs")(list_runs)
    app.command()(stop)
    app.command()(export)
    app.command()(delete)


def list_runs(
    json: Annotated[
        bool, typer.Option("--json", help="Everything that is known, as JSON.")
    ] = False,
) -> None:
    """List the runs, newest first: state, progress, time left."""
    found = store.runs()
    if json:
        terminal.show_json([_facts(run) for run in found])
        return
    titles = ("run", "state", "step", "left", "tokens/s", "data", "message")
    terminal.show_table(titles, [_row(run) for run in found])


def _facts(run: store.Run) -> dict[str, object]:
    facts = {"name": run.name, "path": str(run.path), "checkpoints": run.checkpoints()}
    return facts | run.status().model_dump() | {"queue_position": launcher.position(run)}


def _row(run: store.Run) -> tuple[str, ...]:
    status = run.status()
    place = launcher.position(run)
    state = f"queued, {place}." if place else status.state
    step = f"{status.step}/{status.total_steps}" if status.total_steps else str(status.step)
    data = str(run.config().get("data", {}).get("name", ""))
    return run.name, state, step, terminal.time_left(status), _speed(status), data, status.message


def _speed(status: Status) -> str:
    return f"{status.tokens_per_second:,.0f}" if status.tokens_per_second else ""


def stop(
    run: RunName,
    force: Annotated[
        bool,
        typer.Option("--force", help="Kill it; what it did since its last checkpoint is lost."),
    ] = False,
) -> None:
    """Stop a run; it writes a checkpoint first, from which `resume` goes on."""
    found = store.find(run)
    if force:
        launcher.kill(found)
    else:
        launcher.stop(found)
        _wait(found)
    status = found.status()
    message = f": {status.message}" if status.message else ""
    typer.echo(f"run {found.name} is {status.state}{message}")


def _wait(run: store.Run) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while run.status().live:
        if time.monotonic() > end:
            terminal.note("it has not stopped yet; `stop --force` kills it")
            return
        time.sleep(0.1)


def export(
    run: RunName,
    target: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    checkpoint: Checkpoint = None,
) -> None:
    """Write a run to a folder to give away: weights in 16 bits, metrics, and no sentence it read."""
    from engine.runs.export import export as write

    found = store.find(run)
    copy = write(found, target, found.checkpoint_named(checkpoint))
    size = sum(path.stat().st_size for path in copy.path.rglob("*") if path.is_file())
    typer.echo(f"{copy.path}: {size / 1e6:.1f} MB")


def delete(
    run: RunName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a run: its model, metrics and everything computed from it."""
    found = store.find(run)
    if not yes:
        typer.confirm(f"Delete run {found.name} in {found.path}?", abort=True, err=True)
    store.delete(found)
    typer.echo(f"run {found.name} is deleted")
