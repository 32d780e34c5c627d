"""Looks a corpus of pictures over before anybody trains on it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from engine.config import Config
from engine.data import pictures
from engine.data.checks import copies, label_counts, sample
from engine.data.corpus import SPLITS, Corpus

SAMPLE = 5_000
BINS = 20
_FEW, _MANY = 0.005, 0.5


class PictureChecks(Config):
    """What a corpus of pictures looks like, counted.

    Attributes:
        rows: pictures per split.
        duplicates: rows per split whose picture came before in the same split.
        overlap: rows of a held-out split whose picture also occurs in train.
        sampled: rows of train behind sizes and ink.
        sizes: of these, how many have which width and height, most frequent first.
        ink: how many of them have a mean level of 0 to 5 %, 5 to 10 % ... of 255.
        mean_ink: mean level of all their pixels, 0 to 1.
        blank: how many have one level only.
        grey: share of their pixels that are neither black nor white.
        labels: rows of train per label, most frequent first; None without labels.
        notes: what the import did.
    """

    rows: dict[str, int]
    duplicates: dict[str, int]
    overlap: dict[str, int]
    sampled: int
    sizes: dict[str, int]
    ink: tuple[int, ...]
    mean_ink: float
    blank: int
    grey: float
    labels: dict[str, int] | None
    notes: tuple[str, ...]

    def sentences(self) -> list[str]:
        """The findings in words, the most important first."""
        small = [split for split in SPLITS if self.rows[split] < 100]
        counts = [(s, n, "occur in train") for s, n in self.overlap.items()]
        counts += [(s, n, "are duplicates") for s, n in self.duplicates.items()]
        return [
            *(f"{s} has only {self.rows[s]:,} pictures: its numbers will be noisy" for s in small),
            *(f"{n:,} of {self.rows[s]:,} {s} pictures {what}" for s, n, what in counts if n),
            *([f"{self.blank:,} of {self.sampled:,} pictures are blank"] if self.blank else []),
            *self._about_ink(),
            *self._about_sizes(),
            "all pixels are black or white"
            if not self.grey
            else f"{self.grey:.1%} of the pixels are grey",
            *([f"{len(self.labels):,} labels"] if self.labels else ["no labels"]),
            *(note for note in self.notes if "occur in train" not in note),
        ]

    def _about_ink(self) -> list[str]:
        if self.mean_ink > _MANY:
            hint = ": more ink than paper; import with invert if light is paper"
        elif self.mean_ink < _FEW:
            hint = ": hardly any ink; check the levels of the pictures"
        else:
            hint = ""
        return [f"{self.mean_ink:.1%} of the area is ink{hint}"]

    def _about_sizes(self) -> list[str]:
        if len(self.sizes) == 1:
            return [f"every picture has {next(iter(self.sizes))} pixels"]
        return [f"{len(self.sizes):,} sizes; all are scaled to one (tokenizer.side)"]


def check_pictures(corpus: Corpus) -> PictureChecks:
    """Count rows, duplicates, sizes, ink and labels of a corpus of pictures."""
    levels = [pictures.read(text) for text in sample(corpus, "train", SAMPLE)]
    ink = np.array([one.mean() / pictures.WHITE for one in levels])
    pixels = sum(one.size for one in levels)
    grey = sum(int(((one > 0) & (one < pictures.WHITE)).sum()) for one in levels)
    sizes = Counter(f"{one.shape[1]} × {one.shape[0]}" for one in levels)
    duplicates, overlap = copies(corpus)
    return PictureChecks(
        rows={split: corpus.rows(split) for split in SPLITS},
        duplicates=duplicates,
        overlap=overlap,
        sampled=len(levels),
        sizes=dict(sizes.most_common()),
        ink=tuple(np.histogram(ink, BINS, (0, 1))[0].tolist()),
        mean_ink=sum(float(one.sum(dtype=np.int64)) for one in levels) / (pixels * pictures.WHITE),
        blank=sum(bool((one == one.flat[0]).all()) for one in levels),
        grey=grey / pixels,
        labels=label_counts(corpus),
        notes=corpus.card.notes,
    )
