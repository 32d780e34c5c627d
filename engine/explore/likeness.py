r"""Are the codes of different sentences different at all?

Of what varies among draws of the posteriors of many sentences, the share that lies between the sentences:

.. math:: \frac{\sum_d \mathrm{Var}\,\mu_d}{\sum_d \mathrm{Var}\,\mu_d + \sum_d \mathrm{E}\,\sigma_d^2}.

Near 0 a draw says next to nothing about its sentence: the posterior has collapsed, and a map of the means shows
noise, however large a picture makes it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

# Below this, a hundredth of what varies is due to the sentence.
ALIKE = 0.01
# Codes without a spread of their own are equal if they differ by less than this part of their length.
_EQUAL = 1e-3


def share_between(codes: ArrayLike, deviations: ArrayLike | None = None) -> float:
    """The share of the draws' variance that lies between sentences, 0 to 1.

    Args:
        codes: posterior means of N sentences, (N, Z), finite.
        deviations: posterior standard deviations, (N, Z); without them 1 if the codes differ, else 0.
    """
    means = np.asarray(codes, dtype=np.float64)
    between = float(means.var(axis=0).sum())
    if deviations is not None:
        within = float(np.square(np.asarray(deviations, dtype=np.float64)).mean(axis=0).sum())
        return between / (between + within) if between + within > 0 else 0.0
    length = float(np.square(means).sum(axis=1).mean())
    return 1.0 if between > _EQUAL**2 * length else 0.0


def alike(codes: ArrayLike, deviations: ArrayLike | None = None) -> bool:
    """Whether the codes of all sentences are nearly the same.

    Args:
        codes: posterior means of N sentences, (N, Z), finite.
        deviations: posterior standard deviations, (N, Z), where the family has some.
    """
    return len(np.asarray(codes)) > 1 and share_between(codes, deviations) < ALIKE
