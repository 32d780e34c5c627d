"""The command evaluate: one table of everything that applies to a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
)
from engine.commands.outputs import require_fitting, require_folder, write_lines
from engine.commands.training import RunName
from engine.config import ConfigError
from engine.evaluation.config import IW_ROWS, IW_SAMPLES

if TYPE_CHECKING:
    from engine.hosting import Hosted
    from engine.maps.orders import Evaluated


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
            help="Random sentences behind BLEU, edit similarity, exact match and token accuracy; 0 leaves "
            "them out.",
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
    paths: Annotated[
        int,
        typer.Option(
            min=0,
            help="With --valid: ways between two random sentences whose inner points are checked; 0: none.",
        ),
    ] = 100,
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
    from engine.maps.evaluations import Amounts
    from engine.maps.orders import Order, carry_out, estimators

    if output is not None and not samples:
        raise ConfigError("--output takes the sentences of --samples, which are left out")
    require_folder(output)
    if valid is not None:
        check_of(valid)  # before the model is loaded
    hosted = open_model(run, checkpoint, device)
    if output is not None:
        _require_samples(hosted, output)
    chosen = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "beam": beam}
    order = Order(
        split,
        estimators(hosted.config, iw_samples, iw_rows, seed),
        Amounts(limit, reconstructions, swaps, holes, samples, paths, probe, exact),
        decoding_of(hosted, None, strategy=strategy, seed=seed, **chosen),
        valid,
    )
    with terminal.progress() as progress:
        found = carry_out(hosted, order, progress)
    if output is not None:
        write_lines(output, found.table.written)
    _report(hosted, found, json)


def _require_samples(hosted: Hosted, output: Path) -> None:
    """Sentences will be written that this file can hold; refused before minutes are spent."""
    if drawn.of_images(hosted):
        raise ConfigError(
            f"evaluate writes no pictures, and {hosted.run.name} is a run of images: leave --output out, and "
            f"draw them with `sample {hosted.run.name} --output pictures.png`"
        )
    require_fitting(output, images=False)


def _report(hosted: Hosted, found: Evaluated, json: bool) -> None:
    """Show the table, and where it is kept."""
    from engine.metrics import describe

    table, units = found.table, found.record["units"]
    if json:
        terminal.show_json({name: value for name, value in found.record.items() if name != "made"})
    else:
        rows = [
            (name, _number(value), _number(table.real.get(name)), units[name], describe(name).label)
            for name, value in table.metrics.items()
        ]
        title = f"{hosted.run.name} {found.record['split']}"
        terminal.show_table(("metric", title, "real text", "unit", "name"), rows)
    for remark in table.notes:
        terminal.note(remark)
    terminal.note(f"kept as {found.path}")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
