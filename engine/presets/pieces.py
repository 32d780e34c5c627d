"""Named pieces of settings, laid over a preset one after the other: the vocabulary of transformer-vae.

Its experiments are written as a row of names, ``mnist_small tenth_5_tkn batch_small eval``, each a few
options. A piece here is a few settings under the same name, so that the same row can be written. Pieces
apply in order; where two of them set the same, the later one holds, as there, and that is said.

References:
    transformer-vae, Fraser-Greenlee, 2021, https://github.com/Fraser-Greenlee/transformer-vae (args/)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.config import ConfigError, one_of
from engine.experiment import ExperimentConfig, override


class Piece(NamedTuple):
    """What a piece is, in a sentence, and its settings, as ``--set`` takes them."""

    about: str
    settings: tuple[str, ...]


def _latent(size: int, tokens: int, share: str) -> Piece:
    about = f"{tokens} latent tokens of {size} numbers, {share} of the model's width each."
    if tokens == 1:
        about = f"One latent token of {size} numbers, {share} of the model's width."
    # Each latent token is made from its own position, so that there must be as many of these.
    return Piece(
        about,
        (f"model.latent.size={size}", f"model.latent.tokens={tokens}")
        + (f"model.encoder.tokens={tokens}",),
    )


def _batch(size: int) -> Piece:
    return Piece(f"{size} sentences an update.", (f"training.batch_size={size}",))


def _length(tokens: int) -> Piece:
    return Piece(f"Sentences of {tokens} tokens at most.", (f"data.max_tokens={tokens}",))


def _funnel(layers: int) -> Piece:
    about = f"A Funnel of three blocks with {layers} layer{'s' * (layers > 1)} each."
    return Piece(about, ("model.encoder.blocks=3", f"model.encoder.layers={layers}"))


def _window(width: int) -> Piece:
    about = f"The decoder's words see those less than {width} places before them."
    return Piece(about, (f"model.decoder.window={width}",))


def _mnist(tokens: int, rows: str) -> Piece:
    return Piece(
        f"Digits as text, a word a pixel: {rows}.",
        ("data.name=digits-text", f"data.max_tokens={tokens}", "tokenizer.kind=word")
        + ("training.validation_limit=100",),
    )


def _on(data: str, about: str, *settings: str) -> Piece:
    return Piece(about, (f"data.name={data}", *settings))


_CHECKPOINT = ("model.encoder.checkpoint=true",)
_LARGE = ("embedding=1024", "heads=16", "feedforward=4096")

PIECES: dict[str, Piece] = {
    "base": Piece(
        "A record every 100 updates, a checkpoint every 1,000.",
        ("training.log_every=100", "training.checkpoint_every=1000"),
    ),
    "batch_small": _batch(10),
    "batch_medium": _batch(30),
    "batch_large": _batch(70),
    "5Seq": _length(5),
    "30Seq": _length(30),
    "60Seq": _length(60),
    "full_1_tkn": _latent(768, 1, "the whole"),
    "full_5_tkn": _latent(768, 5, "the whole"),
    "full_30_tkn": _latent(768, 30, "the whole"),
    "cmp_5_tkn": _latent(768, 5, "the whole"),
    "half_5_tkn": _latent(384, 5, "half"),
    "qrtr_5_tkn": _latent(192, 5, "a quarter"),
    "eigth_5_tkn": _latent(96, 5, "an eighth"),
    "tenth_5_tkn": _latent(77, 5, "a tenth"),
    "16th_5_tkn": _latent(48, 5, "a sixteenth"),
    "funnel_tiny": _funnel(1),
    "funnel_small": _funnel(2),
    "funnel_medium": _funnel(3),
    "grad_check_pnt": Piece(
        "The encoder's states, and those of every third layer of the decoder, are computed twice, not kept.",
        (*_CHECKPOINT, "model.decoder.checkpoint_every=3"),
    ),
    "grad_check_pnt_enc": Piece("The encoder's states are computed twice, not kept.", _CHECKPOINT),
    "grad_accumulation_small": Piece(
        "An update's batch goes through in 2 parts.", ("training.accumulate=2",)
    ),
    "grad_accumulation_medium": Piece(
        "An update's batch goes through in 15 parts.", ("training.accumulate=15",)
    ),
    "window60": _window(60),
    "window200": _window(200),
    "large_model": Piece(
        "Funnel's large size (three blocks of 8 layers) and T5's (24 layers), 1,024 wide.",
        (*(f"model.encoder.{size}" for size in _LARGE), "model.encoder.hidden=1024")
        + ("model.encoder.blocks=3", "model.encoder.layers=8")
        + (*(f"model.decoder.{size}" for size in _LARGE), "model.decoder.layers=24"),
    ),
    "eval": Piece(
        "A validation, with an interpolation, every 500 updates.", ("training.evaluate_every=500",)
    ),
    "mnist_base": _mnist(840, "MNIST's 28 rows of 28, or the built-in 8 rows of 8"),
    "mnist_small": _mnist(237, "14 rows of 14, or the built-in 8 rows of 8"),
    "mnist_tiny": _mnist(99, "the smallest of the three, or the built-in 8 rows of 8"),
    "syntax": _on("python-lines", "Lines of Python.", "training.validation_limit=100"),
    "semantics": _on("headlines", "Headlines of the news.", "training.validation_limit=1000"),
    "AGNews": _on("ag-news", "AG News."),
    "no_reg": Piece("No regulariser.", ("objective.remedies=[]",)),
    "adafactor": Piece(
        "Adafactor in place of AdamW.",
        tuple(
            f"training.{part}_optimiser.{setting}"
            for part in ("encoder", "decoder")
            for setting in ("name=adafactor", "learning_rate=5e-5")
        ),
    ),
}


def names_in(row: str) -> list[str]:
    """The names in a row of pieces, which blanks or commas part."""
    return row.replace(",", " ").split()


def settings_of(names: Sequence[str]) -> list[str]:
    """The settings of pieces, in order.

    Raises:
        ConfigError: there is no such piece.
    """
    for name in names:
        if name not in PIECES:
            raise ConfigError(one_of("piece", name, PIECES))
    return [setting for name in names for setting in PIECES[name].settings]


def with_pieces(config: ExperimentConfig, row: str) -> ExperimentConfig:
    """The experiment with the pieces of a row such as ``tenth_5_tkn batch_small`` laid over it.

    Raises:
        ConfigError: there is no such piece, or the experiment has no such setting.
    """
    return override(config, settings_of(names_in(row)))


def overruled(names: Sequence[str]) -> Iterator[str]:
    """A sentence for each setting that two pieces give different values: the later one holds."""
    given: dict[str, tuple[str, str]] = {}
    for name in names:
        for setting in PIECES[name].settings:
            path, _, value = setting.partition("=")
            before, by = given.get(path, (value, name))
            if before != value:
                yield f"{path} is {value} of piece {name}, no longer {before} of {by}"
            given[path] = (value, name)
