"""What draws of the prior decode to where no sentence's code is, beside those where many are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.decoding.config import DecodingConfig
from engine.evaluation.holes import Holes

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.models.vae import VAE


@dataclass(frozen=True)
class PriorDraw:
    """A draw of the prior, decoded.

    Attributes:
        text: the decoded sentence.
        ratio: log q(z) - log p(z), nats: far below 0, hardly any sentence's code is near.
        log_q: log q(z), nats.
        hole: whether log q(z) is below what 99 of 100 posterior draws exceed.
        nll: -log p(sentence | code), end token counted, nats per token: how sure the decoder is.
    """

    text: str
    ratio: float
    log_q: float
    hole: bool
    nll: float


@dataclass(frozen=True)
class Extremes:
    """The prior draws with the least and the largest density ratio.

    Attributes:
        worst: from the deepest hole up.
        best: from the most likely down.
    """

    worst: list[PriorDraw]
    best: list[PriorDraw]


def decode_extremes(
    model: VAE,
    tokenizer: Tokenizer,
    holes: Holes,
    k: int = 10,
    decoding: DecodingConfig | None = None,
) -> Extremes:
    """Decode the ``k`` prior draws that lie deepest in holes and the k best ones, in one batch.

    Args:
        model: the text VAE that ``holes`` were found in.
        tokenizer: the run's tokeniser.
        holes: draws of the prior with their densities.
        k: how many of each; at most half of the draws.
        decoding: how to decode; greedy where absent.
    """
    from engine.decoding.search import decode, log_likelihood

    order = np.argsort(holes.prior_ratio, kind="stable")
    k = min(k, len(order) // 2)
    chosen = np.concatenate([order[:k], order[::-1][:k]])
    z = holes.prior_z[torch.from_numpy(chosen)]
    sentences = decode(model, z, decoding or DecodingConfig())
    nll = -log_likelihood(model, z, sentences).sum(1).double().numpy()
    found = [
        PriorDraw(
            text=text,
            ratio=float(holes.prior_ratio[at]),
            log_q=float(holes.prior_log_q[at]),
            hole=bool(holes.prior_log_q[at] < holes.floor),
            nll=float(total / (len(ids) + 1)),
        )
        for at, text, ids, total in zip(
            chosen, tokenizer.decode(sentences), sentences, nll, strict=True
        )
    ]
    return Extremes(found[:k], found[k:])
