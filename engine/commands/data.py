"""Commands about data: list what there is, import one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.commands import terminal
from engine.config import DataError

app = typer.Typer(help="List data sets, and import your own.", no_args_is_help=True)


@app.command("list")
def list_data(
    json: Annotated[
        bool, typer.Option("--json", help="Everything that is known, as JSON.")
    ] = False,
) -> None:
    """List the data sets that are here, and the built-in ones that are made when they are first used."""
    from engine.data.corpus import SPLITS, corpora
    from engine.data.library import BUILTIN

    cards = corpora()
    here = {card.name for card in cards}
    absent = [entry for name, entry in BUILTIN.items() if name not in here]
    if json:
        made = [card.model_dump(mode="json") | {"here": True} for card in cards]
        rest = [
            {"name": e.name, "title": e.title, "kind": e.kind, "builtin": True, "here": False}
            for e in absent
        ]
        terminal.show_json(made + rest)
        return
    rows = [
        (card.name, card.kind, *(f"{card.rows.get(s, 0):,}" for s in SPLITS), card.title)
        for card in cards
    ]
    rows += [
        (e.name, e.kind, f"~{e.rows:,}", "", "", f"{e.title} (made when first used)")
        for e in absent
    ]
    terminal.show_table(("data set", "kind", *SPLITS, "title"), rows)


@app.command("import")
def import_data(
    path: Annotated[
        Path,
        typer.Argument(
            help="txt, CSV, TSV, JSON Lines or Parquet, also .gz, or a folder of splits; of images an .npz, "
            "or a folder or zip of files."
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the data set; the file's by default.")
    ] = None,
    text_column: Annotated[
        str | None, typer.Option(help="Column with the sentences; guessed by default.")
    ] = None,
    label_column: Annotated[
        str | None,
        typer.Option(help="Column or array with the labels; guessed by default, none for ''."),
    ] = None,
    valid: Annotated[float | None, typer.Option(help="Share of validation rows.")] = None,
    test: Annotated[float | None, typer.Option(help="Share of test rows.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the split.")] = None,
    invert: Annotated[
        bool | None,
        typer.Option(help="Of images: exchange light and dark; guessed from borders by default."),
    ] = None,
) -> None:
    """Import text or images as a data set with training, validation and test splits."""
    from pydantic import ValidationError

    from engine.config import ConfigError, explain
    from engine.data.importing import ImportOptions, import_path

    if not path.exists():
        raise DataError(f"there is no file or folder at {path}; give the path of one")
    given = {
        "text_column": text_column,
        "label_column": label_column,
        "valid": valid,
        "test": test,
        "seed": seed,
        "invert": invert,
    }
    try:
        options = ImportOptions.model_validate(
            {key: value for key, value in given.items() if value is not None}
        )
    except ValidationError as error:
        raise ConfigError(explain(error)) from error
    with terminal.progress() as progress:
        corpus = import_path(path, name, options, progress)
    for remark in corpus.card.notes:
        terminal.note(remark)
    splits = ", ".join(f"{rows:,} {split}" for split, rows in corpus.card.rows.items())
    terminal.note(f"data set {corpus.name}: {splits}")
    typer.echo(corpus.name)
