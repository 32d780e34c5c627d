r"""Whether a model finds the codes that made its data, where these are known.

The synthetic corpus keeps them as columns z0, z1 ...; any corpus with such columns of numbers has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.config import DataError
from engine.evaluation.mode import evaluation_mode
from engine.evaluation.rows import by_length, choose

if TYPE_CHECKING:
    from engine.data.corpus import Corpus
    from engine.data.tokens import Tokens
    from engine.models.vae import VAE

Floats = NDArray[np.float64]

ROWS = 2000
_BATCH = 256


def true_codes(corpus: Corpus, split: str) -> Floats | None:
    """The codes (N, D) that made a split, from its columns z0, z1 ...; None where there are none."""
    names: list[str] = []
    while f"z{len(names)}" in corpus.card.columns:
        names.append(f"z{len(names)}")
    if not names:
        return None
    try:
        return np.stack([corpus.column(split, name).astype(float) for name in names], axis=1)
    except ValueError as error:
        raise DataError(
            f"columns {', '.join(names)} of data set {corpus.name!r} must be numbers, the true codes "
            f"({error}); give them other names if they are something else"
        ) from error


def true_code_scores(
    model: VAE, tokens: Tokens, true: Floats, limit: int | None = ROWS, seed: int = 42
) -> dict[str, float]:
    """true_code_r2 and the n behind it, by their names in METRICS.

    Args:
        model: any model.
        tokens: a tokenised split.
        true: the codes that made it, shape (N, D).
        limit: how many random rows; all of them where absent.
        seed: of the rows, and of which half of them is fitted.
    """
    import torch

    rows = by_length(tokens.lengths, choose(len(tokens), limit, seed))
    codes = []
    with evaluation_mode(model, seed) as device:
        for start in range(0, len(rows), _BATCH):
            x = torch.from_numpy(tokens.rows(rows[start : start + _BATCH])).to(device)
            codes.append(model.code(x).flatten(1).double().cpu().numpy())
    return {
        "true_code_r2": linear_r2(np.concatenate(codes), true[rows], seed),
        "true_code_n": float(len(rows)),
    }


def linear_r2(codes: Floats, true: Floats, seed: int = 42) -> float:
    r"""R² of the best linear map with intercept from codes (N, Z) to true codes (N, D), at most 1.

    .. math:: R^2 = 1 - \frac{\sum_i \lVert t_i - \hat t_i \rVert^2}{\sum_i \lVert t_i - \bar t \rVert^2}

    Fitted by least squares on a random half of the rows, and told on the other: what codes say nothing
    about is near 0, and below it by chance.

    Raises:
        DataError: fewer than four rows, or the numbers of rows differ.
    """
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import r2_score

    if len(codes) != len(true) or len(codes) < 4:
        raise DataError(
            f"R² of true codes needs a code for each of at least 4 of them, got {len(codes)} codes and "
            f"{len(true)} true codes"
        )
    order = np.random.default_rng(seed).permutation(len(codes))
    fitted, told = order[: len(order) // 2], order[len(order) // 2 :]
    line = LinearRegression().fit(codes[fitted], true[fitted])
    found = line.predict(codes[told])
    return float(r2_score(true[told], found, multioutput="variance_weighted"))
