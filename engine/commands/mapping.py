"""Commands that lay codes out: project, and the processes behind the map of the app."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands import terminal
from engine.commands.latent import Checkpoint, Device, Json, Seed
from engine.commands.outputs import require_folder
from engine.commands.training import RunName
from engine.config import ConfigError, DataError
from engine.runs import files, store

if TYPE_CHECKING:
    from engine.explore.map_exports import Points
    from engine.explore.projections import Groups
    from engine.maps import codes
    from engine.maps.projecting import Map, Request

ROWS = 5000


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command()(project)
    app.command(hidden=True)(project_worker)
    app.command(hidden=True)(cluster_worker)


def project(
    run: RunName,
    projection: Annotated[
        str, typer.Option(help="pca, units, axis, pacmap, umap or tsne.")
    ] = "pca",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="A=B",
            help="Change a setting of the projection, e.g. n_neighbors=30; may be repeated.",
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "valid",
    n: Annotated[
        int, typer.Option("--n", "-n", min=1, help="So many sentences, each label with its share.")
    ] = ROWS,
    every: Annotated[bool, typer.Option("--all", help="All sentences of the split.")] = False,
    towards: Annotated[
        str | None, typer.Option(help="A slice or label that a custom axis points to.")
    ] = None,
    away: Annotated[
        str | None, typer.Option(help="A slice or label that a custom axis points away from.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Also write texts, coordinates and codes here: .parquet, .csv, or .zip for the "
            "TensorFlow Projector.",
        ),
    ] = None,
    seed: Seed = 42,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Lay the codes of sentences out on a map, measure how far it can be believed, and keep it."""
    from engine.hosting import ModelHost
    from engine.maps import codes
    from engine.maps.projecting import Request, make

    write = _writer(output)
    config = _config(projection, settings or [])
    found = store.find(run)
    asked = codes.Request(
        found, found.checkpoint_named(checkpoint), split, None if every else n, seed
    )
    host = ModelHost(device)
    with terminal.progress() as progress:
        encoded = codes.obtain(asked, host, progress)
        request = Request(asked, config, _groups(encoded, asked, towards, away))
        made = make(request, host, progress)
    if output is not None and write is not None:
        files.write_atomic(output, write(_points(encoded, made)))
    _report(request, encoded, made, json)


def project_worker() -> None:
    """The process that the app starts: the request on stdin, progress on stdout."""
    from engine.hosting import ModelHost
    from engine.maps.process import tell
    from engine.maps.projecting import Request, make

    request = Request.from_json(sys.stdin.read())
    # Bound now: while a library is listened to, sys.stdout is something else.
    make(request, ModelHost(), partial(tell, stream=sys.stdout))


def cluster_worker() -> None:
    """The process that the app starts for clusters: the request on stdin, progress on stdout."""
    from engine.hosting import ModelHost
    from engine.maps.clustering import Request, make
    from engine.maps.process import tell

    request = Request.from_json(sys.stdin.read())
    make(request, ModelHost(), partial(tell, stream=sys.stdout))


def _config(name: str, settings: list[str]) -> Any:
    """The projection's config with what the command line changes."""
    from pydantic import ValidationError

    from engine.config import explain
    from engine.explore.projections import PROJECTIONS

    values: dict[str, str] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"a setting is written a=value, got {setting!r}; e.g. n_neighbors=30")
        values[key] = value
    kind: Any = PROJECTIONS[name]
    try:
        return kind.Config(**values)
    except ValidationError as error:
        raise ConfigError(explain(error)) from error


def _groups(
    encoded: codes.Codes, asked: codes.Request, towards: str | None, away: str | None
) -> Groups | None:
    """The rows that a custom axis tells apart, as positions among those encoded."""
    from engine.explore.projections import Groups

    if towards is None and away is None:
        return None
    if towards is None or away is None:
        raise ConfigError(
            "a custom axis needs both --towards and --away; name a slice or label each"
        )
    to, fro = (positions_of(encoded, asked, name) for name in (towards, away))
    return Groups(to, fro, (away, towards))


def positions_of(encoded: codes.Codes, asked: codes.Request, name: str) -> Any:
    """Where the rows of a slice are, or else those of a label."""
    import numpy as np

    from engine.data import slices
    from engine.data.corpus import Corpus

    data = Corpus.open(str(asked.run.config()["data"]["name"]))
    known = {one.name: one for one in slices.shelf(data).slices if one.split == asked.split}
    if name in known:
        found = known[name].positions(encoded.indices)
    else:
        found = np.flatnonzero(np.asarray(encoded.labels or [], dtype=str) == name)
    if not len(found):
        labels = sorted(set(encoded.labels or []))[:10]
        raise DataError(
            f"none of the {len(encoded.texts):,} sentences is of a slice or label {name!r}; there are "
            f"slices {', '.join(known) or 'none'} and labels {', '.join(labels) or 'none'}"
        )
    return found


def _writer(output: Path | None) -> Any:
    """What writes a file of that ending; asked before anything is computed."""
    from engine.config import one_of
    from engine.explore.map_exports import MAP_EXPORTS

    if output is None:
        return None
    writers = {f".{export.suffix}": export.write for export in MAP_EXPORTS.values()}
    if output.suffix not in writers:
        raise ConfigError(one_of("ending", output.suffix, writers))
    require_folder(output)
    return writers[output.suffix]


def _points(encoded: codes.Codes, made: Map) -> Points:
    from engine.explore.map_exports import Points

    columns: dict[str, Any] = {"kl": encoded.kl, "reconstruction": encoded.reconstruction}
    columns |= {} if made.quality is None else {"neighbour_recall": made.quality.recall_of}
    projection = made.projection
    return Points(
        encoded.indices,
        encoded.texts,
        projection.coordinates,
        projection.names,
        encoded.codes,
        encoded.labels,
        columns,
    )


def _report(request: Request, encoded: codes.Codes, made: Map, json: bool) -> None:
    from engine.metrics import describe

    assert made.quality is not None
    measured = made.quality.scalars()
    if json:
        asked = request.codes
        facts: dict[str, Any] = {
            "run": asked.run.name,
            "checkpoint": asked.checkpoint,
            "split": asked.split,
        }
        facts |= {"sentences": len(encoded.texts), "of": encoded.of, "file": str(request.file)}
        facts |= {"projection": request.config.model_dump(mode="json"), "metrics": measured}
        facts |= {"measured_on": made.quality.n, "neighbours": made.quality.k}
        terminal.show_json(facts | {"notes": list(made.projection.notes)})
        return
    for remark in made.projection.notes:
        terminal.note(remark)
    terminal.note(f"{len(encoded.texts):,} of {encoded.of:,} sentences in {request.file}")
    title = f"{made.quality.k} neighbours of {made.quality.n:,} sentences"
    rows = [(name, f"{value:.4f}", describe(name).label) for name, value in measured.items()]
    terminal.show_table(("metric", title, "name"), rows)
