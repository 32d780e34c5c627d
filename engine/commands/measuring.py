"""Commands that turn text into numbers: evaluate, encode."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands import terminal
from engine.commands.inputs import read_sentences, require_folder
from engine.commands.latent import Checkpoint, Device, Json, Seed, open_model
from engine.commands.training import RunName
from engine.config import ConfigError

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.evaluation.report import EvaluationConfig
    from engine.explore.encoding import Encoded
    from engine.hosting import Hosted


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command()(evaluate)
    app.command()(encode)


def evaluate(
    run: RunName,
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "test",
    iw_samples: Annotated[
        int | None,
        typer.Option(help="Importance samples per sentence for IW-NLL; the papers use 500."),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help="Also the exact likelihood, by trying every code: Bernoulli latents of at most 16 bits; "
            "slow, so give a --limit.",
        ),
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many random sentences.")] = None,
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
    ] = 0,
    seed: Seed = 42,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Measure a model: bounds, perplexity, mutual information, active units, reconstruction."""
    hosted = open_model(run, checkpoint, device)
    config = _settings(hosted, iw_samples, seed)
    found = _measured(hosted, split, config, limit, reconstructions, exact)
    found["metrics"] |= _of_the_code(hosted, split, config, limit, swaps, holes)
    if json:
        origin = {"run": hosted.run.name, "checkpoint": hosted.checkpoint, "split": split}
        terminal.show_json(origin | found | {"evaluation": config.model_dump()})
        return
    from engine.metrics import describe

    rows = [
        (name, f"{value:.6g}", describe(name).unit, describe(name).label)
        for name, value in found["metrics"].items()
    ]
    terminal.show_table(("metric", f"{hosted.run.name} {split}", "unit", "name"), rows)


def _settings(hosted: Hosted, iw_samples: int | None, seed: int) -> EvaluationConfig:
    from pydantic import ValidationError

    from engine.config import explain
    from engine.evaluation.report import EvaluationConfig

    given = hosted.config.evaluation.model_dump() | {"seed": seed}
    if iw_samples is not None:
        given["iw_samples"] = iw_samples
    try:
        return EvaluationConfig(**given)
    except ValidationError as error:
        raise ConfigError(explain(error)) from error


def _measured(
    hosted: Hosted,
    split: str,
    config: EvaluationConfig,
    limit: int | None,
    reconstructions: int,
    exact: bool = False,
) -> dict[str, Any]:
    from engine.decoding.reconstruction import reconstruct_scores
    from engine.evaluation.exact import exact_scores, require_few_codes
    from engine.evaluation.report import evaluate as measure
    from engine.runs.material import split_of

    if exact:
        require_few_codes(hosted.model)  # before minutes are spent on the rest
    with terminal.progress() as progress:
        tokens = split_of(hosted.run, hosted.config, split, progress)
        found = measure(hosted.model, tokens, config, limit=limit, progress=progress)
        scalars = dict(found.scalars)
        scalars |= _rare(hosted, split, tokens, scalars["reconstruction"], limit, config.seed)
        if exact:
            scalars |= exact_scores(hosted.model, tokens, config, limit, progress=progress)
        if reconstructions:
            rows = min(reconstructions, limit or reconstructions)
            scores = reconstruct_scores(
                hosted.model,
                tokens,
                hosted.tokenizer,
                limit=rows,
                seed=config.seed,
                progress=progress,
            )
            scalars |= {name: value for name, value in scores.items() if name != "rows"}
    units = {"kl_per_unit": found.kl_per_unit, "mean_variance": found.mean_variance}
    return {"metrics": scalars} | units


