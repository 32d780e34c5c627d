"""The command presets: what runs start from, pieces to lay over it, and options of other programs."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.commands import terminal


def add_to(app: typer.Typer) -> None:
    """Add this command to ``app``."""
    app.command()(presets)


def presets(
    json: Annotated[bool, typer.Option("--json", help="Complete settings as JSON.")] = False,
    pieces: Annotated[
        bool, typer.Option("--pieces", help="The pieces that `train --pieces` lays over a preset.")
    ] = False,
    options: Annotated[
        bool,
        typer.Option(
            "--options", help="The options of other programs, and what does the same here."
        ),
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="With --options: the tables of the README.")
    ] = False,
) -> None:
    """List the presets, and what each is for."""
    if options:
        _show_options(json, markdown)
        return
    from engine.presets import PRESETS, about_preset, preset

    if pieces:
        _show_pieces(json)
        return
    if json:
        terminal.show_json({name: preset(name).model_dump(mode="json") for name in PRESETS})
        return
    terminal.show_table(("preset", "what it is for"), [(n, about_preset(n)) for n in PRESETS])


def _show_options(json: bool, markdown: bool) -> None:
    from dataclasses import asdict

    from engine import counterparts

    if markdown:
        typer.echo(counterparts.markdown())
        return
    programs = counterparts.PROGRAMS.values()
    if json:
        terminal.show_json([asdict(program) for program in programs])
        return
    for program in programs:
        terminal.show_entry(program.name, program.about, program.home)
        for option, default, ours, preset, note in map(counterparts.cells, program.rows):
            title = f"{option}  (default: {default})" if default else option
            terminal.show_entry(title, f"{ours} (in preset {preset})" if preset else ours, note)
        typer.echo()


def _show_pieces(json: bool) -> None:
    from engine.presets.pieces import PIECES

    if json:
        terminal.show_json({name: piece._asdict() for name, piece in PIECES.items()})
        return
    for name, piece in PIECES.items():
        terminal.show_entry(name, piece.about, " ".join(piece.settings))
