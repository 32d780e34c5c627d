"""k-means."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.config import Config as BaseConfig
from engine.config import param
from engine.explore.clusters.base import Clustering, Labels


class KMeans(Clustering):
    """So many round groups of sentences, each around its mean; every sentence is in one.

    References:
        Least Squares Quantization in PCM, Lloyd, 1982, https://doi.org/10.1109/TIT.1982.1056489;
        k-means++, Arthur and Vassilvitskii, 2007, SODA (the start)
    """

    class Config(BaseConfig):
        """Round groups, as many as asked for."""

        name: Literal["k_means"] = "k_means"
        clusters: int = param(12, "How many groups.", ge=1, le=500, symbol="K", basic=True)
        starts: int = param(3, "Random starts, of which the best is kept.", ge=1, le=50)
        seed: int = param(42, "Seed of the starts.", ge=0, le=2**31 - 1)

    title = "k-means"
    most = 1_000_000

    def __init__(self, config: Config) -> None:
        self.config = config

    def fit(self, points: NDArray[np.float64]) -> Labels:
        """The nearest mean of each row; no more groups than different rows."""
        from sklearn.cluster import KMeans as Library

        config = self.config
        # Distinct rows are counted only where there may be too few of them.
        groups = min(config.clusters, len(points))
        if len(points) < 100 * groups:
            groups = min(groups, len(np.unique(points, axis=0)))
        library = Library(groups, n_init=config.starts, random_state=config.seed)
        return library.fit(points).labels_.astype(np.int64)
