"""Is a sentence copied? The training sentence nearest to it, and exact copies among all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError
from engine.evaluation.copies import Originals
from engine.explore.neighbours import nearest
from engine.explore.sentences import Sentence, padded

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Nearest:
    """The training sentence nearest to one that was written.

    Attributes:
        row: its number in the training split.
        edits: token edit distance to it.
        similarity: 1 - edits / longer length, 0 to 1.
        copied: it is the same token by token.
    """

    row: int
    edits: int
    similarity: float
    copied: bool


class TrainingSentences:
    """Training sentences in which copies are looked for; made once and asked many times.

    Args:
        tokens: the tokenised training split; exact copies are found among all of its rows.
        codes: codes of some of its rows, (N, Z), among which near ones are looked for.
        rows: which rows they are of, (N,); the first N where absent.
        k: how many latent neighbours are compared token by token.

    Raises:
        ConfigError: there are no codes, or not one for each row.
    """

    def __init__(
        self, tokens: Tokens, codes: ArrayLike, rows: ArrayLike | None = None, k: int = 50
    ) -> None:
        self.tokens, self.k = tokens, max(k, 1)
        self._originals = Originals(tokens)
        self.codes = np.asarray(codes, dtype=np.float32)
        self.rows = np.arange(len(self.codes)) if rows is None else np.asarray(rows)
        if self.codes.ndim != 2 or not len(self.codes) or len(self.codes) != len(self.rows):
            raise ConfigError(
                "copies are looked for among encoded training sentences, a code for each row, got codes "
                f"of shape {self.codes.shape} and {len(self.rows)} rows; encode some first"
            )

    def nearest(self, model: VAE, sentences: Sequence[Sequence[int]]) -> list[Nearest]:
        """For each sentence its exact copy, or the nearest by token edits among its latent neighbours.

        The neighbours are those of the sentence's own code, so that a sentence is found again whatever
        code it was written from.

        Args:
            model: the text VAE whose codes these are.
            sentences: token ids without start and end.
        """
        if not len(sentences):
            return []
        neighbours = nearest(self.codes, _codes(model, sentences), self.k).rows
        return [
            self._copy_of(ids) or self._nearest_of(ids, self.rows[near])
            for ids, near in zip(sentences, neighbours, strict=True)
        ]

    def _copy_of(self, ids: Sequence[int]) -> Nearest | None:
        row = self._originals.row_of(ids)
        return None if row is None else Nearest(row, 0, 1.0, True)

    def _nearest_of(self, ids: Sequence[int], rows: NDArray[np.int64]) -> Nearest:
        from rapidfuzz.distance import Levenshtein

        x, lengths = self.tokens.rows(rows), self.tokens.lengths[rows]
        others = [row[1 : length - 1].tolist() for row, length in zip(x, lengths, strict=True)]
        edits = [Levenshtein.distance(list(ids), other) for other in others]
        best = int(np.argmin(edits))
        longer = max(len(ids), len(others[best]), 1)
        return Nearest(int(rows[best]), edits[best], 1 - edits[best] / longer, False)


def _codes(model: VAE, sentences: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """The deterministic codes of token ids, (N, Z)."""
    from engine.evaluation.mode import evaluation_mode

    with evaluation_mode(model, 0) as device:
        parts = [sentences[start : start + 256] for start in range(0, len(sentences), 256)]
        read = [padded([Sentence("", list(ids), [], False) for ids in part]) for part in parts]
        codes = [model.code(x.to(device)).flatten(1).float().cpu().numpy() for x in read]
    return np.concatenate(codes)
