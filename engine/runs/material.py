"""What a run is made of before its model: its corpus, tokeniser and batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.config import DataError
from engine.data.batches import Batches, Tokens, tokenize
from engine.data.binarising import DynamicBatches, GreyTokens
from engine.data.corpus import Corpus
from engine.data.library import at_hand, resolve
from engine.data.pixels import Pixels
from engine.data.tokenizers import Tokenizer
from engine.runs.store import TOKENIZER_FILE, Run

if TYPE_CHECKING:
    from engine.experiment import ExperimentConfig

Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True)
class Material:
    """What training reads.

    Attributes:
        tokenizer: text <-> ids.
        batches: of the training split, or as much of it as the run reads.
        valid: the validation split.
        rows: sentences of the whole training split.
    """

    tokenizer: Tokenizer
    batches: Batches
    valid: Tokens
    rows: int


def prepare(run: Run, config: ExperimentConfig, progress: Progress | None = None) -> Material:
    """The corpus of a run, tokenised; the run's own tokeniser once it has one."""
    corpus = resolve(config.data.name, progress)
    tokenizer = _tokenizer(run, config, corpus)
    reader = _reader(tokenizer)
    train = tokenize(corpus, "train", reader, config.data.max_tokens, progress)
    valid = tokenize(corpus, "valid", tokenizer, config.data.max_tokens, progress)
    if not len(train):
        raise DataError(
            f"data set {corpus.name!r} must have sentences to train on, its split is empty"
        )
    chosen = _random_part(train, config.data.limit, config.seed)
    dealt = (config.training.batch_size, config.seed)
    if reader is tokenizer:
        return Material(tokenizer, Batches(chosen, *dealt), valid, len(train))
    greys = GreyTokens(chosen.ids, chosen.offsets)
    return Material(tokenizer, DynamicBatches(greys, *dealt), valid, len(train))


def split_of(
    run: Run, config: ExperimentConfig, split: str, progress: Progress | None = None
) -> Tokens:
    """One split of a run's corpus in the tokens of that run; the corpus must be here."""
    corpus = at_hand(config.data.name, progress)
    tokenizer = Tokenizer.load(run.path / TOKENIZER_FILE)
    return tokenize(corpus, split, tokenizer, config.data.max_tokens, progress)


def _tokenizer(run: Run, config: ExperimentConfig, corpus: Corpus) -> Tokenizer:
    config.tokenizer.require(corpus.card.kind, corpus.name)
    path = run.path / TOKENIZER_FILE
    if not path.exists():
        Tokenizer.train(config.tokenizer, corpus.iter_texts("train")).save(path)
    return Tokenizer.load(path)


def _reader(tokenizer: Tokenizer) -> Tokenizer:
    """What cuts the training split: pictures keep their grey where each epoch draws them anew."""
    dynamic = tokenizer.config.binarisation == "dynamic"
    return tokenizer.grey() if dynamic and isinstance(tokenizer, Pixels) else tokenizer


def _random_part(tokens: Tokens, limit: int | None, seed: int) -> Tokens:
    """So many random rows of a split, copied; all of them where there are no more."""
    if limit is None or limit >= len(tokens):
        return tokens
    chosen = trained_rows(len(tokens), limit, seed)
    offsets = np.concatenate([[0], tokens.lengths[chosen].cumsum()])
    rows = [tokens.ids[tokens.offsets[row] : tokens.offsets[row + 1]] for row in chosen]
    return Tokens(np.concatenate(rows), offsets)


def trained_rows(total: int, limit: int | None, seed: int) -> np.ndarray:
    """The rows of the training split, of so many, that a run with this limit and seed reads, (N,)."""
    if limit is None or limit >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).permutation(total)[:limit])
