"""Commands that write sentences from codes: sample, reconstruct, interpolate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands import terminal
from engine.commands.inputs import batches_of, encoded_rows, read_sentences
from engine.commands.training import RunName
from engine.runs import store

if TYPE_CHECKING:
    from engine.decoding.config import DecodingConfig
    from engine.explore.geodesic import Geodesic
    from engine.explore.interpolation import Interpolation
    from engine.explore.reconstruction import Reconstruction
    from engine.hosting import Hosted

Checkpoint = Annotated[
    str | None,
    typer.Option(help="best, last or step-...; best by default, last before there is one."),
]
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
    app.command()(sample)
    app.command()(reconstruct)
    app.command()(interpolate)


def open_model(run: str, checkpoint: str | None, device: str = "auto") -> Hosted:
    """The model of a run: best where there is one, else last, unless a checkpoint is named."""
    from engine.hosting import ModelHost

    found = store.find(run)
    return ModelHost(device).get(found, checkpoint or found.preferred_checkpoint())


def decoding_of(hosted: Hosted, max_tokens: int | None = None, **settings: Any) -> DecodingConfig:
    """The decoding that options describe, as long as the run's sentences may be."""
    from pydantic import ValidationError

    from engine.config import ConfigError, explain
    from engine.decoding.config import DecodingConfig

    try:
        return DecodingConfig(max_tokens=max_tokens or hosted.config.data.max_tokens, **settings)
    except ValidationError as error:
        raise ConfigError(explain(error)) from error


def sample(
    run: RunName,
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="How many sentences.")] = 10,
    around: Annotated[
        str | None, typer.Option(help="Draw around this sentence, not from the prior.")
    ] = None,
    strategy: Strategy = "greedy",
    temperature: Temperature = 1.0,
    top_k: TopK = 0,
    top_p: TopP = 1.0,
    beam: Beam = 5,
    max_tokens: MaxTokens = None,
    seed: Seed = 42,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Write sentences from draws of the prior, or around a sentence."""
    hosted = open_model(run, checkpoint, device)
    decoding = decoding_of(
        hosted,
        max_tokens,
        strategy=strategy,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        beam=beam,
        seed=seed,
    )
    from engine.evaluation.diversity import diversity
    from engine.explore.sampling import around as draw_around
    from engine.explore.sampling import from_prior

    if around is None:
        drawn = from_prior(hosted.model, hosted.tokenizer, n, decoding)
    else:
        drawn = draw_around(hosted.model, hosted.tokenizer, around, n, decoding)
    measures = diversity(drawn.ids)
    if json:
        settings = {"decoding": decoding.model_dump(), "measures": measures}
        terminal.show_json(origin(hosted) | settings | asdict(drawn))
        return
    for text in drawn.texts:
        typer.echo(text)
    terminal.note(", ".join(f"{name} {value:.3g}" for name, value in measures.items()))


def reconstruct(
    run: RunName,
    input: Annotated[
        Path, typer.Option("--input", "-i", help="A text file, a sentence a line; - reads stdin.")
    ],
    draws: Annotated[
        int, typer.Option(min=0, help="Samples of each posterior, decoded beside the code.")
    ] = 0,
    strategy: Strategy = "greedy",
    beam: Beam = 5,
    max_tokens: MaxTokens = None,
    seed: Seed = 42,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Encode sentences and decode their codes: what comes back."""
    sentences = read_sentences(input)
    hosted = open_model(run, checkpoint, device)
    decoding = decoding_of(hosted, max_tokens, strategy=strategy, beam=beam, seed=seed)
    found = list(_reconstructed(hosted, sentences, decoding, draws))
    if json:
        rows = [asdict(one) for one in found]
        terminal.show_json(origin(hosted) | {"sentences": rows})
        return
    for one in found:
        mark = "=" if one.exact else "~"
        typer.echo(f"{one.text}\n  {mark} {one.output}")
        for text in one.draws:
            typer.echo(f"    {text}")
    terminal.note(_summary(found))


def _reconstructed(
    hosted: Hosted, sentences: Sequence[str], decoding: DecodingConfig, draws: int
) -> Iterator[Reconstruction]:
    from engine.explore.reconstruction import reconstruct as reconstruct_some

    with terminal.progress() as progress:
        done = 0
        for part in batches_of(sentences):
            yield from reconstruct_some(hosted.model, hosted.tokenizer, part, decoding, draws)
            done += len(part)
            progress(done, len(sentences), "reconstructing")


def _summary(found: Sequence[Reconstruction]) -> str:
    exact = sum(one.exact for one in found)
    similarity = sum(one.similarity for one in found) / len(found)
    return f"{exact} of {len(found)} came back exactly; mean edit similarity {similarity:.3f}"


def interpolate(
    run: RunName,
    a: Annotated[str, typer.Argument(metavar="A", help="The first sentence.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The last sentence.")],
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
    json: Json = False,
) -> None:
    """Decode the codes between two sentences, and measure how smooth the path is."""
    hosted = open_model(run, checkpoint, device)
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
    for letter, end in (("A", found.a), ("B", found.b)):
        if end.unknown:
            yield f"{letter}: the vocabulary lacks {', '.join(end.unknown)}"
        if end.truncated:
            yield f"{letter}: longer than the model reads, so it was cut"
        yield f"{letter}: edit similarity of its reconstruction {end.similarity:.2f}"
    if found.ignored:
        yield "the decoder ignores the code: every step reads the same"


def origin(hosted: Hosted) -> dict[str, Any]:
    """Which model a result is of."""
    return {"run": hosted.run.name, "checkpoint": hosted.checkpoint}
