"""How long maps, neighbours and their quality take on this machine.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.maps

Codes of 32 units in 20 clouds. Maps are made in this process: in one of their own, as the app makes them,
about two seconds of imports come on top. UMAP compiles itself first, which its time includes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from engine.explore.clusters import CLUSTERINGS, cluster
from engine.explore.comparison import neighbourhood_change
from engine.explore.neighbours import neighbours_of
from engine.explore.projections import PROJECTIONS, project
from engine.explore.quality import quality

UNITS, CLOUDS = 32, 20


def codes(rows: int) -> np.ndarray:
    """Clouds with room between them, float32."""
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(CLOUDS, UNITS)) * 3
    clouds = rng.integers(0, CLOUDS, rows)
    return (middles[clouds] + rng.normal(size=(rows, UNITS))).astype(np.float32)


def line(what: str, rows: int, work: Callable[[], object]) -> None:
    """Prints one line of the table: seconds on the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    spent = time.perf_counter() - clock, time.process_time() - processor
    print(f"| {what} | {rows:,} | {spent[0]:.2f} | {spent[1]:.2f} |", flush=True)


def main() -> None:
    """Prints a Markdown table."""
    many, some, few = codes(100_000), codes(20_000), codes(10_000)
    deviations = np.abs(many) + 0.1
    print("| what | rows | s | s of processor |")
    print("|---|---|---|---|")
    line("principal components", len(many), lambda: project(_config("pca"), many))
    for _ in "12":
        line("neighbours of one, exact", len(many), lambda: neighbours_of(many, 7))
    line("the same by symmetrised KL", len(many), lambda: neighbours_of(many, 7, 10, deviations))
    plane = project(_config("pca"), many).coordinates[:, :2]
    line("quality of every row", len(some), lambda: quality(some, plane[: len(some)]))
    line("quality of 4,000 rows", len(many), lambda: quality(many, plane))
    line("neighbourhood change", len(some), lambda: neighbourhood_change(some, some[:, ::-1]))
    for name in CLUSTERINGS:
        config = CLUSTERINGS[name].Config()
        line(f"clusters, {name}", len(few), lambda c=config: cluster(c, few, ["a word"] * len(few)))
    for name in ("pacmap", "tsne", "umap"):
        line(f"map, {name}", len(few), lambda n=name: project(_config(n), few))


def _config(name: str) -> object:
    return PROJECTIONS[name].Config()


if __name__ == "__main__":
    main()
