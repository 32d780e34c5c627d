"""What commands that open a model have in common, and interpolate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands import drawn, terminal
from engine.commands.inputs import encoded_rows
from engine.commands.training import RunName
from engine.runs import store

if TYPE_CHECKING:
    from engine.decoding.config import DecodingConfig
    from engine.explore.geodesic import Geodesic
    from engine.explore.interpolation import Interpolation
    from engine.hosting import Hosted

Checkpoint = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        "--restore",
        help="best, last, or a step that was kept, such as 400 or step-00000400; best by default, last "
        "before there is one.",
    ),
]
Input = typer.Option(
    "--input",
    "-i",
    help="A text file (also .gz), a sentence a line; - reads stdin. Of a run of images the file of a "
    "picture, or a text file with a picture's path or data URI a line.",
)
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
Json = Annotated[bool, typer.Option("--json", help="Everything, as JSON on stdout.")]
Strategy = Annotated[str, typer.Option(help="greedy, sample or beam.")]
Temperature = Annotated[float, typer.Option(help="Below 1 safer, above 1 wilder (sample).")]
TopK = Annotated[int, typer.Option(help="Sample among so many tokens only; 0 means all.")]
TopP = Annotated[float, typer.Option(help="Sample among tokens of this share of probability.")]
Beam = Annotated[int, typer.Option(help="Sentences kept in play (beam).")]
MaxTokens = Annotated[
    int | None, typer.Option(help="Longest sentence; the run's limit by default.")
]
Seed = Annotated[int, typer.Option(help="Seed of all random numbers.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command()(interpolate)


def open_model(run: str, checkpoint: str | None, device: str = "auto") -> Hosted:
    """The model of a run: best where there is one, else last, unless a checkpoint is named."""
    from engine.hosting import ModelHost

    found = store.find(run)
    return ModelHost(device).get(found, found.checkpoint_named(checkpoint))


def decoding_of(hosted: Hosted, max_tokens: int | None = None, **settings: Any) -> DecodingConfig:
    """The decoding that options describe, as long as the run's sentences may be."""
    from pydantic import ValidationError

    from engine.config import ConfigError, explain
    from engine.decoding.config import DecodingConfig

    try:
        return DecodingConfig(max_tokens=max_tokens or hosted.config.data.max_tokens, **settings)
    except ValidationError as error:
        raise ConfigError(explain(error)) from error


def interpolate(
    run: RunName,
    a: Annotated[str, typer.Argument(metavar="A", help=f"The first sentence{drawn.OR_PICTURE}.")],
    b: Annotated[str, typer.Argument(metavar="B", help=f"The last sentence{drawn.OR_PICTURE}.")],
    steps: Annotated[int, typer.Option(help="How many codes, both ends included.")] = 11,
    path: Annotated[
        str | None,
        typer.Option(
            help="linear, spherical, norm-preserving ..., geodesic or through-data; the best for such "
            "codes by default."
        ),
    ] = None,
    rows: Annotated[
        int, typer.Option(min=2, help="Training sentences that through-data walks among.")
    ] = 5000,
    strategy: Strategy = "greedy",
    beam: Beam = 5,
    max_tokens: MaxTokens = None,
    seed: Seed = 42,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    output: drawn.Output = None,
    json: Json = False,
) -> None:
    """Decode the codes between two sentences or pictures, and measure how smooth the path is."""
    hosted = open_model(run, checkpoint, device)
    images = drawn.of_images(hosted, output)
    a, b = drawn.taken(hosted, a), drawn.taken(hosted, b)
    decoding = decoding_of(hosted, max_tokens, strategy=strategy, beam=beam, seed=seed)
    from engine.explore.smoothness import smoothness
    from engine.explore.ways import THROUGH_DATA, find_path, graph_of

    with terminal.progress() as progress:
        graph = None
        if path == THROUGH_DATA:
            codes = encoded_rows(hosted, "train", rows, seed, device, progress).codes
            graph = graph_of(hosted.model.latent, codes)
        sentences = (hosted.model, hosted.tokenizer, a, b)
        found = find_path(*sentences, steps, path, decoding, graph=graph, progress=progress)
    measures = smoothness(hosted.model, found.interpolation, decoding.max_tokens)
    if json:
        cost = {} if found.geodesic is None else {"geodesic": _cost(found.geodesic)}
        everything = origin(hosted) | found.interpolation.to_dict() | {"measures": measures}
        terminal.show_json(everything | cost)
        return
    if images:
        drawn.show([step.text for step in found.interpolation.steps], output, steps)
    else:
        for step in found.interpolation.steps:
            typer.echo(f"{step.alpha:.2f}  {step.text}")
    for remark in _remarks(found.interpolation):
        terminal.note(remark)
    terminal.note(", ".join(f"{name} {value:.3g}" for name, value in measures.items()))
    if (bent := found.geodesic) is not None:
        terminal.note(
            f"energy {bent.energy:.2f} nats, {bent.straight_energy:.2f} straight; {bent.passes:,} "
            f"sentences read in {bent.seconds:.1f} s"
        )


def _cost(bent: Geodesic) -> dict[str, Any]:
    """What a geodesic gained and took; its codes are the path's."""
    left_out = ("codes", "anchors", "history")
    return {name: value for name, value in asdict(bent).items() if name not in left_out}


def _remarks(found: Interpolation) -> Iterator[str]:
    """What a reader of the path should know: how true its ends are."""
    from engine.data.pictures import is_picture

    for letter, end in (("A", found.a), ("B", found.b)):
        if end.unknown:
            yield f"{letter}: the vocabulary lacks {', '.join(end.unknown)}"
        if end.truncated:
            yield f"{letter}: longer than the model reads, so it was cut"
        what = "share of equal pixels" if is_picture(end.text) else "edit similarity"
        yield f"{letter}: {what} of its reconstruction {end.similarity:.2f}"
    if found.ignored:
        yield (
            "every step reads the same: the decoder ignores the code, or what is most probable hides it "
            "(--strategy sample shows)"
        )


def origin(hosted: Hosted) -> dict[str, Any]:
    """Which model a result is of."""
    return {"run": hosted.run.name, "checkpoint": hosted.checkpoint}
