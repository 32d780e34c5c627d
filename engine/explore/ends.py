"""Typed sentences as codes, and what those say of them: where everything between sentences begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.pictures import is_picture
from engine.decoding.config import DecodingConfig
from engine.evaluation.text import similarities
from engine.explore.sentences import Sentence, padded, read

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Ends:
    """Two typed sentences and their codes.

    Attributes:
        typed: what the model reads of them.
        a, b: their deterministic codes, (Z,).
    """

    typed: list[Sentence]
    a: NDArray[np.float32]
    b: NDArray[np.float32]


@dataclass(frozen=True)
class Endpoint:
    """A typed sentence and what the model makes of it.

    Attributes:
        text: as typed.
        reconstruction: the sentence that its code decodes to.
        similarity: 1 - token edit distance / longer length, of pictures the share of equal pixels; 0 to 1.
        unknown: words that the vocabulary lacks.
        truncated: the text was longer than the model reads.
        seen: what the model reads of it, which is what is compared.
    """

    text: str
    reconstruction: str
    similarity: float
    unknown: list[str]
    truncated: bool
    seen: str = ""


def encode_ends(
    model: VAE, tokenizer: Tokenizer, a: str, b: str, decoding: DecodingConfig | None = None
) -> Ends:
    """Read two sentences and encode each.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        a, b: what was typed.
        decoding: its ``max_tokens`` cuts what is read.

    Raises:
        DataError: a sentence is blank.
    """
    typed, (z_a, z_b) = encode_typed(model, tokenizer, [a, b], decoding or DecodingConfig())
    return Ends(typed, z_a, z_b)


def encode_typed(
    model: VAE, tokenizer: Tokenizer, texts: Sequence[str], decoding: DecodingConfig
) -> tuple[list[Sentence], np.ndarray]:
    """Read typed sentences and give their deterministic codes, (N, Z), one sentence at a time.

    One by one, a sentence's code does not depend, to the last bit, on its companions.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        texts: what was typed.
        decoding: its ``max_tokens`` cuts what is read.

    Raises:
        DataError: a sentence is blank.
    """
    from engine.evaluation.mode import evaluation_mode

    typed = read(tokenizer, texts, decoding.max_tokens)
    with evaluation_mode(model, decoding.seed) as device:
        codes = [model.code(padded([one]).to(device))[0].cpu().numpy() for one in typed]
    return typed, np.stack(codes)


def endpoint(typed: Sentence, ids: list[int], reconstruction: str) -> Endpoint:
    """A typed sentence beside what its code decodes to, ``ids`` and the text of them."""
    similarity = float(similarities([(ids, typed.ids)], is_picture(typed.text))[0])
    return Endpoint(
        typed.text, reconstruction, similarity, typed.unknown, typed.truncated, typed.seen
    )
