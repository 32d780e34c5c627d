"""The command mean-space: where model and encoder put codes, over training or at a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from engine.commands import terminal
from engine.commands.latent import Checkpoint, Device, Json, Seed
from engine.commands.outputs import require_folder
from engine.commands.training import RunName
from engine.config import ConfigError, one_of
from engine.runs import store

if TYPE_CHECKING:
    from engine.explore.mean_space import Along, Film
    from engine.runs.mean_space import Snapshot


class Titled(NamedTuple):
    """A film with the name of its run, and the numbers of its sentences in their split, (N,)."""

    title: str
    film: Film
    rows: Any


def add_to(app: typer.Typer) -> None:
    """Add this command to ``app``."""
    app.command("mean-space")(mean_space)


def mean_space(
    run: RunName,
    checkpoint: Checkpoint = None,
    split: Annotated[str, typer.Option(help="train, valid or test, at a checkpoint.")] = "valid",
    n: Annotated[
        int, typer.Option("--n", "-n", min=2, help="So many sentences, at a checkpoint.")
    ] = 500,
    samples: Annotated[
        int,
        typer.Option(min=2, help="Importance samples a sentence; none for a scalar code."),
    ] = 500,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Also a .csv of every sentence, or an animated .gif."),
    ] = None,
    beside: Annotated[
        str | None, typer.Option(help="A second run, on the same axes of the GIF.")
    ] = None,
    along: Annotated[
        str, typer.Option(help="What is drawn of a larger code: unit:1, component:1 or norm.")
    ] = "unit:1",
    seed: Seed = 42,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """The model's posterior means against the encoder's: as recorded, or of a checkpoint, found now."""
    write = _writer(output)
    chosen, found = _along(along), store.find(run)
    other = store.find(beside) if beside else None
    shown = _snapshots(found, checkpoint, split, n, samples, seed, device)
    if write is not None and output is not None:
        films = [_film(found, shown, chosen)]
        if other:
            second = _snapshots(other, checkpoint, split, n, samples, seed, device)
            films.append(_film(other, second, chosen))
        write(output, films)
        terminal.note(str(output))
    _report(found, shown, json)


def _along(text: str) -> Along:
    from engine.explore.mean_space import Along

    kind, _, number = text.partition(":")
    if kind not in ("unit", "component", "norm"):
        raise ConfigError(one_of("kind of axis", kind, ("unit", "component", "norm")))
    if number and not number.isdecimal():
        raise ConfigError(f"an axis is written unit:1, component:1 or norm, got {text!r}")
    return Along(kind, int(number or 1))  # type: ignore[arg-type]


def _snapshots(
    run: store.Run,
    checkpoint: str | None,
    split: str,
    n: int,
    samples: int,
    seed: int,
    device: str,
) -> list[Snapshot]:
    from engine.runs.mean_space import snapshots

    if checkpoint is None and (recorded := snapshots(run)):
        return recorded
    from engine.hosting import ModelHost
    from engine.maps.mean_space import Request, obtain

    name = run.checkpoint_named(checkpoint)
    with terminal.progress() as progress:
        request = Request(run, name, split, n, samples, seed)
        return [obtain(request, ModelHost(device), progress)]


def _film(run: store.Run, shown: Sequence[Snapshot], along: Along) -> Titled:
    from engine.explore.mean_space import film

    found = film([one.moment for one in shown], [one.means for one in shown], along)
    return Titled(run.name, found, shown[-1].rows)


def _writer(output: Path | None) -> Any:
    """What writes a file of that ending; asked before anything is computed."""
    if output is None:
        return None
    writers = {".csv": _write_csv, ".gif": _write_gif}
    if output.suffix not in writers:
        raise ConfigError(one_of("ending", output.suffix, writers))
    require_folder(output)
    return writers[output.suffix]


def _write_gif(path: Path, films: Sequence[Titled]) -> None:
    from engine.explore.mean_space_pictures import gif
    from engine.runs.files import write_atomic

    moments = sorted({moment for one in films for moment in one.film.moments.tolist()})
    write_atomic(path, gif([(one.title, one.film.at(moments)) for one in films]))


def _write_csv(path: Path, films: Sequence[Titled]) -> None:
    """One line a run, moment and sentence; ``row`` is its number in the split."""
    import pandas as pd

    from engine.runs.files import write_atomic

    parts = [
        pd.DataFrame(
            {
                "run": one.title,
                "moment": moment,
                "row": one.rows,
                "model_mean": one.film.xy[at, :, 0],
                "inference_mean": one.film.xy[at, :, 1],
                "gap": one.film.gap[at],
                "doubtful": one.film.doubtful[at],
            }
        )
        for one in films
        for at, moment in enumerate(one.film.moments.tolist())
    ]
    write_atomic(path, pd.concat(parts).to_csv(index=False))


def _report(run: store.Run, shown: Sequence[Snapshot], json: bool) -> None:
    from engine.evaluation.means import summary
    from engine.metrics import describe

    told = [(one, summary(one.means)) for one in shown]
    if json:
        moments = [
            {"moment": one.moment, "split": one.split, "sentences": len(one.rows)}
            | {"seconds": one.seconds, "metrics": found}
            for one, found in told
        ]
        terminal.show_json({"run": run.name, "moments": moments})
        return
    names = list(dict.fromkeys(name for _, found in told for name in found))
    rows = [
        (f"{one.moment:g}", *(f"{found[n]:.4g}" if n in found else "-" for n in names))
        for one, found in told
    ]
    terminal.show_table(("step", *(describe(name).label for name in names)), rows)
    seconds = sum(one.seconds for one in shown)
    terminal.note(
        f"{len(shown[0].rows):,} sentences of {shown[0].split}; {seconds:.1f} s of looking"
    )
