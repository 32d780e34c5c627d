"""Codes decoded in one batch, each compared with a sentence that it should be near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from engine.decoding.config import DecodingConfig
from engine.explore.marks import changed

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.evaluation.aggregate import Aggregate
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Decoded:
    """What a code decodes to.

    Attributes:
        text: the sentence.
        ids: token ids without start and end.
        pieces: its tokens as they are displayed; of a picture none.
        changed: for each piece, whether the sentence it is compared with lacks it.
        nll: -log p(sentence | code), end token counted, nats.
        off_data: whether log q(z) is below what 99 of 100 posterior draws exceed; None where nobody asked.
    """

    text: str
    ids: list[int]
    pieces: list[str]
    changed: list[bool]
    nll: float
    off_data: bool | None = None


def decode_codes(
    model: VAE,
    tokenizer: Tokenizer,
    codes: ArrayLike,
    decoding: DecodingConfig | None = None,
    *,
    compared_with: int | Sequence[int] | None = None,
    data: Aggregate | None = None,
) -> list[Decoded]:
    """Decode codes, all in one batch, and mark what each has that another lacks.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        codes: shape (M, Z).
        decoding: how to decode; greedy where absent.
        compared_with: the place of the code that all are compared with, or one place for each; each with
            the one before it where absent.
        data: encoded rows, to flag codes that lie off the data; needs a density.
    """
    import torch

    from engine.decoding.search import decode, written_likelihood

    z = torch.tensor(np.asarray(codes), dtype=torch.float32)
    sentences = decode(model, z, decoding)
    nll = (-written_likelihood(model, z, sentences).double().sum(1)).tolist()
    off = data.off_data(z).tolist() if data is not None and data.has_density else [None] * len(z)
    pieces = [tokenizer.pieces(ids) for ids in sentences]
    return [
        Decoded(
            text,
            list(sentences[at]),
            pieces[at],
            changed(pieces[other], pieces[at]),
            nll[at],
            off[at],
        )
        for at, (text, other) in enumerate(
            zip(tokenizer.decode(sentences), _others(compared_with, len(z)), strict=True)
        )
    ]


def _others(compared_with: int | Sequence[int] | None, count: int) -> Sequence[int]:
    if compared_with is None:
        return [max(at - 1, 0) for at in range(count)]
    return [compared_with] * count if isinstance(compared_with, int) else compared_with
