"""Commands that make runs: train, resume, and the worker behind them."""

from __future__ import annotations

import json
import logging
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands import terminal
from engine.config import EngineError
from engine.runs import health, launcher, store, trial
from engine.runs.status import Status

if TYPE_CHECKING:
    from engine.experiment import ExperimentConfig

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name, or its folder.")]
Background = Annotated[
    bool, typer.Option("--background", help="Train in a process of its own and return at once.")
]


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command()(train)
    app.command()(resume)
    app.command(hidden=True)(worker)


def train(
    preset: Annotated[
        str, typer.Option(help="Where the settings start from; see `presets`.")
    ] = "standard",
    data: Annotated[
        str | None, typer.Option(help="A data set's name, or a file or folder to import.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="A.B=C",
            help="Change a setting, e.g. model.latent.size=16; may be repeated.",
        ),
    ] = None,
    pieces: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Named pieces laid over the preset in this order, before --set; see `presets --pieces`.",
        ),
    ] = "",
    max_steps: Annotated[int | None, typer.Option(help="Stop after so many steps.")] = None,
    name: Annotated[
        str | None, typer.Option(help="The run's name; made from data and preset by default.")
    ] = None,
    background: Background = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Two steps and a validation on a few sentences, and nothing is kept: does it all fit?",
        ),
    ] = False,
) -> None:
    """Train a model. Ctrl-C stops with a checkpoint; `resume` goes on from there."""
    config = experiment(preset, data, [*laid_over(pieces, data), *(settings or [])], max_steps)
    if dry_run:
        _try_out(config)
        return
    run = store.create(config.model_dump(mode="json"), name, preset)
    terminal.note(f"run {run.name} in {run.path}")
    _go(run, background)


_SHORT = ("max_steps=2", "log_every=1", "validation_limit=16", "log_example=false")


def _try_out(config: ExperimentConfig) -> None:
    """A run of two steps, from data to checkpoint, that nothing is kept of whatever comes of it."""
    from engine.experiment import override

    settings = [f"training.{setting}" for setting in _SHORT]
    short = override(config, [*settings, "evaluation.mi_rows=16", "evaluation.iw_samples=0"])
    with trial.on_trial(short.model_dump(mode="json")) as run:
        status = _train_here(run)
    _require_success(status)
    if status.state == "stopped":
        terminal.note("the dry run was stopped before its end; nothing was kept")
        raise typer.Exit(1)
    speed = f"{status.tokens_per_second:,.0f} tokens/s" if status.tokens_per_second else "no speed"
    terminal.note(
        f"two steps, a validation and a checkpoint went well: {status.parameters or 0:,} weights on "
        f"{status.device}, {speed}; nothing was kept"
    )


def laid_over(pieces: str, data: str | None) -> list[str]:
    """The settings of a row of pieces; says which of them a later piece, or --data, overrules."""
    from engine.presets.pieces import names_in, overruled, settings_of

    names = names_in(pieces)
    settings = settings_of(names)
    for remark in overruled(names):
        terminal.note(remark)
    return [one for one in settings if data is None or not one.startswith("data.name=")]


def experiment(
    preset: str, data: str | None, settings: list[str], max_steps: int | None
) -> ExperimentConfig:
    """The preset with what the command line changes; the data exist before there is a run."""
    from engine.data.library import resolve
    from engine.experiment import check, one_batch, override
    from engine.presets import preset as preset_config

    if max_steps is not None:
        settings = [*settings, f"training.max_steps={max_steps}"]
    if data is not None:
        settings = [f"data.name={data}", *settings]
    config = override(preset_config(preset), settings)
    with terminal.progress() as progress:
        corpus = resolve(config.data.name, progress)
    config.tokenizer.require(corpus.card.kind, corpus.name)
    check(config, corpus.rows("train"))
    for warning in one_batch(config, corpus.rows("train")):
        terminal.note(warning)  # the worker's log has those of the objective
    return override(config, [f"data.name={corpus.name}"])


def resume(run: RunName, background: Background = False) -> None:
    """Go on with a run that was stopped, failed or got lost."""
    _go(store.find(run), background)


def _go(run: store.Run, background: bool) -> None:
    if background:
        launcher.start(run)
        typer.echo(run.name)
        return
    _end(run, _train_here(run))


def _train_here(run: store.Run) -> Status:
    from engine.runs.worker import work

    with terminal.logged(run.path / store.LOG_FILE):
        return work(run, terminal.TrainingBar() if terminal.on_terminal() else None)


def _end(run: store.Run, status: Status) -> None:
    """Say how it ended: the name on stdout, the rest on stderr, and the exit code."""
    _require_success(status)
    steps = f"step {status.step} of {status.total_steps}" if status.total_steps else "no step yet"
    terminal.note(f"run {run.name} {status.ended_early or f'{status.state} at {steps}'}")
    if status.state == "finished":
        _say_if_collapsed(run)
    if status.state == "stopped":
        terminal.note(f"go on with: python -m engine resume {run.name}")
    typer.echo(run.name)


def _require_success(status: Status) -> None:
    """End with what went wrong, and exit code 2 where the user can mend it."""
    if status.state == "failed" and not status.bug:
        raise EngineError(status.message)
    if status.state == "failed":
        terminal.note(f"error: {status.message}")
        raise typer.Exit(1)


def _say_if_collapsed(run: store.Run) -> None:
    """What the page Runs says of a code that the decoder ignores, and how to train with a remedy."""
    found, moment = health.diagnosis(run), health.moment(run)
    if found is None or found.state != "collapsed":
        return
    if moment is not None and moment.too_early:
        terminal.note(f"Too early to tell whether the posterior is alive. {moment.too_early}")
        return
    terminal.note(" ".join(found.words))
    if found.remedies:
        remedies = [*run.config()["objective"]["remedies"], {"name": found.remedies[0]}]
        setting = shlex.quote(f"objective.remedies={json.dumps(remedies)}")
        terminal.note(f"What usually helps: {found.advice[0]} Train again with --set {setting}")


def worker(path: Annotated[Path, typer.Argument(help="A run's folder.")]) -> None:
    """The process that the launcher starts; its output is the run's log."""
    from engine.runs.worker import work

    terminal.log_to([logging.StreamHandler(sys.stderr)])
    status = work(store.find(path))
    if status.state == "failed":
        raise typer.Exit(1 if status.bug else 2)
