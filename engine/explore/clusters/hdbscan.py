"""HDBSCAN."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.config import Config as BaseConfig
from engine.config import param
from engine.explore.clusters.base import NOISE, Clustering, Labels


class HDBSCAN(Clustering):
    """Groups of any shape, as many as are dense; what lies between them is noise, a group of its own.

    References:
        Density-Based Clustering Based on Hierarchical Density Estimates, Campello, Moulavi and Sander,
        2013, https://doi.org/10.1007/978-3-642-37456-2_14
    """

    class Config(BaseConfig):
        """Dense groups of any shape."""

        name: Literal["hdbscan"] = "hdbscan"
        min_cluster_size: int = param(
            30,
            "The least size of a group: smaller finds more of them.",
            ge=2,
            le=100_000,
            unit="sentences",
            basic=True,
        )
        min_samples: int = param(
            5,
            "Neighbours that a sentence needs to be in the midst of a group: fewer leave less noise.",
            ge=1,
            le=1000,
            basic=True,
        )

    title = "HDBSCAN"
    most = 20_000

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(self, points: NDArray[np.float64]) -> Labels:
        """The dense group of each row, or noise."""
        from sklearn.cluster import HDBSCAN as Library

        config, rows = self.config, len(points)
        if rows < config.min_cluster_size:
            return np.full(rows, NOISE)
        samples = min(config.min_samples, rows)
        library = Library(min_cluster_size=config.min_cluster_size, min_samples=samples, copy=True)
        return library.fit(points).labels_.astype(np.int64)
