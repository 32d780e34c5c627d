"""Everything that can be measured of a checkpoint on one split, as one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.config import DataError
from engine.data.library import at_hand
from engine.runs.material import split_of

if TYPE_CHECKING:
    from engine.data.corpus import Progress
    from engine.data.tokens import Tokens
    from engine.decoding.config import DecodingConfig
    from engine.evaluation.config import EvaluationConfig
    from engine.evaluation.rows import Indices
    from engine.evaluation.validity import Check
    from engine.hosting import Hosted

Scores = dict[str, float]


@dataclass(frozen=True)
class Amounts:
    """How much is measured; 0 leaves something out.

    Attributes:
        limit: random sentences of the split at most; all where absent.
        reconstructions: sentences behind BLEU, edit similarity, exact match and the accuracies.
        swaps: sentences that exchange their codes.
        holes: draws of the prior among which holes are counted.
        samples: sentences written from the prior.
        paths: ways between two sentences of which a check of validity is asked.
        probe: sentences that a linear probe of the labels is fitted on, and at most so many to score it.
        exact: also the exact likelihood, by trying every code.
    """

    limit: int | None = None
    reconstructions: int = 500
    swaps: int = 500
    holes: int = 1000
    samples: int = 1000
    paths: int = 100
    probe: int = 5000
    exact: bool = False

    def within(self, amount: int) -> int:
        """An amount, or the limit where that is less."""
        return amount if self.limit is None else min(amount, self.limit)


@dataclass(frozen=True)
class Table:
    """What was found, by its names in METRICS.

    Attributes:
        metrics: of the model.
        real: the same of real sentences, where they say what is usual.
        kl_per_unit, mean_variance: as in ``Evaluation``.
        written: the sentences written from the prior.
        notes: what was left out and why, in sentences.
    """

    metrics: Scores = field(default_factory=dict)
    real: Scores = field(default_factory=dict)
    kl_per_unit: list[float] = field(default_factory=list)
    mean_variance: list[float] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def measure(
    hosted: Hosted,
    split: str,
    config: EvaluationConfig,
    amounts: Amounts,
    decoding: DecodingConfig,
    check: Check | None = None,
    progress: Progress | None = None,
) -> Table:
    """Measure a model on one split of its run's data: all that applies to it.

    Args:
        hosted: the model.
        split: train, valid or test.
        config: how bounds and information are estimated; its seed chooses all rows.
        amounts: how much of everything.
        decoding: how samples are written.
        check: tells whether a sample is valid.
        progress: told how far each part is.

    Raises:
        ConfigError: the exact likelihood is asked of a model with too many codes.
        DataError: the split is empty.
    """
    from engine.evaluation.exact import require_few_codes

    if amounts.exact:
        require_few_codes(hosted.model)  # before minutes are spent on the rest
    tokens = split_of(hosted.run, hosted.config, split, progress)
    table = _bounds(hosted, split, tokens, config, amounts, progress)
    table.metrics.update(_reconstructed(hosted, tokens, config.seed, amounts, progress))
    table.metrics.update(_of_the_code(hosted, tokens, config, amounts, progress))
    table.metrics.update(_true_codes(hosted, split, tokens, config.seed, amounts))
    if amounts.samples and hosted.config.tokenizer.reads != "text":
        table.notes.append("samples are not scored: BLEU, n-grams and copies are of text")
    elif amounts.samples:
        _samples(table, hosted, split, tokens, amounts, decoding, check, progress)
    if check is not None and amounts.paths and hosted.config.tokenizer.reads == "text":
        table.metrics.update(_ways(hosted, tokens, config.seed, amounts, check, progress))
    if amounts.probe:
        _probe(table, hosted, split, tokens, config.seed, amounts, progress)
    return table


def _bounds(
    hosted: Hosted,
    split: str,
    tokens: Tokens,
    config: EvaluationConfig,
    amounts: Amounts,
    progress: Progress | None,
) -> Table:
    from engine.evaluation.exact import exact_scores
    from engine.evaluation.report import evaluate

    asked = (hosted.model, tokens, config)
    found = evaluate(*asked, limit=amounts.limit, progress=progress)
    scores = dict(found.scalars)
    scores |= _rare(hosted, split, tokens, scores["reconstruction"], amounts.limit, config.seed)
    if amounts.exact:
        scores |= exact_scores(*asked, amounts.limit, progress=progress)
    return Table(scores, kl_per_unit=found.kl_per_unit, mean_variance=found.mean_variance)


def _rare(
    hosted: Hosted, split: str, tokens: Tokens, reconstruction: float, limit: int | None, seed: int
) -> Scores:
    """What unknown words cost when they are spelt out; nothing for other tokens than words."""
    from engine.evaluation.rare import rare_scores

    corpus = at_hand(hosted.config.data.name)
    texts = chain.from_iterable(corpus.iter_texts("train"))
    if split != "train":
        texts = chain(texts, chain.from_iterable(corpus.iter_texts(split)))
    return rare_scores(hosted.tokenizer, texts, tokens, reconstruction, limit, seed)


def _reconstructed(
    hosted: Hosted, tokens: Tokens, seed: int, amounts: Amounts, progress: Progress | None
) -> Scores:
    from engine.decoding.reconstruction import reconstruct_scores
    from engine.evaluation.accuracy import teacher_forced_accuracy
    from engine.evaluation.rows import choose

    if not amounts.reconstructions:
        return {}
    rows = amounts.within(amounts.reconstructions)
    asked = (hosted.model, tokens, hosted.tokenizer)
    scores = reconstruct_scores(*asked, limit=rows, seed=seed, progress=progress)
    chosen = choose(len(tokens), rows, seed)
    scores |= teacher_forced_accuracy(hosted.model, tokens, chosen, seed=seed, progress=progress)
    # Of the pixels of a picture, one after the other, n-grams say nothing.
    left_out = {"rows"} if hosted.config.tokenizer.reads == "text" else {"rows", "bleu"}
    return {name: value for name, value in scores.items() if name not in left_out}


def _true_codes(hosted: Hosted, split: str, tokens: Tokens, seed: int, amounts: Amounts) -> Scores:
    """How much of the codes that made the data a linear map finds, where they are known."""
    from engine.evaluation.true_codes import ROWS, true_code_scores, true_codes

    true = true_codes(at_hand(hosted.config.data.name), split)
    if true is None or len(tokens) < 4:
        return {}
    return true_code_scores(hosted.model, tokens, true, amounts.within(ROWS), seed)


def _of_the_code(
    hosted: Hosted,
    tokens: Tokens,
    config: EvaluationConfig,
    amounts: Amounts,
    progress: Progress | None,
) -> Scores:
    """What it costs to swap codes, and where the prior draws codes that no sentence has."""
    from engine.evaluation.aggregate import aggregate
    from engine.evaluation.holes import find_holes
    from engine.evaluation.swapping import swap_codes

    rows = min(amounts.within(config.mi_rows), len(tokens))
    if rows < 2 or not (amounts.swaps or amounts.holes):
        return {}
    scores: Scores = {}
    encoded = aggregate(hosted.model, tokens, rows, seed=config.seed, progress=progress)
    if amounts.swaps:
        asked = (hosted.model, tokens, encoded, amounts.swaps)
        scores |= swap_codes(*asked, seed=config.seed, progress=progress).scalars()
    if amounts.holes and encoded.has_density:
        scores |= find_holes(hosted.model, encoded, amounts.holes, config.seed).scalars()
    return scores


def _samples(
    table: Table,
    hosted: Hosted,
    split: str,
    tokens: Tokens,
    amounts: Amounts,
    decoding: DecodingConfig,
    check: Check | None,
    progress: Progress | None,
) -> None:
    """What is written from the prior, beside as many real sentences."""
    from engine.evaluation.generation import generation_scores, real_text
    from engine.explore.sampling import from_prior, in_parts

    training = split_of(hosted.run, hosted.config, "train", progress)
    wanted = amounts.within(amounts.samples)
    asked = (tokens, training, hosted.tokenizer, wanted)
    real = real_text(*asked, same=split == "train", seed=decoding.seed)
    n = len(real.ids)
    if n < wanted:
        table.notes.append(f"{n:,} samples, not {wanted:,}: there are no more real sentences")
    draw = partial(from_prior, hosted.model, hosted.tokenizer)
    drawn = in_parts(draw, n, decoding, progress=progress)
    found = generation_scores(drawn.ids, drawn.texts, real, check, progress)
    table.metrics.update(found.samples)
    table.real.update(found.real)
    table.written.extend(drawn.texts)


def _ways(
    hosted: Hosted,
    tokens: Tokens,
    seed: int,
    amounts: Amounts,
    check: Check,
    progress: Progress | None,
) -> Scores:
    """Whether what lies between two sentences is valid."""
    from engine.decoding.config import DecodingConfig
    from engine.explore.valid_paths import valid_paths

    paths = min(amounts.within(amounts.paths), len(tokens) // 2)
    if paths < 2:
        return {}
    greedy = DecodingConfig(max_tokens=hosted.config.data.max_tokens)
    asked = (hosted.model, hosted.tokenizer, tokens, check, paths)
    return valid_paths(*asked, decoding=greedy, seed=seed, progress=progress)


def _probe(
    table: Table,
    hosted: Hosted,
    split: str,
    tokens: Tokens,
    seed: int,
    amounts: Amounts,
    progress: Progress | None,
) -> None:
    """Whether codes know the labels, where the data has some; on other rows than the probe is fitted on."""
    from engine.evaluation.probe import probe

    if at_hand(hosted.config.data.name).labels("train", [0]) is None:
        table.notes.append("no probe: the data has no labels")
        return
    training = split_of(hosted.run, hosted.config, "train", progress)
    rng = np.random.default_rng(seed)
    fitted, scored = rng.permutation(len(training)), rng.permutation(len(tokens))
    if split == "train":
        fitted, scored = fitted[: len(fitted) // 2], fitted[len(fitted) // 2 :]
    known = _coded(hosted, "train", training, fitted[: amounts.probe], progress)
    others = _coded(hosted, split, tokens, scored[: amounts.within(amounts.probe)], progress)
    try:
        table.metrics.update(probe(*known, *others, seed=seed))
    except DataError as error:
        table.notes.append(f"no probe: {error}")


def _coded(
    hosted: Hosted, split: str, tokens: Tokens, rows: Indices, progress: Progress | None
) -> tuple[NDArray[np.float32], list[str]]:
    """Codes and labels of those rows that have a label."""
    from engine.explore.encoding import encode_corpus

    rows = np.sort(rows)
    labels = at_hand(hosted.config.data.name).labels(split, rows) or []
    there = np.array([label not in (None, "") for label in labels], dtype=bool)
    if not there.any():
        return np.empty((0, 1), np.float32), []
    asked = (hosted.model, tokens, rows[there])
    codes = encode_corpus(*asked, reconstruction=False, progress=progress).codes
    return codes, [str(label) for label, has in zip(labels, there, strict=True) if has]
