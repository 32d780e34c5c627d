r"""Cuts sentences into ids of words, characters or pieces of words, and puts ids together again.

Ids everywhere: 0 padding, 1 start, 2 end, 3 unknown; rows are ``START ... END``.

**Word** knows two kinds of corpus and tells them apart when it is trained (``tokenised``, kept with
the vocabulary):

- *raw* text ("He's here, isn't he?") is cut at blanks and around punctuation; apostrophes and full
  stops inside a word stay ("isn't", "3.14"). ``decode`` puts punctuation back where English has it.
- *tokenised* text ("in a grassy area .") is cut at blanks only, and ``decode`` joins with blanks: lossless,
  as the papers have it. A piece that is not in the vocabulary is cut at its punctuation where all parts
  are known, so that a sentence typed as "in a grassy area." is understood too.

**Char** has one id per character. **BPE** works on bytes and therefore knows every text. **WordPiece** cuts
words into the longest pieces it knows; "##" marks those inside a word.
**Pretrained** is any tokeniser of the library, its ids put in our order.
**Pixels** reads pictures (:mod:`engine.data.pixels`).

For all of them ``encode(decode(ids)) == ids`` for known pieces (BPE: for ids as ``encode`` makes them).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.config import DataError
from engine.data.detokenise import join_words
from engine.data.vocabulary import (
    END,
    PAD,
    START,
    UNKNOWN,
    WORD,
    TokenizerConfig,
    learn,
)

__all__ = ["END", "PAD", "START", "UNKNOWN", "Tokenizer", "TokenizerConfig", "looks_tokenised"]

BLANK = "▁"
INSIDE = "##"

_SAMPLE = 1_000
_WORD = re.compile(WORD)
_LOOSE = re.compile(r"\s[.,!?;:](?=\s|$)")
_TIGHT = re.compile(r"\w[.,!?;:](?=\s|$)")


class Tokenizer:
    """Sentences to ids and back."""

    def __init__(self, config: TokenizerConfig, model: Any, tokenised: bool) -> None:
        self.config = config
        self.tokenised = tokenised
        self._model = model
        self._vocabulary: dict[str, int] = model.get_vocab()
        self._pieces = sorted(self._vocabulary, key=self._vocabulary.__getitem__)

    @classmethod
    def train(
        cls, config: TokenizerConfig, texts: Iterable[str] | Iterable[list[str]]
    ) -> Tokenizer:
        """Learn the vocabulary; ``texts`` may be a stream of sentences or of lists of them."""
        if config.kind == "pretrained":
            return cls(config, learn(config, False, iter(())), False)
        stream = _flat(texts)
        if config.kind == "pixels":
            from engine.data.pixels import Pixels, require_pictures  # a tokeniser, as this is

            require_pictures(stream)
            return Pixels(config)
        sample = list(itertools.islice(stream, _SAMPLE))
        if not sample:
            raise DataError("a tokeniser learns from text: there must be a sentence, got none")
        tokenised = config.kind == "word" and looks_tokenised(sample)
        return cls(config, learn(config, tokenised, itertools.chain(sample, stream)), tokenised)

    @classmethod
    def load(cls, path: Path | str) -> Tokenizer:
        """Read what ``save`` wrote."""
        import tokenizers

        try:
            saved = json.loads(Path(path).read_text(encoding="utf-8"))
            ours = saved.pop("zscape")
            config = TokenizerConfig(**ours["config"])
            if config.kind == "pixels":
                from engine.data.pixels import Pixels

                return Pixels(config)
            model = tokenizers.Tokenizer.from_str(json.dumps(saved))
        except FileNotFoundError as error:
            raise DataError(f"there is no tokeniser at {path}") from error
        # The library raises bare Exception for a model it cannot read.
        except Exception as error:
            raise DataError(
                f"{path} is not a tokeniser that Zscape saved ({error}); train it again"
            ) from error
        return cls(config, model, bool(ours["tokenised"]))

    def save(self, path: Path | str) -> None:
        """Write vocabulary and settings to one JSON file, whole or not at all."""
        draft = Path(f"{path}.draft")
        draft.write_text(self._json(), encoding="utf-8")
        draft.replace(path)

    @property
    def vocab_size(self) -> int:
        """The number of ids, special ones counted."""
        return len(self._vocabulary)

    @property
    def words(self) -> list[str]:
        """What each id stands for, as the vocabulary spells it."""
        return list(self._pieces)

    @property
    def fingerprint(self) -> str:
        """Equal for tokenisers that cut every text alike."""
        return hashlib.blake2b(self._json().encode(), digest_size=16).hexdigest()

    def encode(self, texts: Sequence[str], max_tokens: int | None = None) -> list[list[int]]:
        """Ids of each text between start and end; ``max_tokens`` cuts what is between them."""
        rows = self._rows(texts)
        return [[START, *_unforged(row[:max_tokens]), END] for row in rows]

    def flat(
        self, texts: Sequence[str], max_tokens: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`encode`: all ids in one int32 array, and how many each text has."""
        rows = self.encode(texts, max_tokens)
        ids = np.fromiter(itertools.chain.from_iterable(rows), np.int32)
        return ids, np.array([len(row) for row in rows], np.int64)

    def decode(self, ids: Iterable[Sequence[int]]) -> list[str]:
        """Text of each row up to its first end, without special ids."""
        return [self._text(content(row)) for row in ids]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Each token as it is shown, a blank as ``▁``; special ids are left out."""
        return [self._piece(i) for i in content(ids)]

    def unknown_words(self, texts: Iterable[str]) -> set[str]:
        """The words of ``texts`` that have no id of their own; of a tokeniser of words."""
        found: set[str] = set()
        for text in map(self._lower, texts):
            found.update(text.split() if self.tokenised else _WORD.findall(text))
        return found - self._vocabulary.keys()

    @staticmethod
    def known_share(rows: Sequence[Sequence[int]]) -> float:
        """Share of the tokens of encoded rows that are known, start and end not counted."""
        total = sum(len(row) - 2 for row in rows)
        return 1 - sum(row.count(UNKNOWN) for row in rows) / total if total else 1.0

    def _rows(self, texts: Sequence[str]) -> list[list[int]]:
        if self.config.kind == "char":
            # What the model would do, thirty times faster.
            get = self._vocabulary.get
            return [[get(character, UNKNOWN) for character in self._lower(t)] for t in texts]
        rows = [encoding.ids for encoding in self._model.encode_batch_fast(list(texts))]
        if self.tokenised:
            self._mend(texts, rows)
        return rows

    def _text(self, ids: list[int]) -> str:
        if self.config.kind == "wordpiece":
            return join_words(_whole([self._pieces[i] for i in ids]))
        if self._model.decoder is not None:
            return self._model.decode(ids, skip_special_tokens=False).strip()
        pieces = [self._pieces[i] for i in ids]
        if self.config.kind == "pretrained":
            return " ".join(pieces)
        if self.config.kind == "char":
            return "".join("\ufffd" if i == UNKNOWN else p for i, p in zip(ids, pieces))
        return " ".join(pieces) if self.tokenised else join_words(pieces)

    def _piece(self, token: int) -> str:
        piece = self._pieces[token]
        if token != UNKNOWN and _on_bytes(self._model):
            piece = self._model.decoder.decode([piece])
        return piece if self.config.kind == "word" else piece.replace(" ", BLANK)

    def _mend(self, texts: Sequence[str], rows: list[list[int]]) -> None:
        """Cut unknown pieces of a typed sentence at their punctuation where that makes them known."""
        for number, row in enumerate(rows):
            if UNKNOWN in row:
                text = self._lower(texts[number])
                mended = " ".join(itertools.chain(*map(self._cut, text.split())))
                if mended != text:
                    rows[number] = self._model.encode(mended).ids

    def _cut(self, piece: str) -> list[str]:
        if piece in self._vocabulary:
            return [piece]
        parts = _WORD.findall(piece)
        return parts if all(part in self._vocabulary for part in parts) else [piece]

    def _lower(self, text: str) -> str:
        return self._model.normalizer.normalize_str(text) if self._model.normalizer else text

    def _json(self) -> str:
        ours = {"config": self.config.model_dump(), "tokenised": self.tokenised}
        return json.dumps({"zscape": ours, **json.loads(self._model.to_str())}, ensure_ascii=False)


def looks_tokenised(texts: Sequence[str]) -> bool:
    """Whether punctuation already stands apart from words, as in "in a grassy area ."."""
    loose = sum(len(_LOOSE.findall(text)) for text in texts)
    tight = sum(len(_TIGHT.findall(text)) for text in texts)
    return loose > tight


def _whole(pieces: list[str]) -> list[str]:
    """Words from word pieces: "##" continues the word before."""
    words: list[str] = []
    for piece in pieces:
        if piece.startswith(INSIDE) and words:
            words[-1] += piece.removeprefix(INSIDE)
        else:
            words.append(piece)
    return words


def _on_bytes(model: Any) -> bool:
    """Whether pieces are spelt in bytes, which only a decoder can make readable."""
    return type(model.decoder).__name__ == "ByteLevel"


def _unforged(row: list[int]) -> list[int]:
    """A text may hold "<pad>" or "</s>": in a text they are words like others, and unknown."""
    if not row or min(row) > END:
        return row
    return [i if i > END else UNKNOWN for i in row]


def content(row: Sequence[int]) -> list[int]:
    """What stands before the first end, without padding and starts."""
    ids = [int(i) for i in row]
    stop = ids.index(END) if END in ids else len(ids)
    return [i for i in ids[:stop] if i not in (PAD, START)]


def _flat(texts: Iterable[Any]) -> Iterator[str]:
    for item in texts:
        if isinstance(item, str):
            yield item
        else:
            yield from item
