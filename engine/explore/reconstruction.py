"""Typed sentences encoded and decoded, with what changed on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.config import ConfigError
from engine.decoding.config import DecodingConfig
from engine.evaluation.text import similarities
from engine.explore.marks import difference
from engine.explore.sentences import padded, read

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Reconstruction:
    """A sentence and what came back.

    Attributes:
        text: as typed.
        output: what its code decodes to, free-running; where a sample was asked for, what that decodes to.
        difference: runs of pieces that are ``same``, ``removed`` or ``added``.
        similarity: 1 - token edit distance / longer length, of pictures the share of equal pixels; 0 to 1.
        exact: it came back token by token.
        pieces: the tokens of the text as they are displayed.
        token_nll: nats of each token and the end token given the true beginning and the code.
        kl: KL(q(z|x) || p(z)), nats; nan where the latent family has no density.
        unknown: words that the vocabulary lacks.
        truncated: the text was longer than the model reads.
        draws: what samples of the posterior decode to; none where there is no posterior.
        seen: what the model reads of it: its tokens as a text, of a picture its pixels on or off.
    """

    text: str
    output: str
    difference: list[tuple[str, list[str]]]
    similarity: float
    exact: bool
    pieces: list[str]
    token_nll: list[float]
    kl: float
    unknown: list[str]
    truncated: bool
    draws: list[str] = field(default_factory=list)
    seen: str = ""


def reconstruct(
    model: VAE,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    decoding: DecodingConfig | None = None,
    draws: int = 0,
    *,
    sampled: bool = False,
) -> list[Reconstruction]:
    """Decode the codes of sentences, and ``draws`` samples of each one's posterior.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        texts: sentences.
        decoding: how to decode; greedy where absent. Its ``max_tokens`` also cuts what is read.
        draws: posterior samples decoded beside the code.
        sampled: decode a sample of each posterior instead of the code, as He et al. 2019 do; the nats of
            tokens are then given that sample.

    Raises:
        DataError: a sentence is blank.
        ConfigError: a sample is asked of a latent family without a posterior.
    """
    from engine.decoding.search import decode
    from engine.evaluation.mode import evaluation_mode

    if not texts:
        return []
    decoding = decoding or DecodingConfig()
    sentences = read(tokenizer, texts, decoding.max_tokens)
    with evaluation_mode(model, decoding.seed) as device:
        x = padded(sentences).to(device)
        h = model.summary(x)
        code = model.latent.code(h)
        latent = model.latent(h, draws + 1)
        if latent.posterior is None:
            if sampled:
                raise ConfigError(
                    "a sample needs a posterior, and this latent family has codes only; reconstruct from those"
                )
            draws, kl = 0, [math.nan] * len(x)
        else:
            kl = latent.kl.flatten(1).sum(1).tolist()
        code = latent.z[draws] if sampled else code
        nll = model.decoder.token_nll(x, code).tolist()
    outputs = decode(model, code, decoding)
    beside = latent.z[:draws].transpose(0, 1).flatten(0, 1)
    drawn = decode(model, beside, decoding) if draws else []
    written, samples = tokenizer.decode(outputs), tokenizer.decode(drawn)
    pairs = [(output, one.ids) for output, one in zip(outputs, sentences, strict=True)]
    similarity = similarities(pairs, tokenizer.config.reads == "images")
    return [
        Reconstruction(
            text=sentence.text,
            output=written[at],
            difference=difference(tokenizer.pieces(sentence.ids), tokenizer.pieces(outputs[at])),
            similarity=float(similarity[at]),
            exact=outputs[at] == sentence.ids,
            pieces=tokenizer.pieces(sentence.ids),
            token_nll=nll[at][: len(sentence.ids) + 1],
            kl=kl[at],
            unknown=sentence.unknown,
            truncated=sentence.truncated,
            seen=sentence.seen,
            draws=samples[at * draws : (at + 1) * draws],
        )
        for at, sentence in enumerate(sentences)
    ]
