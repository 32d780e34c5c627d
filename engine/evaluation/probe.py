r"""Do codes know the labels? Logistic regression from codes to labels, with a control.

.. math:: p(y = k|z) \propto \exp(w_k^\top \tilde z + b_k)

with :math:`\tilde z` the codes standardised by the training sentences', fitted on codes of the training split
and scored on those of another.

References:
    Li, He, Neubig, Berg-Kirkpatrick and Yang, A Surprisingly Effective Fix for Deep Latent Variable Modeling
    of Text, 2019, arXiv:1909.00868 (a linear classifier on posterior means).
    Hewitt and Liang, Designing and Interpreting Probes with Control Tasks, 2019, arXiv:1909.03368 (why a
    probe needs a control).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import DataError

MOST_STEPS = 1000


def probe(
    codes: ArrayLike,
    labels: Sequence[str],
    test_codes: ArrayLike,
    test_labels: Sequence[str],
    *,
    seed: int = 42,
) -> dict[str, float]:
    """probe_accuracy, probe_control, probe_majority and their sizes by their names in METRICS.

    Args:
        codes: codes of training sentences, (N, Z).
        labels: of these, (N,), at least two different ones.
        test_codes: codes of other sentences, (M, Z).
        test_labels: of these, (M,); one that no training sentence has is always missed.
        seed: how the labels of the control are shuffled.

    Raises:
        DataError: there is one label only, or hardly any is shared, no sentence to score, or not a label for each code.
    """
    trained, tested = np.asarray(codes, dtype=float), np.asarray(test_codes, dtype=float)
    if len(trained) != len(labels) or len(tested) != len(test_labels) or not len(tested):
        raise DataError(
            f"a probe needs a label for each code and at least one to score, got {len(trained)} codes "
            f"with {len(labels)} labels and {len(tested)} with {len(test_labels)}"
        )
    counts = Counter(labels)
    if len(counts) < 2:
        raise DataError(
            f"a probe tells labels apart, and all {len(labels)} sentences have one; leave it out"
        )
    if len(counts) > len(labels) / 2:
        raise DataError(
            f"a probe needs labels that several sentences share, got {len(counts)} different ones on "
            f"{len(labels)} sentences; label them by something coarser"
        )
    truth, names = np.asarray(test_labels), np.asarray(labels)
    shuffled = np.random.default_rng(seed).permutation(names)
    majority = counts.most_common(1)[0][0]
    return {
        "probe_accuracy": _accuracy(trained, names, tested, truth),
        "probe_control": _accuracy(trained, shuffled, tested, truth),
        "probe_majority": float((truth == majority).mean()),
        "probe_classes": float(len(counts)),
        "probe_rows": float(len(trained)),
        "probe_test_rows": float(len(tested)),
    }


def _accuracy(
    codes: NDArray[np.float64],
    labels: NDArray[np.str_],
    test_codes: NDArray[np.float64],
    truth: NDArray[np.str_],
) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=MOST_STEPS))
    model.fit(codes, labels)
    return float((model.predict(test_codes) == truth).mean())
