"""The command line: ``python -m engine``. Everything that the app can do to data and runs, without it."""

from __future__ import annotations

import sys

import typer

from engine.commands import (
    data,
    encoding,
    exploring,
    latent,
    mapping,
    mean_space,
    measuring,
    presets,
    running,
    study,
    training,
    writing,
)
from engine.config import EngineError

app = typer.Typer(
    name="python -m engine",
    help="Trains text VAEs and looks into them. RUN is a run's name or its folder; of a run of images a "
    "sentence is a picture, and a token a pixel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data.app, name="data")
OTHERS = (
    presets,
    training,
    running,
    measuring,
    encoding,
    writing,
    latent,
    exploring,
    mean_space,
    mapping,
    study,
)
for commands in OTHERS:
    commands.add_to(app)


def main(arguments: list[str] | None = None) -> None:
    """Run one command; exit code 2 and one sentence for what the user can mend."""
    try:
        app(args=arguments, prog_name="python -m engine")
    except EngineError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
