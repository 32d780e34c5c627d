"""Commands that look at the posterior and move sentences about: posterior, traverse, attribute."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands import drawn, terminal
from engine.commands.inputs import encoded_rows
from engine.commands.latent import (
    Checkpoint,
    Device,
    Json,
    Seed,
    decoding_of,
    open_model,
    origin,
)
from engine.commands.training import RunName
from engine.config import ConfigError

if TYPE_CHECKING:
    from engine.evaluation.posterior import PosteriorReport
    from engine.explore.attributes import AttributeVector
    from engine.explore.decoded import Decoded

Split = Annotated[str, typer.Option(help="train, valid or test.")]
Rows = Annotated[int, typer.Option("--n", "-n", min=6, help="So many sentences of the split.")]
Sentence = Annotated[
    str, typer.Argument(metavar="SENTENCE", help=f"The sentence to move{drawn.OR_PICTURE}.")
]


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    for command in (posterior, traverse, attribute):
        app.command()(command)


def posterior(
    run: RunName,
    split: Split = "valid",
    rows: Rows = 2000,
    worst: Annotated[
        int, typer.Option(min=0, help="Prior draws decoded from the deepest holes.")
    ] = 5,
    seed: Seed = 42,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    output: drawn.Output = None,
    json: Json = False,
) -> None:
    """Is the posterior alive? The verdict with its evidence, holes, and what lies in them."""
    from engine.evaluation.posterior import posterior_report
    from engine.explore.holes import decode_extremes
    from engine.runs.material import split_of

    hosted = open_model(run, checkpoint, device)
    drawn.of_images(hosted, output)
    config = hosted.config
    used = [remedy.name for remedy in config.objective.remedies]
    with terminal.progress() as progress:
        tokens = split_of(hosted.run, config, split, progress)
        found = posterior_report(
            hosted.model,
            tokens,
            rows,
            used=used,
            family=config.model.latent.name,
            seed=seed,
            progress=progress,
        )
    draws = []
    if found.holes is not None and worst:
        draws = decode_extremes(
            hosted.model, hosted.tokenizer, found.holes, worst, decoding_of(hosted)
        ).worst
    if json:
        facts = {"split": split, "metrics": found.scalars, "kl_per_unit": found.kl_per_unit}
        verdict = None if found.diagnosis is None else asdict(found.diagnosis)
        more = {"diagnosis": verdict, "absent": found.absent, "worst": [asdict(d) for d in draws]}
        terminal.show_json(origin(hosted) | facts | more)
        return
    for line in _told(found):
        typer.echo(line)
    if drawn.of_images(hosted):
        drawn.show([draw.text for draw in draws], output)
        return
    for draw in draws:
        typer.echo(f"{draw.ratio:8.1f}  {draw.text}")


def _told(found: PosteriorReport) -> list[str]:
    """The verdict, holes, advice, and what is absent."""
    lines = [] if found.diagnosis is None else [*found.diagnosis.words, *found.diagnosis.advice]
    if found.holes is not None:
        lines += found.holes.words(found.scalars.get("mutual_information"))
    return [*lines, *dict.fromkeys(found.absent.values())]


def traverse(
    run: RunName,
    sentence: Sentence,
    axes: Annotated[str, typer.Option(help="units, or pca for principal axes.")] = "units",
    most: Annotated[
        int, typer.Option(min=1, help="So many axes, those along which codes vary most.")
    ] = 5,
    over: Annotated[
        str, typer.Option(help="quantiles or deviations of the sentences.")
    ] = "quantiles",
    stops: Annotated[int, typer.Option(min=2, help="Codes along each axis.")] = 9,
    split: Split = "valid",
    rows: Rows = 2000,
    seed: Seed = 42,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    output: drawn.Output = None,
    json: Json = False,
) -> None:
    """Move a sentence or picture along single units or principal axes and decode what it becomes."""
    from engine.explore.arithmetic import arithmetic_of
    from engine.explore.traversal import principal_axes, unit_axes
    from engine.explore.traversal import traverse as move

    _one_of("--axes", axes, ("units", "pca"))
    _one_of("--over", over, ("quantiles", "deviations"))
    hosted = open_model(run, checkpoint, device)
    images, sentence = drawn.of_images(hosted, output), drawn.taken(hosted, sentence)
    kind = arithmetic_of(hosted.model.latent)
    with terminal.progress() as progress:
        codes = encoded_rows(hosted, split, rows, seed, device, progress).codes
    every = unit_axes(kind, codes) if axes == "units" else principal_axes(kind, codes, most)
    chosen = sorted(every, key=lambda axis: -axis.sigma)[:most]
    decoding = decoding_of(hosted, seed=seed)
    found = move(hosted.model, hosted.tokenizer, sentence, chosen, over, stops, decoding)  # type: ignore[arg-type]
    if json:
        moved = [
            {"axis": one.axis, "here": one.here, "stops": _stops(one.places, one.stops)}
            for one in found
        ]
        terminal.show_json(origin(hosted) | {"sentence": asdict(found[0].sentence), "axes": moved})
        return
    if images:
        for one in found:
            terminal.note(f"{one.axis}  (the picture itself at {one.here:.2f})")
        drawn.show([stop.text for one in found for stop in one.stops], output, stops)
        return
    for one in found:
        typer.echo(f"{one.axis}  (the sentence itself at {one.here:.2f})")
        for place, stop in zip(one.places, one.stops, strict=True):
            typer.echo(f"{place:8.2f}  {stop.text}")


def attribute(
    run: RunName,
    sentence: Sentence,
    having: Annotated[str, typer.Option(help="A slice or label of sentences that have it.")],
    lacking: Annotated[str, typer.Option(help="A slice or label of sentences that do not.")],
    how: Annotated[str, typer.Option(help="mean, or lda.")] = "mean",
    keep_length: Annotated[
        bool, typer.Option("--keep-length", help="At right angles to how long sentences are.")
    ] = False,
    stops: Annotated[int, typer.Option(min=2, help="Codes from -3 to 3 deviations.")] = 13,
    split: Split = "train",
    rows: Rows = 5000,
    seed: Seed = 42,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    output: drawn.Output = None,
    json: Json = False,
) -> None:
    """Slide a sentence or picture along the direction between two slices or labels, and say how sure it is."""
    import numpy as np

    from engine.commands.mapping import positions_of
    from engine.explore.attributes import attribute_vector, direction_of
    from engine.explore.slide import slide
    from engine.maps.codes import Request

    _one_of("--how", how, ("mean", "lda"))
    hosted = open_model(run, checkpoint, device)
    images, sentence = drawn.of_images(hosted, output), drawn.taken(hosted, sentence)
    latent = hosted.model.latent
    with terminal.progress() as progress:
        encoded = encoded_rows(hosted, split, rows, seed, device, progress)
    asked = Request(hosted.run, hosted.checkpoint, split)
    ones, others = (encoded.codes[positions_of(encoded, asked, name)] for name in (having, lacking))
    lengths = [len(text.split()) for text in encoded.texts]
    left_alone = [direction_of(latent, encoded.codes, lengths)] if keep_length else []
    vector = attribute_vector(latent, ones, others, how, orthogonal_to=left_alone, seed=seed)  # type: ignore[arg-type]
    places = np.linspace(-3, 3, stops).tolist()
    decoding = decoding_of(hosted, seed=seed)
    found = slide(hosted.model, hosted.tokenizer, sentence, vector, places, decoding)
    if json:
        facts = {"vector": _facts(vector), "sentence": asdict(found.sentence)}
        terminal.show_json(origin(hosted) | facts | {"stops": [asdict(s) for s in found.stops]})
        return
    if images:
        drawn.show([stop.decoded.text for stop in found.stops], output, stops)
    for stop in () if images else found.stops:
        sure = "" if stop.agreement is None else f"{stop.agreement:4.0%}"
        typer.echo(f"{stop.s:6.2f} {sure}  {stop.decoded.text}")
    low, high = vector.auc_range
    terminal.note(
        f"{vector.counts[0]} sentences against {vector.counts[1]}: {vector.effect:.2f} deviations apart; "
        f"AUC {vector.auc:.2f} ({low:.2f} to {high:.2f}) on sentences left out"
    )


def _facts(vector: AttributeVector) -> dict[str, Any]:
    names = ("sigma", "effect", "auc", "auc_range", "counts", "how")
    found = {name: getattr(vector, name) for name in names}
    agreement = float(vector.agreement.mean())
    return found | {"direction": vector.direction.tolist(), "agreement": agreement}


def _stops(places: list[float], stops: list[Decoded]) -> list[dict[str, Any]]:
    return [{"place": place} | asdict(stop) for place, stop in zip(places, stops, strict=True)]


def _one_of(option: str, value: str, choices: tuple[str, ...]) -> None:
    from engine.config import one_of

    if value not in choices:
        raise ConfigError(one_of(option, value, choices))
