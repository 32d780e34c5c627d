r"""How smooth a decoded path is, in numbers, so that paths between two sentences can be compared.

With :math:`s_0 \dots s_K` what the steps read and :math:`\delta` the token edit distance:

.. math::
    IS = \frac{\delta(s_0, s_K)}{\sum_k \delta(s_k, s_{k+1})}, \qquad
    \text{monotonicity} = \tfrac12 \rho(k, \delta(s_k, s_0)) - \tfrac12 \rho(k, \delta(s_k, s_K))

with :math:`\rho` Spearman's rank correlation. Energy and length are those of ``energy``.

References:
    LangVAE and LangSpace, 2025, arXiv:2505.00004 (IS, there with word-mover distance).
    Karras, Laine and Aila, A Style-Based Generator Architecture for GANs, 2019, arXiv:1812.04948 (path
    length as how fast what is generated changes).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.explore.energy import effort
from engine.explore.interpolation import Interpolation

if TYPE_CHECKING:
    from engine.models.vae import VAE


def smoothness(model: VAE, found: Interpolation, max_tokens: int = 40) -> dict[str, float]:
    """The measures of one path by their names in METRICS; what a path has not is absent.

    Args:
        model: the text VAE that decoded it.
        found: the path.
        max_tokens: where the sentences are cut that the decoder is read along; see ``energy``.
    """
    spent = effort(model, found.codes, max_tokens)
    return of_text(found) | {"path_energy": spent.energy, "path_length": spent.length}


def of_text(found: Interpolation) -> dict[str, float]:
    """Those of the measures that need no model: smoothness, monotonicity, distinct steps, ends, dip."""
    sentences = [step.ids for step in found.steps]
    scores = {
        "distinct_steps": len(set(map(tuple, sentences))) / len(sentences),
        "endpoint_fidelity": (found.a.similarity + found.b.similarity) / 2,
        "nll_dip": _dip(found),
    }
    travelled = sum(_distances(sentences[:-1], sentences[1:]))
    if travelled:
        whole = _distances(sentences[:1], sentences[-1:])[0]
        scores["interpolation_smoothness"] = whole / travelled
    if (monotone := _monotonicity(sentences)) is not None:
        scores["monotonicity"] = monotone
    return scores


def _distances(some: Sequence[Sequence[int]], others: Sequence[Sequence[int]]) -> list[int]:
    """Token edit distances of pairs."""
    from rapidfuzz.distance import Levenshtein

    return [Levenshtein.distance(a, b) for a, b in zip(some, others, strict=True)]


def _monotonicity(sentences: Sequence[Sequence[int]]) -> float | None:
    """None where neither distance changes."""
    count = len(sentences)
    away = _distances(sentences, [sentences[0]] * count)
    towards = _distances(sentences, [sentences[-1]] * count)
    found = [_spearman(away), _spearman([-distance for distance in towards])]
    known = [value for value in found if value is not None]
    return sum(known) / len(known) if known else None


def _spearman(values: Sequence[int]) -> float | None:
    """Rank correlation of values with their place; None where all are equal."""
    from scipy.stats import rankdata

    if len(set(values)) < 2:
        return None
    return float(np.corrcoef(np.arange(len(values)), rankdata(values))[0, 1])


def _dip(found: Interpolation) -> float:
    each = [step.nll / (len(step.ids) + 1) for step in found.steps]
    return each[len(each) // 2] - (each[0] + each[-1]) / 2
