"""Decides which row goes to which split; a held-out text never occurs in training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.config import DataError

TRAIN, VALID, TEST, DROPPED = 0, 1, 2, 255
NAMES = {VALID: "valid", TEST: "test"}


def allot(
    texts: np.ndarray,
    given: np.ndarray,
    shares: Mapping[str, float],
    seed: int,
    drop_overlap: bool = False,
    noun: str = "text",
) -> tuple[np.ndarray, list[str]]:
    """The split of every row, and what a person should know about it.

    Rows without a split are dealt by a seeded permutation of their *distinct* texts in the order of
    their hashes: all copies of a text land in one split, whatever the order of the file. Copies
    are kept in training, where they weigh, and dropped in held-out splits, where they would be
    counted twice. Splits that came with the data stay as they are, unless ``drop_overlap`` asks
    that texts which also occur in training leave them; a held-out split that did not come is taken
    from the training rows.

    Args:
        texts: uint64 (N,), one hash per row.
        given: uint8 (N,), 0 train, 1 valid, 2 test, 255 undecided.
        shares: the wanted share of distinct texts of "valid" and "test".
        seed: of the permutation.
        drop_overlap: remove from given held-out splits what training contains.
        noun: what a row is called in messages.

    Returns:
        codes: uint8 (N,), 0 train, 1 valid, 2 test, 255 dropped; and notes.
    """
    came = {code for code in (VALID, TEST) if (given == code).any()}
    missing = {c: shares[NAMES[c]] for c in (VALID, TEST) if c not in came}
    pool = given == DROPPED if (given == DROPPED).any() else given == TRAIN
    codes, notes = given.copy(), []
    if missing:
        codes[pool], repeated = _deal(texts[pool], missing, seed, bool(came), noun)
        if repeated:
            notes.append(f"{repeated:,} repeated rows left out of the held-out splits")
    else:
        codes[pool] = TRAIN
    if came:
        notes += _overlap(texts, codes, came, drop_overlap, noun)
    return codes, notes


def _deal(
    texts: np.ndarray, shares: Mapping[int, float], seed: int, given: bool, noun: str
) -> tuple[np.ndarray, int]:
    unique, first, inverse = np.unique(texts, return_index=True, return_inverse=True)
    if len(unique) < len(shares) + 1:
        raise DataError(_too_few(len(texts), len(unique), len(shares) + 1, given, noun))
    order = np.random.default_rng(seed).permutation(len(unique))
    split, start = np.zeros(len(unique), dtype=np.uint8), 0
    for code, share in shares.items():
        size = min(max(1, round(share * len(unique))), (len(unique) - 1) // len(shares))
        split[order[start : start + size]] = code
        start += size
    codes = split[inverse]
    copy = np.ones(len(texts), dtype=bool)
    copy[first] = False
    repeated = copy & (codes != TRAIN)
    codes[repeated] = DROPPED
    return codes, int(repeated.sum())


def _too_few(rows: int, unique: int, needed: int, given: bool, noun: str) -> str:
    what = "training rows" if given else "data"
    if unique < rows:
        got = f"{rows:,} rows with only {unique:,} different {noun}s"
    else:
        got = f"{rows:,} {'row' if rows == 1 else 'rows'}"
    cure = (
        "Add more lines (one text per line), or check that the right column is the text column"
        if noun == "text"
        else f"Add more {noun}s"
    )
    return (
        f"the {what} must have at least {needed} different {noun}s, one for each of train, valid "
        f"and test; got {got}. {cure}"
    )


def _overlap(
    texts: np.ndarray, codes: np.ndarray, came: set[int], drop: bool, noun: str
) -> list[str]:
    """Drop, or count, the rows of given held-out splits that training contains."""
    notes = []
    train = np.unique(texts[codes == TRAIN])
    for code in sorted(came):
        rows = np.flatnonzero(codes == code)
        shared = rows[np.isin(texts[rows], train)]
        if not len(shared):
            continue
        if drop:
            codes[shared] = DROPPED
        fate = "left out" if drop else "kept, because the split came with the data"
        notes.append(
            f"{len(shared):,} of {len(rows):,} {NAMES[code]} {noun}s occur in train ({fate})"
        )
    return notes
