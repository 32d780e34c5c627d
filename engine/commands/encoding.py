"""The command encode: sentences to codes in a table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands import drawn, terminal
from engine.commands.inputs import read_sentences
from engine.commands.latent import Checkpoint, Device, Input, Seed, open_model
from engine.commands.outputs import require_folder
from engine.commands.training import RunName
from engine.config import ConfigError

if TYPE_CHECKING:
    from engine.explore.encoding import Encoded
    from engine.hosting import Hosted


def add_to(app: typer.Typer) -> None:
    """Add this command to ``app``."""
    app.command()(encode)


def encode(
    run: RunName,
    output: Annotated[Path, typer.Option("--output", "-o", help="The Parquet file to write.")],
    input: Annotated[Path | None, Input] = None,
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
    """Write the codes of sentences or pictures (the posterior means) to a Parquet file."""
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
        return [drawn.taken(hosted, given) for given in read_sentences(input)[:limit]], None
    from engine.data.library import at_hand

    assert split is not None
    with terminal.progress() as progress:
        corpus = at_hand(hosted.config.data.name, progress)
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
