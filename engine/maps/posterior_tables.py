"""A kept posterior report as tables and as JSON, to take away."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any, Literal

from engine.evaluation.diagnosis import IDLE_NATS
from engine.evaluation.information import ACTIVE_VARIANCE
from engine.explore.tables import Cell, Table
from engine.maps.posteriors import Kept, Request
from engine.metrics import METRICS


def numbers(kept: Kept, kind: Literal["text", "images"] = "text") -> Table:
    """The report's numbers, one a row, with unit and definition.

    Args:
        kept: the report.
        kind: of the data that it is about.
    """
    rows: list[tuple[Cell, ...]] = [
        (name, METRICS[name].label, value, METRICS[name].unit_for(kind), METRICS[name].meaning)
        for name, value in kept.scalars.items()
    ]
    return Table(("key", "number", "value", "unit", "how it is computed"), rows)


def dimensions(kept: Kept) -> Table:
    """One row a dimension: KL, mean and variances of codes, and the aggregated posterior against the prior."""
    columns: dict[str, list[Cell]] = {"dimension": [f"z[{at}]" for at in range(count(kept))]}
    if kept.kl_per_unit:
        columns["KL, nats"] = [*kept.kl_per_unit]
        columns[f"under {IDLE_NATS} nats"] = [kl < IDLE_NATS for kl in kept.kl_per_unit]
    if (units := kept.units) is not None:
        counted = "active_units" in kept.scalars
        measured = {
            "mean": units.mean,
            "variance of the posterior means": units.mean_variance,
            "mean posterior variance": units.within,
            "part of the variance that tells sentences apart": units.snr,
            "offset, prior deviations": units.offset,
            "deviation over the prior's": units.scale,
            "KL(q||p), nats": units.kl_to_prior,
            "KL(p||q), nats": units.kl_from_prior,
            "Kolmogorov-Smirnov": units.ks,
        }
        for name, values in measured.items():
            columns[name] = [value if math.isfinite(value) else None for value in values.tolist()]
        if counted:
            columns["active"] = (units.mean_variance >= ACTIVE_VARIANCE).tolist()
    else:
        columns["deviation of codes"] = kept.codes.std(axis=0).tolist()
    return Table(tuple(columns), list(zip(*columns.values(), strict=True)))


def prior_draws(kept: Kept) -> Table:
    """The decoded prior draws, worst first."""
    names = ("ratio", "log_q", "hole", "nll", "text")
    columns = ("log q - log p, nats", "log q, nats", "in a hole", "nats/token", "sentence")
    ends = kept.extremes
    draws = [] if ends is None else [*ends.worst, *reversed(ends.best)]
    return Table(columns, [tuple(getattr(draw, name) for name in names) for draw in draws])


def to_json(request: Request, kept: Kept) -> str:
    """The whole report with what it was made from; codes and densities of single draws are left out."""
    asked = {
        name: getattr(request, name)
        for name in ("checkpoint", "split", "n", "swaps", "draws", "seed")
    }
    found: dict[str, Any] = {
        "run": request.run.name,
        **asked,
        "rows": len(kept),
        "of": kept.of,
        "latent_family": kept.family,
        "diagnosis": None if kept.diagnosis is None else asdict(kept.diagnosis),
        "metrics": kept.scalars,
        "dimensions": json.loads(dimensions(kept).to_json()),
        "correlation": kept.correlation.tolist(),
        "prior_draws": json.loads(prior_draws(kept).to_json()),
        "absent": kept.absent,
    }
    if kept.deviations is not None:
        counts, edges = kept.deviations.counts.tolist(), kept.deviations.edges.tolist()
        found["sigma"] = {"counts": counts, "edges": edges}
    return json.dumps(found, ensure_ascii=False, indent=2)


def count(kept: Kept) -> int:
    """How many dimensions there are numbers of: those of the KL or the units, else of the code."""
    if kept.kl_per_unit:
        return len(kept.kl_per_unit)
    return kept.codes.shape[1] if kept.units is None else len(kept.units)
