"""The command that fills a table: one experiment, one thing changed a row, several seeds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from engine.commands import terminal
from engine.config import ConfigError, EngineError, one_of


def add_to(app: typer.Typer) -> None:
    """Add this command to ``app``."""
    app.command()(study)


def study(
    which: Annotated[str, typer.Argument(metavar="STUDY", help="remedies.")],
    data: Annotated[str, typer.Option(help="A data set's name, or a file or folder of text.")],
    preset: Annotated[str, typer.Option(help="What every row starts from.")] = "vanilla",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="A.B=C",
            help="Change a setting in every row that has it; may be repeated.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="So many seeds: 1, 2, 3 ...")] = 3,
    rows: Annotated[
        str | None, typer.Option(help="Only these rows, separated by commas; all by default.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Begins the names of the runs; the study's by default.")
    ] = None,
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "test",
    iw_samples: Annotated[
        int, typer.Option(min=1, help="Importance samples per sentence; the papers use 500.")
    ] = 200,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Evaluate so many random sentences.")
    ] = 500,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write the table here, and the runs beside it as .jsonl."
        ),
    ] = None,
) -> None:
    """Train and measure a table of runs. Cut off, the same command goes on where it was."""
    from engine import studies
    from engine.commands.training import experiment
    from engine.data.library import resolve

    if which not in studies.STUDIES:
        raise ConfigError(one_of("study", which, studies.STUDIES))
    chosen = _chosen(studies.STUDIES[which], rows)
    base = experiment(preset, data, [], None)
    sentences = resolve(base.data.name).rows("train")
    todo = studies.cells(
        name or which, chosen, base, settings or [], range(1, seeds + 1), sentences
    )
    terminal.note(f"{len(todo)} runs: {len(chosen)} rows, {seeds} seeds")
    failed = studies.carry_out(todo, preset, terminal.note)
    config = base.evaluation.model_copy(update={"iw_samples": iw_samples})
    records = studies.measure(todo, split, config, limit, terminal.note)
    text = studies.table(records, iw_samples)
    if output is not None:
        output.write_text(text + "\n", encoding="utf-8")
        beside = output.with_suffix(".jsonl")
        beside.write_text("\n".join(studies.lines(records)) + "\n", encoding="utf-8")
    typer.echo(text)
    if failed:
        raise EngineError("; ".join(failed))


def _chosen(known: Mapping[str, tuple[str, ...]], rows: str | None) -> dict[str, tuple[str, ...]]:
    if rows is None:
        return dict(known)
    names = [row.strip() for row in rows.split(",") if row.strip()]
    for row in names:
        if row not in known:
            raise ConfigError(one_of("row", row, known))
    return {row: known[row] for row in names}
