r"""The path through the data: from one encoded sentence to a near one, and so on.

Encoded rows are joined to their k nearest, and the path is the cheapest in this graph, a step of length d at
the price :math:`d^p`. With p above 1 several short steps are cheaper than a long one, so that the path bends
to where sentences are; at p = 1 it is the shortest in the graph.

References:
    Hwang, Damelin and Hero, Shortest Path through Random Points, 2016, arXiv:1202.0045 (powers of lengths).
    Tenenbaum, de Silva and Langford, A Global Geometric Framework for Nonlinear Dimensionality Reduction,
    2000, Science 290 (5500) (graphs of neighbours).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError
from engine.explore.paths import at

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Walk:
    """A path through encoded sentences.

    Attributes:
        codes: evenly spaced along the path, both ends included, (steps, Z).
        rows: the positions, among the codes that the graph was made of, of those it passes.
        length: of the path, in the units of a straight step.
        straight: how far the two ends are from each other.
        longest: the longest step between two sentences.
    """

    codes: Floats
    rows: list[int]
    length: float
    straight: float
    longest: float


class DataGraph:
    """Encoded rows, each joined to its nearest; made once and walked many times.

    Args:
        codes: shape (N, Z).
        path: the way from code to code that stays where they live, the first of the latent family's
            ``paths``; it says what distance is: straight, the angle, that of proportions, bits that differ.
        k: how many neighbours each row is joined to; more where the graph would fall apart.
        power: p, at least 1.
        tokens: how many latent tokens a code is made of.

    Raises:
        ConfigError: there are fewer than two codes, or a number is out of range.
    """

    def __init__(
        self,
        codes: ArrayLike,
        path: str = "linear",
        k: int = 15,
        power: float = 2.0,
        tokens: int = 1,
    ) -> None:
        self.codes = np.asarray(codes, dtype=np.float64)
        if self.codes.ndim != 2 or len(self.codes) < 2 or k < 1 or power < 1:
            raise ConfigError(
                "a graph of neighbours needs two codes, k of at least 1 and a power of at least 1, got "
                f"shape {self.codes.shape}, k={k}, power={power}"
            )
        self.path, self.k, self.power, self.tokens = path, k, power, tokens

    def between(self, z_a: ArrayLike, z_b: ArrayLike, steps: int = 11) -> Walk:
        """The cheapest path between two codes, which need not be among those of the graph.

        Args:
            z_a, z_b: shape (Z,).
            steps: how many codes to return, evenly spaced along it; at least 2.

        Raises:
            ConfigError: there are fewer than 2 steps.
        """
        ends = np.stack([np.asarray(end, dtype=np.float64) for end in (z_a, z_b)])
        rows = self._route(ends)
        stops = np.concatenate([ends[:1], self.codes[rows], ends[1:]])
        places = self._chart(stops)
        far = self._distance(np.linalg.norm(np.diff(places, axis=0), axis=1))
        straight = self._distance(np.linalg.norm(places[-1] - places[0]))
        codes = self._spaced(stops, far, steps)
        return Walk(codes, rows, float(far.sum()), float(straight), float(far.max()))

    @cached_property
    def _edges(self) -> tuple[Any, Any, int]:
        """The search, the matrix of prices between rows, and the k with which they all hang together."""
        from scipy.sparse.csgraph import connected_components
        from sklearn.neighbors import NearestNeighbors

        places = self._chart(self.codes)
        # Trees gain nothing in tens of dimensions.
        search = NearestNeighbors(algorithm="brute").fit(places)
        k = min(self.k, len(places) - 1)
        while True:
            graph = search.kneighbors_graph(n_neighbors=k, mode="distance")
            whole = connected_components(graph, directed=False)[0] == 1
            if whole or k == len(places) - 1:
                break
            k = min(2 * k, len(places) - 1)
        graph.data = self._price(graph.data)
        return search, graph, k

    def _route(self, ends: Floats) -> list[int]:
        """The rows that the cheapest path passes."""
        from scipy.sparse import bmat, csr_matrix
        from scipy.sparse.csgraph import dijkstra

        search, graph, k = self._edges
        places = self._chart(ends)
        near = search.kneighbors_graph(places, n_neighbors=min(k, len(self.codes)), mode="distance")
        direct = np.linalg.norm(places[1] - places[0])
        if direct <= near.data.max(initial=0.0):
            return []  # nearer to each other than to some of their neighbours
        near.data = self._price(near.data)
        whole = bmat([[graph, near.T], [near, csr_matrix((2, 2))]], format="csr")
        start, end = len(self.codes), len(self.codes) + 1
        _, before = dijkstra(whole, directed=False, indices=start, return_predecessors=True)
        route = [end]
        while route[-1] != start:
            route.append(int(before[route[-1]]))
        # A sentence that is an end itself is no stop.
        found = route[-2:0:-1]
        return [row for row in found if (self.codes[row] != ends).any(axis=1).all()]

    def _spaced(self, stops: Floats, far: Floats, steps: int) -> Floats:
        """Codes at even distances along the stops, each between two of them on the family's own path."""
        if steps < 2:
            raise ConfigError(f"an interpolation needs at least 2 steps, got {steps}; take 11")
        reached = np.concatenate([[0.0], np.cumsum(far)])
        wanted = np.linspace(0, reached[-1], steps)
        legs = np.clip(np.searchsorted(reached, wanted, side="right") - 1, 0, len(far) - 1)
        codes = np.empty((steps, stops.shape[1]))
        for step, leg in enumerate(legs):
            share = (wanted[step] - reached[leg]) / far[leg] if far[leg] > 0 else 0.0
            codes[step] = at(stops[leg], stops[leg + 1], [share], self.path, self.tokens)[0]
        codes[0], codes[-1] = stops[0], stops[-1]
        return codes

    def _chart(self, codes: Floats) -> Floats:
        """Where straight distances say how near codes are: proportions by their roots."""
        return np.sqrt(np.maximum(codes, 0)) if self.path == "fisher-rao" else codes

    def _distance(self, straight: Any) -> Any:
        """What a straight distance in the chart is along the family's own path."""
        if self.path == "bits":
            return np.square(straight)
        if self.path in ("spherical", "fisher-rao"):
            return 2 * np.arcsin(np.clip(straight / 2, 0, 1))
        return straight

    def _price(self, straight: Floats) -> Floats:
        # A sparse matrix takes 0 for "not joined", and copies of a sentence are joined by nothing.
        return np.maximum(self._distance(straight) ** self.power, 1e-12)
