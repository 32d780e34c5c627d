r"""Cuts pictures into pixels that are on or off, and puts them together again.

A picture of ``side`` by ``side`` is ``START``, its pixels row by row, ``END``; id 4 is a pixel that is off
(paper), 5 one that is on (ink). A grey level g in 1..254 is on with probability g/255. The draw is *fixed*:
its random numbers come from the picture itself, so that a picture has the same ids everywhere, today and
on another machine.

For training the levels themselves can be kept (:meth:`Pixels.grey`): ids 6..259 are the levels 1..254, which
no model ever sees; they are resolved anew at every reading (:mod:`engine.data.binarising`).

References:
    On the Quantitative Analysis of Deep Belief Networks, Salakhutdinov and Murray, 2008,
    https://www.cs.toronto.edu/~rsalakhu/papers/dbn_ais.pdf (pixels drawn from their grey levels);
    Importance Weighted Autoencoders, Burda, Grosse and Salakhutdinov, 2016,
    https://arxiv.org/abs/1509.00519 (drawn anew in every epoch)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

import numpy as np

from engine.config import ConfigError, DataError
from engine.data import pictures
from engine.data.tokenizers import Tokenizer, content
from engine.data.vocabulary import END, SPECIALS, START, TokenizerConfig

OFF, ON = 4, 5
WHITE = pictures.WHITE
WORDS = (*SPECIALS, "off", "on")
_DRAW = np.dtype("<u4")
_RANGE = 2**32


class Pixels(Tokenizer):
    """Pictures to ids and back."""

    def __init__(self, config: TokenizerConfig, keeps_grey: bool = False) -> None:
        self.config = config
        self.tokenised = False
        self.keeps_grey = keeps_grey
        self._pieces = list(WORDS)
        self._vocabulary = {word: number for number, word in enumerate(WORDS)}

    @property
    def side(self) -> int:
        """Pixels of a row, and rows."""
        return self.config.side

    def grey(self) -> Pixels:
        """The same tokeniser with grey levels kept as ids 6..259, for what resolves them later."""
        return Pixels(self.config, keeps_grey=True)

    def encode(self, texts: Sequence[str], max_tokens: int | None = None) -> list[list[int]]:
        """Ids of each data URI between start and end.

        Raises:
            ConfigError: ``max_tokens`` leaves no room for a whole picture.
            DataError: a text is no picture.
        """
        return self._table(texts, max_tokens).tolist()

    def flat(
        self, texts: Sequence[str], max_tokens: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`encode`: all ids in one array, and how many each picture has."""
        table = self._table(texts, max_tokens)
        return table.reshape(-1), np.full(len(table), table.shape[1])

    def decode(self, ids: Iterable[Sequence[int]]) -> list[str]:
        """The data URI of each row, black and white; pixels that are missing or unknown are off.

        Rows with grey ids become grey pictures.
        """
        size = self.side**2
        rows = [content(row)[:size] for row in ids]
        levels = np.zeros((len(rows), size), np.uint8)
        for number, row in enumerate(rows):
            levels[number, : len(row)] = levels_of(np.array(row, np.int64))
        return [pictures.write(one) for one in levels.reshape(-1, self.side, self.side)]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """None: a picture is shown whole, and no part of it is marked as a word is."""
        return []

    def _table(self, texts: Sequence[str], max_tokens: int | None) -> np.ndarray:
        size = self.side**2
        if max_tokens is not None and max_tokens < size:
            raise ConfigError(
                f"a picture is read whole: data.max_tokens must be at least {size} (tokenizer.side "
                f"{self.side} squared), got {max_tokens}; raise the one or lower the other"
            )
        levels = pictures.squares([pictures.read(text) for text in texts], self.side)
        levels = levels.reshape(-1, size)
        out = np.empty((len(levels), size + 2), np.int32)
        out[:, 0], out[:, -1] = START, END
        out[:, 1:-1] = _grey_ids(levels) if self.keeps_grey else OFF + fixed_draw(levels)
        return out

    def _json(self) -> str:
        ours = {"config": self.config.model_dump(), "tokenised": False}
        return json.dumps({"zscape": ours} | ({"grey": True} if self.keeps_grey else {}))


def fixed_draw(levels: np.ndarray) -> np.ndarray:
    """Which pixels of pictures (N, P) of uint8 are on: bool (N, P), a function of each picture alone.

    A pixel is on where u < g/255, u a uniform number of 32 bits from SHAKE-256 of the picture's levels.
    """
    on = levels == WHITE
    for row in np.flatnonzero(((levels > 0) & ~on).any(axis=1)):
        drawn = hashlib.shake_256(levels[row].tobytes()).digest(4 * levels.shape[1])
        uniform = np.frombuffer(drawn, _DRAW).astype(np.uint64)
        on[row] = uniform * WHITE < levels[row].astype(np.uint64) * _RANGE
    return on


def levels_of(ids: np.ndarray) -> np.ndarray:
    """The grey levels, uint8, that ids stand for; of anything but a pixel 0."""
    levels = np.where(ids > ON, ids - ON, 0)
    return np.where(ids == ON, WHITE, levels).astype(np.uint8)


def _grey_ids(levels: np.ndarray) -> np.ndarray:
    ids = levels.astype(np.int32) + ON
    return np.where(levels == WHITE, ON, np.where(levels == 0, OFF, ids))


def require_pictures(texts: Iterable[str]) -> None:
    """Raises DataError where there is no picture to learn from."""
    first = next(iter(texts), None)
    if first is None:
        raise DataError("a tokeniser of pixels reads pictures: there must be one, got none")
    pictures.read(first)
