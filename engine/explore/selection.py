"""What a lasso caught: how many, of which labels, and the words that set them apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from engine.data.pictures import is_picture

if TYPE_CHECKING:
    from engine.explore.words import WordIndex

# Prior weight: a word seen once decides nothing.
_PRIOR_TEXTS = 10.0
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True)
class LabelShare:
    """How common a label is inside the selection and among all rows, shares of 0 to 1."""

    label: str
    count: int
    share: float
    overall: float


@dataclass(frozen=True)
class Word:
    """A word that tells the selection from the rest.

    Attributes:
        word: in lower case.
        score: log-odds ratio over its standard error; above 2 is rarely chance.
        inside: share of selected texts that have it.
        outside: share of the other texts that have it.
    """

    word: str
    score: float
    inside: float
    outside: float


@dataclass(frozen=True)
class Selection:
    """A summary of chosen rows."""

    count: int
    of: int
    labels: list[LabelShare]
    words: list[Word]


def summarise(
    texts: Sequence[str],
    chosen: Sequence[int],
    labels: Sequence[str] | None = None,
    words: int = 12,
    index: WordIndex | None = None,
) -> Selection:
    """Count, label shares and distinctive words of the rows ``chosen``, against all other rows.

    Args:
        texts: of all rows shown.
        chosen: positions in ``texts``.
        labels: of all rows shown, where there are any.
        words: how many distinctive words at most.
        index: the words of all texts, where they are counted already: with it a summary of many rows
            takes no time.
    """
    inside = set(int(row) for row in chosen)
    shares = [] if labels is None else _label_shares(labels, inside)
    if index is not None:
        found = index.distinctive(sorted(inside), words)
    else:
        picked = [texts[row] for row in sorted(inside)]
        rest = [text for row, text in enumerate(texts) if row not in inside]
        found = distinctive_words(picked, rest, words)
    return Selection(len(inside), len(texts), shares, found)


def _label_shares(labels: Sequence[str], inside: set[int]) -> list[LabelShare]:
    here, everywhere = Counter(labels[row] for row in inside), Counter(labels)
    return [
        LabelShare(label, count, count / len(inside), everywhere[label] / len(labels))
        for label, count in sorted(here.items(), key=lambda item: (-item[1], item[0]))
    ]


def distinctive_words(inside: Sequence[str], outside: Sequence[str], most: int = 12) -> list[Word]:
    r"""Words that are more common inside than outside, most surely so first.

    Texts are counted, not occurrences: :math:`y_w` of n texts inside have the word, :math:`y'_w` of n'
    outside. With a prior worth ten texts, :math:`\alpha_w` of them with the word and :math:`\beta_w`
    without, in the proportion of all texts,

    .. math::
        \delta_w = \ln\frac{y_w + \alpha_w}{n - y_w + \beta_w}
        - \ln\frac{y'_w + \alpha_w}{n' - y'_w + \beta_w},

    and the score is :math:`\delta_w` over its standard error, the root of the sum of the reciprocals
    of these four counts.

    References:
        Monroe, Colaresi and Quinn, Fightin' Words: Lexical Feature Selection and Evaluation for
        Identifying the Content of Political Conflict, 2008, Political Analysis 16 (4).
    """
    here, there = _texts_with(inside), _texts_with(outside)
    return most_distinctive(here, len(inside), there, len(outside), most)


def most_distinctive(
    here: Mapping[str, int], n: int, there: Mapping[str, int], n_rest: int, most: int = 12
) -> list[Word]:
    """``distinctive_words`` where it is already counted in how many texts each word occurs.

    Args:
        here: word -> texts inside that have it.
        n: texts inside.
        there: word -> texts outside that have it; a word that none has may be left out.
        n_rest: texts outside.
        most: how many words at most.
    """
    names = sorted(here)
    inside, outside = [here[name] for name in names], [there.get(name, 0) for name in names]
    return scored(names, inside, n, outside, n_rest, most)


def scored(
    names: Sequence[str], here: ArrayLike, n: int, there: ArrayLike, n_rest: int, most: int = 12
) -> list[Word]:
    """``most_distinctive`` with the counts of each name side by side.

    Args:
        names: words in alphabetical order.
        here: texts inside that have each.
        n: texts inside.
        there: texts outside that have each.
        n_rest: texts outside.
        most: how many words at most.
    """
    if not names or not n_rest:
        return []
    y, rest = np.asarray(here, dtype=np.float64), np.asarray(there, dtype=np.float64)
    common = (y + rest + 0.5) / (n + n_rest + 1)
    alpha, beta = _PRIOR_TEXTS * common, _PRIOR_TEXTS * (1 - common)
    counts = np.stack([y + alpha, n - y + beta, rest + alpha, n_rest - rest + beta])
    logs = np.log(counts)
    scores = (logs[0] - logs[1] - logs[2] + logs[3]) / np.sqrt((1 / counts).sum(0))
    best = [at for at in np.argsort(-scores, kind="stable")[:most] if scores[at] > 0]
    return [Word(names[at], float(scores[at]), y[at] / n, rest[at] / n_rest) for at in best]


def words_of(text: str) -> set[str]:
    """The words of a text, in lower case, each once; a picture has none."""
    if is_picture(text):
        return set()
    return set(_WORD.findall(text.lower()))


def _texts_with(texts: Iterable[str]) -> Counter[str]:
    """In how many texts each word occurs."""
    return Counter(word for text in texts for word in words_of(text))
