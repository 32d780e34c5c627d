"""The command evaluate: one table of everything that applies to a model."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands import drawn, terminal
from engine.commands.latent import (
    Beam,
    Checkpoint,
    Device,
    Json,
    Seed,
    Strategy,
    Temperature,
    TopK,
    TopP,
    decoding_of,
    open_model,
    origin,
)
from engine.commands.outputs import require_fitting, require_folder, write_lines
from engine.commands.training import RunName
from engine.config import ConfigError

if TYPE_CHECKING:
    from engine.evaluation.config import EvaluationConfig
    from engine.hosting import Hosted
    from engine.maps.evaluations import Table

# Of IW-NLL where a run asks for none itself: enough to compare models, and minutes instead of hours.
IW_SAMPLES, IW_ROWS = 100, 200


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command()(evaluate)


def evaluate(
    run: RunName,
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many random sentences.")] = None,
    iw_samples: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Importance samples per sentence for IW-NLL; the papers use 500. As the run has it by "
            f"default, or {IW_SAMPLES} for {IW_ROWS} sentences; 0 leaves it out.",
        ),
    ] = None,
    iw_rows: Annotated[
        int | None, typer.Option(min=0, help="Random sentences behind IW-NLL; 0: all.")
    ] = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help="Also the exact likelihood, by trying every code: Bernoulli latents of at most 16 bits; "
            "slow, so give a --limit.",
        ),
    ] = False,
    reconstructions: Annotated[
        int,
        typer.Option(
            min=0,
            help="Random sentences behind BLEU, edit similarity and exact match; 0 leaves them out.",
        ),
    ] = 500,
    swaps: Annotated[
        int,
        typer.Option(min=0, help="Random sentences that exchange their codes; 0 leaves it out."),
    ] = 500,
    holes: Annotated[
        int,
        typer.Option(min=0, help="Draws of the prior among which holes are counted; 0: none."),
    ] = 1000,
    samples: Annotated[
        int,
        typer.Option(
            min=0,
            help="Sentences written from the prior, and as many real ones beside them; 0 leaves out "
            "forward and backward BLEU and perplexity, diversity, copies and validity.",
        ),
    ] = 1000,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write these sentences to this file, one a line."),
    ] = None,
    strategy: Strategy = "sample",
    temperature: Temperature = 1.0,
    top_k: TopK = 0,
    top_p: TopP = 1.0,
    beam: Beam = 5,
    valid: Annotated[
        str | None,
        typer.Option(
            help="Count valid sentences: python (parses as a statement), digits (draws a picture of 8 by "
            "8), or module:function, yours, which takes a sentence and returns True or False."
        ),
    ] = None,
    probe: Annotated[
        int,
        typer.Option(
            min=0,
            help="Training sentences that a linear probe of the labels is fitted on; 0 leaves it out.",
        ),
    ] = 5000,
    seed: Seed = 42,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Measure a model by every number that applies to it, and keep the table with the run.

    Of a run of images sentences are pictures, tokens pixels, and samples are not measured.
    """
    from engine.evaluation.validity import check_of
    from engine.maps.evaluations import Amounts, measure

    if output is not None and not samples:
        raise ConfigError("--output takes the sentences of --samples, which are left out")
    require_folder(output)
    check = None if valid is None else check_of(valid)
    hosted = open_model(run, checkpoint, device)
    if output is not None:
        _require_samples(hosted, output)
    step = hosted.run.step_of(hosted.checkpoint)  # now: a run that trains will write another
    config = _settings(hosted, iw_samples, iw_rows, seed)
    chosen = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "beam": beam}
    decoding = decoding_of(hosted, None, strategy=strategy, seed=seed, **chosen)
    amounts = Amounts(limit, reconstructions, swaps, holes, samples, probe, exact)
    with terminal.progress() as progress:
        table = measure(hosted, split, config, amounts, decoding, check, progress)
    if output is not None:
        write_lines(output, table.written)
    settings = {
        "step": step,
        "evaluation": config.model_dump(),
        "amounts": asdict(amounts),
        "valid": valid,
    }
    _report(hosted, split, table, settings | {"decoding": decoding.model_dump()}, json)


def _require_samples(hosted: Hosted, output: Path) -> None:
    """Sentences will be written that this file can hold; refused before minutes are spent."""
    if drawn.of_images(hosted):
        raise ConfigError(
            f"evaluate writes no pictures, and {hosted.run.name} is a run of images: leave --output out, and "
            f"draw them with `sample {hosted.run.name} --output pictures.png`"
        )
    require_fitting(output, images=False)


def _settings(
    hosted: Hosted, iw_samples: int | None, iw_rows: int | None, seed: int
) -> EvaluationConfig:
    """The run's settings, and importance samples of a few sentences where it asks for none."""
    from pydantic import ValidationError

    from engine.config import explain
    from engine.evaluation.config import EvaluationConfig

    given = hosted.config.evaluation.model_dump() | {"seed": seed}
    if iw_samples is not None:
        given["iw_samples"] = iw_samples
    elif not given["iw_samples"]:
        given |= {"iw_samples": IW_SAMPLES, "iw_rows": IW_ROWS}
    if iw_rows is not None:
        given["iw_rows"] = iw_rows
    try:
        return EvaluationConfig(**given)
    except ValidationError as error:
        raise ConfigError(explain(error)) from error


def _report(hosted: Hosted, split: str, table: Table, settings: dict[str, Any], json: bool) -> None:
    """Keep the table, and show it."""
    from engine.metrics import describe
    from engine.runs import evaluations

    names = ("metrics", "real", "kl_per_unit", "mean_variance", "notes")
    found = {name: getattr(table, name) for name in names}
    kind = hosted.run.kind
    units = {name: describe(name).unit_for(kind) for name in table.metrics}
    everything = origin(hosted) | {"split": split, "units": units} | found | settings
    path = evaluations.keep(
        hosted.run, split, hosted.checkpoint, everything | {"made": time.time()}
    )
    if json:
        terminal.show_json(everything)
    else:
        rows = [
            (name, _number(value), _number(table.real.get(name)), units[name], describe(name).label)
            for name, value in table.metrics.items()
        ]
        title = f"{hosted.run.name} {split}"
        terminal.show_table(("metric", title, "real text", "unit", "name"), rows)
    for remark in table.notes:
        terminal.note(remark)
    kept = f"kept as {path}" if path else f"{hosted.run.name} is read-only: the table is not kept"
    terminal.note(kept)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
