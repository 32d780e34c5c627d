"""Commands about data: list what there is, download by name, import one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands import terminal
from engine.config import DataError, one_of

if TYPE_CHECKING:
    from engine.data.corpus import Corpus
    from engine.data.downloads.entry import Download
    from engine.data.importing import ImportOptions

app = typer.Typer(
    help="List data sets, download published ones, import your own.", no_args_is_help=True
)


@app.command("list")
def list_data(
    json: Annotated[
        bool, typer.Option("--json", help="Everything that is known, as JSON.")
    ] = False,
) -> None:
    """List the data sets that are here, the built-in ones and the published ones that come when first used."""
    from engine.data.corpus import SPLITS, corpora
    from engine.data.downloads import DOWNLOADS
    from engine.data.library import BUILTIN

    cards = corpora()
    here = {card.name for card in cards}
    absent = [entry for name, entry in BUILTIN.items() if name not in here]
    remote = [entry for name, entry in DOWNLOADS.items() if name not in here]
    if json:
        made = [card.model_dump(mode="json") | {"here": True} for card in cards]
        rest: list[dict[str, Any]] = [
            {"name": e.name, "title": e.title, "kind": e.kind, "builtin": True, "here": False}
            for e in absent
        ]
        rest += [_published(entry) for entry in remote]
        terminal.show_json(made + rest)
        return
    rows = [
        (
            card.name,
            card.kind,
            *(f"{card.rows.get(s, 0):,}" for s in SPLITS),
            card.title,
            card.licence,
        )
        for card in cards
    ]
    rows += [
        (e.name, e.kind, f"~{e.rows:,}", "", "", f"{e.title} (made when first used)", "")
        for e in absent
    ]
    rows += [
        (e.name, e.kind, f"~{e.rows:,}", "", "", f"{e.title} (a download)", e.licence)
        for e in remote
    ]
    terminal.show_table(("data set", "kind", *SPLITS, "title", "licence"), rows)
    terminal.note("hf:OWNER/NAME[:CONFIG[:SPLIT]] stands for any data set of the Hugging Face hub")


def _published(entry: Download) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "help": entry.help,
        "kind": entry.kind,
        "homepage": entry.homepage,
        "licence": entry.licence,
        "rows": entry.rows,
        "label": entry.label,
        "files": [remote.address for remote in entry.files],
        "here": False,
    }


@app.command("import")
def import_data(
    what: Annotated[
        str,
        typer.Argument(
            help="txt, CSV, TSV, JSON Lines or Parquet, also .gz, or a folder of splits; of images an "
            ".npz, or a folder or zip of files; the name of a published data set; or "
            "hf:OWNER/NAME[:CONFIG[:SPLIT]]."
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the data set; the file's by default.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", help="A published data set's file or folder that is here: no download."
        ),
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
    """Import text or images, your own or published ones by name, with training, validation and test splits."""
    given = {
        "text_column": text_column,
        "label_column": label_column,
        "valid": valid,
        "test": test,
        "seed": seed,
        "invert": invert,
    }
    given = {key: value for key, value in given.items() if value is not None}
    with terminal.progress() as progress:
        corpus = _import(what, name, source, given, progress)
    for remark in (corpus.card.licence and f"licence: {corpus.card.licence}", *corpus.card.notes):
        if remark:
            terminal.note(remark)
    splits = ", ".join(f"{rows:,} {split}" for split, rows in corpus.card.rows.items())
    terminal.note(f"data set {corpus.name}: {splits}")
    typer.echo(corpus.name)


def _import(
    what: str,
    name: str | None,
    source: Path | None,
    given: dict[str, Any],
    progress: terminal.Progress,
) -> Corpus:
    """What the command imports: by name where it is one, else by path."""
    from engine.data.downloads import DOWNLOADS
    from engine.data.downloads.entry import PREFIX
    from engine.data.importing import import_path
    from engine.data.library import download

    options = _options(given) if given else None
    published = what in DOWNLOADS
    if published and (columns := {"text_column", "label_column"} & given.keys()):
        flags = " and ".join(f"--{column.replace('_', '-')}" for column in sorted(columns))
        raise DataError(f"the columns of {what} are known: leave out {flags}")
    if published or what.startswith(PREFIX):
        return download(what, source, name, options, progress)
    if source is not None:
        raise DataError(
            f"{one_of('published data set', what, DOWNLOADS)}; --from gives the files of one that is "
            "published, your own are imported by their path alone"
        )
    if not (path := Path(what).expanduser()).exists():
        raise DataError(_nowhere(what))
    return import_path(path, name, options, progress)


def _nowhere(what: str) -> str:
    from engine.data.downloads import DOWNLOADS

    return (
        f"there is no file or folder at {what}; give the path of one, or the name of a published data "
        f"set: {one_of('data set', what, DOWNLOADS)}"
    )


def _options(given: dict[str, Any]) -> ImportOptions:
    from pydantic import ValidationError

    from engine.config import ConfigError, explain
    from engine.data.importing import ImportOptions

    try:
        return ImportOptions.model_validate(given)
    except ValidationError as error:
        raise ConfigError(explain(error)) from error
