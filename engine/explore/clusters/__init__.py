"""Clusters of codes: one file for each way to find them, one line here each. They see arrays only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from engine.config import DataError, Registry
from engine.explore.clusters.base import Clustering, Labels
from engine.explore.clusters.hdbscan import HDBSCAN
from engine.explore.clusters.k_means import KMeans
from engine.explore.clusters.naming import Cluster, described, numbered
from engine.explore.neighbours import nearest

CLUSTERINGS = Registry("clustering", HDBSCAN, KMeans)


@dataclass(frozen=True)
class Clusters:
    """All rows in groups.

    Attributes:
        numbers: the group of each row, shape (N,): 1 the largest, 0 noise.
        clusters: the groups, noise first where there is some.
        fitted: how many rows they were found among; the others joined their nearest.
    """

    numbers: Labels
    clusters: tuple[Cluster, ...]
    fitted: int

    @property
    def count(self) -> int:
        """How many groups there are, noise not counted."""
        return sum(cluster.number > 0 for cluster in self.clusters)


def cluster(config: Any, points: ArrayLike, texts: Sequence[str], seed: int = 42) -> Clusters:
    """Groups of N rows, named by the words that set their texts apart.

    Args:
        config: one of the clusterings' configs.
        points: codes, or coordinates on a map, (N, Z).
        texts: of the rows.
        seed: of the random part of very many rows that the groups are found among.

    Raises:
        DataError: there are no rows, or points that are not finite.
    """
    every = np.asarray(points, dtype=np.float64)
    if not len(every) or not np.isfinite(every).all():
        raise DataError(
            f"clusters need finite points and at least one, got {len(every)}; encode some sentences, "
            "of a checkpoint that has not diverged"
        )
    finder: Clustering = CLUSTERINGS.build(config)
    some = np.arange(len(every))
    if len(every) > finder.most:
        some = np.sort(np.random.default_rng(seed).permutation(len(every))[: finder.most])
    labels = finder.fit(every[some])
    if len(some) < len(every):
        labels = labels[nearest(every[some], every, 1, exact=True).rows[:, 0]]
    numbers = numbered(labels)
    return Clusters(numbers, tuple(described(numbers, texts)), len(some))


__all__ = ["CLUSTERINGS", "Cluster", "Clustering", "Clusters", "cluster"]
