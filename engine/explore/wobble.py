"""How settled a sentence's code is: what draws of its posterior decode to, counted."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.decoding.config import DecodingConfig
from engine.evaluation.text import similarities
from engine.explore.decoded import decode_codes
from engine.explore.ends import Endpoint, endpoint
from engine.explore.marks import changed
from engine.explore.sentences import padded, read

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Reading:
    """A sentence that draws decode to.

    Attributes:
        text: the sentence.
        pieces: its tokens as they are displayed.
        changed: for each piece, whether the code's own sentence lacks it.
        count: how many draws read so.
    """

    text: str
    pieces: list[str]
    changed: list[bool]
    count: int


@dataclass(frozen=True)
class Wobble:
    """What draws of a sentence's posterior decode to.

    Attributes:
        sentence: as typed, and what its code decodes to.
        readings: the different sentences, most frequent first.
        draws: how many codes were drawn.
        settled: share of draws that read as the code does.
        entropy: of the readings, nats; 0 where all are one.
        similarity: of a draw's sentence to the code's, 1 - token edit distance / longer length, mean.
    """

    sentence: Endpoint
    readings: list[Reading]
    draws: int
    settled: float
    entropy: float
    similarity: float


def wobble(
    model: VAE,
    tokenizer: Tokenizer,
    text: str,
    draws: int = 50,
    decoding: DecodingConfig | None = None,
    spread: float = 1.0,
) -> Wobble:
    """Decode draws of q(z|x) beside the code itself, all in one batch, and count what they read.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        text: the sentence.
        draws: of its posterior.
        decoding: how to decode, greedy where absent, so that only the code differs; its seed draws.
        spread: factor of the draws' distance from the code.

    Raises:
        DataError: the sentence is blank.
        ConfigError: the latent family has no posterior.
    """
    import torch

    from engine.evaluation.mode import evaluation_mode

    decoding = decoding or DecodingConfig()
    typed = read(tokenizer, [text], decoding.max_tokens)
    with evaluation_mode(model, decoding.seed) as device:
        h = model.summary(padded(typed).to(device))
        z = torch.cat([model.latent.code(h), model.latent.around(h, draws, spread)[:, 0]])
    own, *drawn = decode_codes(model, tokenizer, z.float().cpu().numpy(), decoding, compared_with=0)
    counts = Counter(one.text for one in drawn)
    pieces = {one.text: one.pieces for one in drawn}
    shares = [count / draws for count in counts.values()]
    pairs = [(one.ids, own.ids) for one in drawn]
    return Wobble(
        sentence=endpoint(typed[0], own.ids, own.text),
        readings=[
            Reading(reads, pieces[reads], changed(own.pieces, pieces[reads]), count)
            for reads, count in counts.most_common()
        ],
        draws=draws,
        settled=counts[own.text] / draws,
        entropy=-sum(share * math.log(share) for share in shares),
        similarity=float(similarities(pairs, tokenizer.config.reads == "images").mean()),
    )
