"""Commands that write sentences or pictures, one for a draw or one for a line: sample, reconstruct."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands import drawn, terminal
from engine.commands.inputs import batches_of, read_lines
from engine.commands.latent import (
    Beam,
    Checkpoint,
    Device,
    Input,
    Json,
    MaxTokens,
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

if TYPE_CHECKING:
    from engine.decoding.config import DecodingConfig
    from engine.explore.reconstruction import Reconstruction
    from engine.explore.sampling import Samples
    from engine.hosting import Hosted

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write them to this file, in order: sentences one a line; of a run of images one PNG.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command()(sample)
    app.command()(reconstruct)


def sample(
    run: RunName,
    n: Annotated[
        int, typer.Option("--count", "--n", "-n", min=1, help="How many sentences or pictures.")
    ] = 10,
    around: Annotated[
        str | None,
        typer.Option(
            help="Draw around this sentence, or the picture in this file, not from the prior."
        ),
    ] = None,
    output: Output = None,
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
    """Write sentences or pictures from draws of the prior, or around one."""
    require_folder(output)
    hosted = open_model(run, checkpoint, device)
    images = drawn.of_images(hosted)
    require_fitting(output, images)
    chosen = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "beam": beam}
    decoding = decoding_of(hosted, max_tokens, strategy=strategy, seed=seed, **chosen)
    from engine.evaluation.diversity import diversity, unique

    found = _drawn(hosted, n, around, decoding)
    # n-grams of pixels mean nothing.
    measures = {"unique": unique(found.ids)} if images else diversity(found.ids)
    if output is not None and not images:
        write_lines(output, found.texts)
        terminal.note(f"{len(found.texts):,} sentences in {output}")
    if images and not (json and output is None):
        drawn.show(found.texts, output)
    if json:
        settings = {"decoding": decoding.model_dump(), "measures": measures}
        terminal.show_json(origin(hosted) | settings | asdict(found))
        return
    for text in found.texts if output is None and not images else ():
        typer.echo(text)
    terminal.note(", ".join(f"{name} {value:.3g}" for name, value in measures.items()))


def _drawn(hosted: Hosted, n: int, around: str | None, decoding: DecodingConfig) -> Samples:
    from engine.explore.sampling import around as draw_around
    from engine.explore.sampling import from_prior, in_parts

    draw = partial(from_prior, hosted.model, hosted.tokenizer)
    if around is not None:
        centre = drawn.taken(hosted, around)
        draw = partial(draw_around, hosted.model, hosted.tokenizer, centre)
    with terminal.progress() as progress:
        return in_parts(draw, n, decoding, progress=progress)


def reconstruct(
    run: RunName,
    input: Annotated[Path, Input],
    output: Output = None,
    draws: Annotated[
        int, typer.Option(min=0, help="Samples of each posterior, decoded beside the code.")
    ] = 0,
    sampled: Annotated[
        bool,
        typer.Option(
            "--sampled",
            "--draw",
            help="Decode a sample of the posterior, as He et al. 2019 do, instead of its mean.",
        ),
    ] = False,
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
    """Encode sentences or pictures and decode their codes: what comes back, one for each.

    Of a run of images one PNG (--output), a row each: the picture, what came back, its draws.
    """
    require_folder(output)
    lines = read_lines(input)
    hosted = open_model(run, checkpoint, device)
    images = drawn.of_images(hosted)
    require_fitting(output, images)
    chosen = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "beam": beam}
    decoding = decoding_of(hosted, max_tokens, strategy=strategy, seed=seed, **chosen)
    numbers = [at for at, line in enumerate(lines) if line]
    given = [drawn.taken(hosted, lines[at]) for at in numbers]
    found = list(_reconstructed(hosted, given, decoding, draws, sampled))
    by_line = dict(zip(numbers, found, strict=True))
    if images and not (json and output is None):
        rows_of = [[one.seen, one.output, *one.draws] for one in found]
        drawn.show([text for row in rows_of for text in row], output, 2 + len(found[0].draws))
    elif output is not None:
        write_lines(output, (by_line[at].output if line else "" for at, line in enumerate(lines)))
        terminal.note(f"{len(lines):,} lines in {output}")
    if json:
        rows = [{"line": at + 1} | asdict(one) for at, one in by_line.items()]
        terminal.show_json(origin(hosted) | {"decoding": decoding.model_dump(), "sentences": rows})
        return
    if output is None and not images:
        _show(found)
    terminal.note(_summary(found))
    if unknown := list(dict.fromkeys(word for one in found for word in one.unknown)):
        more = f" and {len(unknown) - 10:,} more" if len(unknown) > 10 else ""
        terminal.note(f"the vocabulary lacks {', '.join(unknown[:10])}{more}")


def _reconstructed(
    hosted: Hosted, sentences: Sequence[str], decoding: DecodingConfig, draws: int, sampled: bool
) -> Iterator[Reconstruction]:
    from engine.explore.reconstruction import reconstruct as reconstruct_some

    with terminal.progress() as progress:
        done = 0
        for part in batches_of(sentences):
            seeded = decoding.model_copy(update={"seed": decoding.seed + done})
            asked = (hosted.model, hosted.tokenizer, part, seeded)
            yield from reconstruct_some(*asked, draws, sampled=sampled)
            done += len(part)
            progress(done, len(sentences), "reconstructing")


def _show(found: Sequence[Reconstruction]) -> None:
    for one in found:
        mark = "=" if one.exact else "~"
        typer.echo(f"{one.text}\n  {mark} {one.output}")
        for text in one.draws:
            typer.echo(f"    {text}")


def _summary(found: Sequence[Reconstruction]) -> str:
    from engine.data.pictures import is_picture

    exact = sum(one.exact for one in found)
    similarity = sum(one.similarity for one in found) / len(found)
    cut = sum(one.truncated for one in found)
    longer = f"; {cut} longer than the model reads, so cut" if cut else ""
    what = "share of equal pixels" if is_picture(found[0].text) else "edit similarity"
    return f"{exact} of {len(found)} came back exactly; mean {what} {similarity:.3f}{longer}"
