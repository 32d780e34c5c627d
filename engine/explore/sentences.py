"""Typed sentences on their way into a model."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.config import DataError

if TYPE_CHECKING:
    from torch import Tensor

    from engine.data.tokenizers import Tokenizer

START, END, _UNKNOWN = 1, 2, 3


@dataclass(frozen=True)
class Sentence:
    """A text as the model sees it.

    Attributes:
        text: as typed.
        ids: token ids without start and end.
        unknown: words that the vocabulary lacks, each once, in order.
        truncated: the text was longer than the model reads.
        seen: what the model reads of it: its tokens as a text, of a picture its pixels on or off.
    """

    text: str
    ids: list[int]
    unknown: list[str]
    truncated: bool
    seen: str = ""


def read(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> list[Sentence]:
    """Tokenise typed texts, and say what the model will not see of them.

    Args:
        tokenizer: the run's tokeniser.
        texts: what was typed.
        max_tokens: longer texts are cut here, start and end not counted.

    Raises:
        DataError: a text is blank.
    """
    for number, text in enumerate(texts, 1):
        if not text.strip():
            which = "the sentence" if len(texts) == 1 else f"sentence {number}"
            raise DataError(f"{which} is empty; type at least one word")
    whole = [list(row[1:-1]) for row in tokenizer.encode(list(texts))]
    cut = [ids[:max_tokens] for ids in whole]
    return [
        Sentence(text, read, unknown_words(tokenizer, text), len(ids) > max_tokens, seen)
        for text, ids, read, seen in zip(texts, whole, cut, tokenizer.decode(cut), strict=True)
    ]


def unknown_words(tokenizer: Tokenizer, text: str) -> list[str]:
    """The words of a text that contain a token which the vocabulary lacks, each once."""
    words = text.split()
    found = [
        word.strip(string.punctuation) or word
        for word, ids in zip(words, tokenizer.encode(words), strict=True)
        if _UNKNOWN in ids
    ]
    return list(dict.fromkeys(found))


def padded(sentences: Sequence[Sentence]) -> Tensor:
    """Token ids with start and end, right-padded, shape (N, T)."""
    import torch

    longest = max(len(sentence.ids) for sentence in sentences)
    x = torch.zeros(len(sentences), longest + 2, dtype=torch.long)
    for row, sentence in enumerate(sentences):
        x[row, : len(sentence.ids) + 2] = torch.tensor([START, *sentence.ids, END])
    return x
