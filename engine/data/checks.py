"""Looks a corpus over before anybody trains on it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from engine.config import Config
from engine.data.corpus import SPLITS, Corpus
from engine.data.tokenizers import Tokenizer, TokenizerConfig

SAMPLE = 50_000
"""Rows of training that are cut into tokens for a check; a corpus may have millions."""


class Checks(Config):
    """What a corpus looks like, counted.

    Attributes:
        rows: sentences per split.
        duplicates: rows per split whose text came before in the same split.
        overlap: rows of a held-out split whose text also occurs in train.
        sampled: rows of train behind the lengths and the vocabulary.
        lengths: how many of these rows have 0, 1, 2 ... tokens, start and end not counted.
        max_tokens: where training would cut.
        truncated: share of the sampled rows that it would cut.
        vocabulary: ids of the tokeniser.
        coverage: share of the tokens of each split that the tokeniser knows.
        labels: rows of train per label, most frequent first; None without labels.
        encoding_problems: as noted at the import, with line numbers.
        notes: what the import left out or kept.
    """

    rows: dict[str, int]
    duplicates: dict[str, int]
    overlap: dict[str, int]
    sampled: int
    lengths: tuple[int, ...]
    max_tokens: int
    truncated: float
    vocabulary: int
    coverage: dict[str, float]
    labels: dict[str, int] | None
    encoding_problems: tuple[str, ...]
    notes: tuple[str, ...]

    def sentences(self) -> list[str]:
        """The findings in words, the most important first."""
        held_out = {split: n for split, n in self.overlap.items() if n}
        small = [split for split in SPLITS if self.rows[split] < 100]
        return [
            *(f"{s} has only {self.rows[s]:,} sentences: its numbers will be noisy" for s in small),
            *self.encoding_problems,
            *(f"{n:,} of {self.rows[s]:,} {s} texts occur in train" for s, n in held_out.items()),
            *self._copies(),
            f"{self.truncated:.1%} would be truncated at {self.max_tokens} tokens",
            *(
                f"{share:.1%} of the tokens of {split} are in the vocabulary"
                for split, share in self.coverage.items()
                if split != "train"
            ),
            *([f"{len(self.labels):,} labels"] if self.labels else ["no labels"]),
            *(note for note in self.notes if "occur in train" not in note),
        ]

    def _copies(self) -> list[str]:
        return [
            f"{n:,} of {self.rows[split]:,} {split} texts are duplicates ({n / self.rows[split]:.1%})"
            for split, n in self.duplicates.items()
            if n
        ]


def check(corpus: Corpus, tokenizer: Tokenizer | None = None, max_tokens: int = 40) -> Checks:
    """Count rows, duplicates, lengths, unknown tokens and labels of a corpus.

    Args:
        corpus: what to check.
        tokenizer: the one that will be used; a word tokeniser of default settings where None.
        max_tokens: where training would cut.
    """
    texts = {split: sample(corpus, split) for split in SPLITS}
    tokenizer = tokenizer or Tokenizer.train(TokenizerConfig(), texts["train"])
    encoded = {split: tokenizer.encode(some) for split, some in texts.items()}
    lengths = np.array([len(row) - 2 for row in encoded["train"]], dtype=np.int64)
    duplicates, overlap = copies(corpus)
    return Checks(
        rows={split: corpus.rows(split) for split in SPLITS},
        duplicates=duplicates,
        overlap=overlap,
        sampled=len(lengths),
        lengths=tuple(np.bincount(lengths).tolist()),
        max_tokens=max_tokens,
        truncated=float((lengths > max_tokens).mean()) if len(lengths) else 0.0,
        vocabulary=tokenizer.vocab_size,
        coverage={split: tokenizer.known_share(rows) for split, rows in encoded.items() if rows},
        labels=label_counts(corpus),
        encoding_problems=corpus.card.encoding_problems,
        notes=corpus.card.notes,
    )


def sample(corpus: Corpus, split: str, most: int = SAMPLE) -> list[str]:
    """At most ``most`` texts, evenly spaced."""
    rows = corpus.rows(split)
    if rows <= most:
        return corpus.texts(split)
    return corpus.texts(split, np.linspace(0, rows - 1, most).astype(np.int64))


def copies(corpus: Corpus) -> tuple[dict[str, int], dict[str, int]]:
    """Rows per split that came before in it, and rows of held-out splits that train has."""
    hashes = {split: corpus.text_hashes(split) for split in SPLITS}
    distinct = {split: np.unique(values) for split, values in hashes.items()}
    duplicates = {split: len(values) - len(distinct[split]) for split, values in hashes.items()}
    overlap = {
        split: int(np.isin(hashes[split], distinct["train"]).sum()) for split in ("valid", "test")
    }
    return duplicates, overlap


def label_counts(corpus: Corpus) -> dict[str, int] | None:
    """Rows of train per label, most frequent first; None without labels."""
    labels = corpus.labels("train")
    return None if labels is None else dict(Counter(labels).most_common())
