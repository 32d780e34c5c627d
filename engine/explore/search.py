"""Sentences found by what they say: a phrase, or a pattern.

Patterns are those of RE2, which take time in proportion to the texts whatever the pattern; look-around and
references to groups, which could take for ever, it does not have.

References:
    RE2, https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.config import DataError, one_of

Kind = Literal["text", "pattern"]
KINDS: tuple[Kind, ...] = ("text", "pattern")


@dataclass(frozen=True)
class Matches:
    """Where something occurs among N texts.

    Attributes:
        rows: positions of the texts that have it, ascending.
        counts: how often each text has it, shape (N,).
    """

    rows: NDArray[np.int64]
    counts: NDArray[np.int64]


def search(
    texts: Sequence[str] | Any, wanted: str, kind: Kind = "text", case: bool = False
) -> Matches:
    """The texts that have a phrase or match a pattern.

    Args:
        texts: N of them; an Arrow array of strings is read as it is.
        wanted: what to look for; blanks around it are left out.
        kind: "text" for the very words, "pattern" for a regular expression of RE2.
        case: whether capitals count.

    Raises:
        DataError: nothing is asked for, or the pattern is none.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind not in KINDS:
        raise DataError(one_of("kind of search", kind, KINDS))
    if not (wanted := wanted.strip()):
        raise DataError("a search needs something to look for; type a word or a pattern")
    column = texts if isinstance(texts, pa.Array) else pa.array(list(texts), pa.large_string())
    count = pc.count_substring if kind == "text" else pc.count_substring_regex
    try:
        counts = count(column, wanted, ignore_case=not case).to_numpy(zero_copy_only=False)
        if kind == "pattern":  # an empty text is not counted, though ^$ matches it
            found = pc.match_substring_regex(column, wanted, ignore_case=not case)
            counts = np.maximum(counts, found.to_numpy(zero_copy_only=False).astype(counts.dtype))
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{wanted!r} is no regular expression: {_reason(error)}; mend it, or search for the text "
            "as it stands"
        ) from error
    counts = counts.astype(np.int64)
    return Matches(np.flatnonzero(counts), counts)


def _reason(error: Exception) -> str:
    """What RE2 says, without what Arrow says before it."""
    return str(error).partition("expression: ")[2].strip() or str(error)
