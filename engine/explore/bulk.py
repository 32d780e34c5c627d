"""Thousands of lines encoded and decoded: what comes back, worst first, by length and by label."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.config import DataError
from engine.data.pictures import is_picture
from engine.decoding.config import DecodingConfig
from engine.evaluation.text import corpus_bleu, exact_match, similarities
from engine.explore.sentences import Sentence, padded, read

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.evaluation.mode import Progress
    from engine.models.vae import VAE

CHUNK = 256
# Tokens up to which a sentence belongs to a bucket; longer ones have one of their own.
BUCKETS = (5, 10, 15, 20, 30, 40, 60, 100)


@dataclass(frozen=True)
class Line:
    """One line and what came back.

    Attributes:
        number: its place among the lines that were given, from 1.
        text: as given.
        seen: what the model reads of it, which is what is compared.
        output: what its code decodes to, free-running.
        label: of the line; empty without one.
        similarity: 1 - token edit distance / longer length, of pictures the share of equal pixels; 0 to 1.
        exact: it came back token by token.
        tokens: how many the model read, start and end not counted.
        nll: -log p(line | code), end token counted, nats.
        kl: KL(q(z|x) || p(z)), nats; nan where the latent family has no density.
        unknown: words that the vocabulary lacks.
        truncated: the line was longer than the model reads.
    """

    number: int
    text: str
    seen: str
    output: str
    label: str
    similarity: float
    exact: bool
    tokens: int
    nll: float
    kl: float
    unknown: list[str]
    truncated: bool


@dataclass(frozen=True)
class Group:
    """Lines of like length, or of one label.

    Attributes:
        name: the label, or "6 to 10 tokens".
        lines: how many.
        bleu: corpus BLEU-4, 0 to 100; nan of pictures, which have no n-grams.
        similarity: mean similarity, 0 to 1.
        exact: share that came back token by token, 0 to 1.
    """

    name: str
    lines: int
    bleu: float
    similarity: float
    exact: float


@dataclass(frozen=True)
class Bulk:
    """Reconstructions of many lines.

    Attributes:
        lines: worst first, those of like similarity in the order they were given.
        whole: all of them together.
        by_length: shortest first; empty for pictures, which all have as many pixels.
        by_label: most lines first; empty without labels.
    """

    lines: list[Line]
    whole: Group
    by_length: list[Group]
    by_label: list[Group]

    def to_csv(self) -> str:
        """One row a line, worst first."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        names = ("number", "text", "output", "label", "similarity", "exact", "tokens", "nll", "kl")
        writer.writerow([*names, "unknown", "truncated"])
        for line in self.lines:
            values = [getattr(line, name) for name in names]
            cells = [f"{value:.4f}" if isinstance(value, float) else value for value in values]
            writer.writerow([*cells, " ".join(line.unknown), line.truncated])
        return out.getvalue()


def reconstruct_lines(
    model: VAE,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    labels: Sequence[str] | None = None,
    decoding: DecodingConfig | None = None,
    *,
    chunk: int = CHUNK,
    progress: Progress | None = None,
) -> Bulk:
    """Encode lines, decode their codes without showing the decoder the line, and compare.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        texts: lines; blank ones are left out.
        labels: one for each line, where there are any.
        decoding: how to decode; greedy where absent. Its ``max_tokens`` also cuts what is read.
        chunk: lines encoded and decoded at once, neighbours in length.
        progress: told after every chunk; whatever it raises ends the work.

    Raises:
        DataError: there is no line but blank ones, or not a label for each.
    """
    decoding = decoding or DecodingConfig()
    if labels is not None and len(labels) != len(texts):
        raise DataError(
            f"every line needs a label, got {len(texts)} lines and {len(labels)} labels"
        )
    kept = [at for at, text in enumerate(texts) if text.strip()]
    if not kept:
        raise DataError("a reconstruction needs at least one line of text, got none")
    order = sorted(kept, key=lambda at: len(texts[at]))
    found: list[tuple[Line, list[int], list[int]]] = []
    for start in range(0, len(order), chunk):
        part = order[start : start + chunk]
        if progress:
            progress(start, len(order), "reconstructing")
        typed = read(tokenizer, [texts[at] for at in part], decoding.max_tokens)
        names = [str(labels[at]) if labels is not None else "" for at in part]
        found += _chunk(model, tokenizer, typed, part, names, decoding)
    if progress:
        progress(len(order), len(order), "reconstructing")
    found.sort(key=lambda one: (one[0].similarity, one[0].number))
    return Bulk(
        lines=[line for line, _, _ in found],
        whole=_group("all lines", found),
        by_length=[] if is_picture(found[0][0].text) else list(_groups(found, _bucket)),
        by_label=[]
        if labels is None
        else _most_first(_groups(found, lambda line: (0, line.label))),
    )


def _chunk(
    model: VAE,
    tokenizer: Tokenizer,
    typed: list[Sentence],
    numbers: Sequence[int],
    labels: Sequence[str],
    decoding: DecodingConfig,
) -> Iterator[tuple[Line, list[int], list[int]]]:
    """Each line with the ids that were decoded and those that were read."""
    from engine.decoding.search import decode
    from engine.evaluation.mode import evaluation_mode

    with evaluation_mode(model, decoding.seed) as device:
        x = padded(typed).to(device)
        h = model.summary(x)
        code, latent = model.latent.code(h), model.latent(h)
        nll = model.decoder.token_nll(x, code).sum(-1).tolist()
        kl = latent.kl.flatten(1).sum(1).tolist()
        if latent.posterior is None:
            kl = [math.nan] * len(typed)
    outputs = decode(model, code, decoding)
    pairs = [(output, one.ids) for output, one in zip(outputs, typed, strict=True)]
    similarity = similarities(pairs, tokenizer.config.reads == "images")
    for at, (text, one) in enumerate(zip(tokenizer.decode(outputs), typed, strict=True)):
        line = Line(
            number=numbers[at] + 1,
            text=one.text,
            seen=one.seen,
            output=text,
            label=labels[at],
            similarity=float(similarity[at]),
            exact=outputs[at] == one.ids,
            tokens=len(one.ids),
            nll=nll[at],
            kl=kl[at],
            unknown=one.unknown,
            truncated=one.truncated,
        )
        yield line, outputs[at], one.ids


Found = Sequence[tuple[Line, list[int], list[int]]]
Key = Callable[[Line], tuple[int, str]]


def _groups(found: Found, key: Key) -> Iterator[Group]:
    """Lines by a key whose number orders the groups and whose text names them."""
    parts: dict[tuple[int, str], list[tuple[Line, list[int], list[int]]]] = {}
    for one in found:
        parts.setdefault(key(one[0]), []).append(one)
    for (_, name), part in sorted(parts.items()):
        yield _group(name, part)


def _group(name: str, found: Found) -> Group:
    pairs = [(output, source) for _, output, source in found]
    similarity = float(np.mean([line.similarity for line, _, _ in found]))
    bleu = math.nan if is_picture(found[0][0].text) else corpus_bleu(pairs)
    return Group(name, len(found), bleu, similarity, exact_match(pairs))


def _most_first(groups: Iterator[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (-group.lines, group.name))


def _bucket(line: Line) -> tuple[int, str]:
    low = 1
    for high in BUCKETS:
        if line.tokens <= high:
            return high, f"{low} to {high} tokens"
        low = high + 1
    return low, f"{low} tokens or more"