def _of_the_code(
    hosted: Hosted, split: str, config: EvaluationConfig, limit: int | None, swaps: int, holes: int
) -> dict[str, float]:
    """What it costs to swap codes, and where the prior draws codes that no sentence has."""
    from engine.evaluation.aggregate import aggregate
    from engine.evaluation.holes import find_holes
    from engine.evaluation.swapping import swap_codes
    from engine.runs.material import split_of

    scalars: dict[str, float] = {}
    if not (swaps or holes):
        return scalars
    with terminal.progress() as progress:
        tokens = split_of(hosted.run, hosted.config, split, progress)
        rows = min(config.mi_rows, limit or config.mi_rows, len(tokens))
        if rows < 2:
            return scalars
        encoded = aggregate(hosted.model, tokens, rows, seed=config.seed, progress=progress)
        if swaps:
            asked = (hosted.model, tokens, encoded, swaps)
            scalars |= swap_codes(*asked, seed=config.seed, progress=progress).scalars()
        if holes and encoded.has_density:
            scalars |= find_holes(hosted.model, encoded, holes, config.seed).scalars()
    return scalars


def _rare(
    hosted: Hosted, split: str, tokens: Tokens, reconstruction: float, limit: int | None, seed: int
) -> dict[str, float]:
    """What unknown words cost when they are spelt out; nothing for other tokens than words."""
    from itertools import chain

    from engine.data.library import resolve
    from engine.evaluation.rare import rare_scores

    corpus = resolve(hosted.config.data.name)
    texts = chain.from_iterable(corpus.iter_texts("train"))
    if split != "train":
        texts = chain(texts, chain.from_iterable(corpus.iter_texts(split)))
    return rare_scores(hosted.tokenizer, texts, tokens, reconstruction, limit, seed)


def encode(
    run: RunName,
    output: Annotated[Path, typer.Option("--output", "-o", help="The Parquet file to write.")],
    input: Annotated[
        Path | None,
        typer.Option("--input", "-i", help="A text file, a sentence a line; - reads stdin."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="A split of the run's data instead of a file.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="The first so many sentences only.")
    ] = None,
    seed: Seed = 42,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
) -> None:
    """Write the codes of sentences (the posterior means) to a Parquet file."""
    if (input is None) == (split is None):
        raise ConfigError("encode needs either --input FILE or --split train, valid or test")
    require_folder(output)
    hosted = open_model(run, checkpoint, device)
    texts, labels = _sentences(hosted, input, split, limit)
    codes = _codes(hosted, texts, seed)
    _write_parquet(output, texts, labels, codes)
    terminal.note(f"{len(texts):,} codes of {codes.codes.shape[1]} units in {output}")


def _sentences(
    hosted: Hosted, input: Path | None, split: str | None, limit: int | None
) -> tuple[list[str], list[str] | None]:
    """The texts to encode, and their labels where the data has some."""
    if input is not None:
        return read_sentences(input)[:limit], None
    from engine.data.library import resolve

    assert split is not None
    with terminal.progress() as progress:
        corpus = resolve(hosted.config.data.name, progress)
    rows = range(min(corpus.rows(split), limit or corpus.rows(split)))
    return corpus.texts(split, rows), corpus.labels(split, rows)


def _codes(hosted: Hosted, texts: list[str], seed: int) -> Encoded:
    from engine.data.batches import Tokens
    from engine.explore.encoding import encode_corpus

    tokens = Tokens.of(hosted.tokenizer.encode(texts, hosted.config.data.max_tokens))
    with terminal.progress() as progress:
        return encode_corpus(hosted.model, tokens, seed=seed, progress=progress)


def _write_parquet(
    output: Path, texts: list[str], labels: list[str] | None, encoded: Encoded
) -> None:
    """Columns text, label where there is one, z0 ... , kl, reconstruction; whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {"text": texts}
    if labels is not None:
        columns["label"] = labels
    columns |= {f"z{unit}": values for unit, values in enumerate(encoded.codes.T)}
    columns |= {"kl": encoded.kl, "reconstruction": encoded.reconstruction}
    draft = output.with_name(f".{output.name}.tmp")
    try:
        pq.write_table(pa.table(columns), draft)
        os.replace(draft, output)
    finally:
        draft.unlink(missing_ok=True)
