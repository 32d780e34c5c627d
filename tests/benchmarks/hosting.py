"""Twenty people interpolate at once on the demonstration model: how long each waits, and that nobody is lost.

    python -m tests.benchmarks.hosting

Every caller asks for other sentences, so that nothing is answered from a cache. "In turn" holds the model's
lock for the whole answer, as one page after the other would; "together" takes a turn, in which decoding is
done for all who wait. In every round all callers begin at the same moment.
"""

from __future__ import annotations

import argparse
import itertools
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import torch

from engine.decoding.config import DecodingConfig
from engine.explore.interpolation import Interpolation, between
from engine.hosting import Hosted, ModelHost
from engine.runs import store

TEXTS = [
    "Return the number of items in the list.",
    "Compute the mean of the values along the axis.",
    "Open a file for reading.",
    "Raise an error if the key is missing.",
    "Test that the window is closed.",
    "Create a new connection object.",
    "Compute the inverse of a matrix.",
]
TARGET_SECONDS = 1.5


def rounds(
    hosted: Hosted, take: Callable[[], AbstractContextManager[object]], callers: int, times: int
) -> list[float]:
    """Seconds from the start of a round to each caller's answer; an error is raised here."""
    pairs = list(itertools.islice(itertools.cycle(itertools.permutations(TEXTS, 2)), callers))
    decoding = DecodingConfig(max_tokens=hosted.config.data.max_tokens)
    seconds: list[float] = []
    answers: list[Interpolation] = []
    for _ in range(times):
        gate = threading.Barrier(callers + 1)

        def ask(a: str, b: str, gate: threading.Barrier = gate) -> None:
            gate.wait()
            began = time.perf_counter()
            with take():
                found = between(hosted.model, hosted.tokenizer, a, b, 11, None, decoding)
            seconds.append(time.perf_counter() - began)
            answers.append(found)

        threads = [threading.Thread(target=ask, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        gate.wait()
        for thread in threads:
            thread.join()
    if len(answers) != callers * times:
        raise RuntimeError(
            f"{callers * times - len(answers)} answers of {callers * times} were lost"
        )
    return seconds


def main() -> None:
    """Prints a Markdown table; exit status 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--callers", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    run = store.find("demo")
    hosted = ModelHost("cpu").get(run, run.preferred_checkpoint())
    ways = {"one alone": (hosted.turn, 1), "in turn": (lambda: hosted.lock, options.callers)}
    ways["together"] = (hosted.turn, options.callers)
    print(
        f"{torch.get_num_threads()} threads, {options.callers} callers, {options.rounds} rounds\n"
    )
    print("| answers | median, s | 95th percentile, s | longest, s |")
    print("|---|---|---|---|")
    late = 0.0
    for name, (take, callers) in ways.items():
        rounds(hosted, take, callers, 1)
        seconds = rounds(hosted, take, callers, options.rounds)
        median, late = np.quantile(seconds, [0.5, 0.95])
        print(f"| {name} | {median:.2f} | {late:.2f} | {max(seconds):.2f} |")
    raise SystemExit(int(late > TARGET_SECONDS))


if __name__ == "__main__":
    main()
