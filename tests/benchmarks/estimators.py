"""How noisy the gradient estimators are on four bits, beside published figures.

    python -m tests.benchmarks.estimators

The published figures belong to another function of four bits; ours was fitted to them, so what the table
shows is that one function has them all, and what it costs to leave a variance reduction out. VIMCO was
published at 0.21 with five samples and a prior that is not stated; here it is 0.18 to 0.35, by the prior.
"""

from __future__ import annotations

import time

from tests.models.four_bits import (
    PUBLISHED,
    SETTINGS,
    UNBIASED,
    estimates,
    exact_gradient,
    expected_nll,
    variance,
    warmed,
)


def main() -> None:
    """Prints a Markdown table."""
    exact = exact_gradient(expected_nll)
    print("| estimator | variance | published | largest error of the mean | seconds per million |")
    print("|---|---|---|---|---|")
    for name in SETTINGS:
        module = warmed(name)
        started = time.perf_counter()
        _, gradients = estimates(module)
        seconds = (time.perf_counter() - started) * 1e6 / len(gradients)
        error = f"{(gradients.mean(0) - exact).abs().max():.4f}"
        if name == "vimco":
            error = "(another bound)"
        elif name not in UNBIASED:
            error += " (biased)"
        published = PUBLISHED.get(name, "")
        print(f"| {name} | {variance(gradients):.3f} | {published} | {error} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
