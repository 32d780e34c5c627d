"""Whether a run's posterior is alive, judged by the records of its last validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.runs.store import Run

if TYPE_CHECKING:
    from engine.evaluation.diagnosis import Diagnosis


def diagnosis(run: Run) -> Diagnosis | None:
    """The verdict on the run's code; None before the first validation."""
    from engine.evaluation.diagnosis import diagnose

    metrics = run.metrics()
    if "valid/kl" not in metrics or (rows := metrics[metrics["valid/kl"].notna()]).empty:
        return None
    row = rows.iloc[-1].dropna()
    last = {str(key).removeprefix("valid/"): value for key, value in row.items()}
    config = run.config()
    remedies = config.get("objective", {}).get("remedies", ())
    family = config.get("model", {}).get("latent", {}).get("name", "gaussian")
    probes = [probe for probe in run.probes() if probe["step"] == row["step"]]
    per_unit = probes[-1].get("kl_per_unit", ()) if probes else ()
    used = [remedy["name"] for remedy in remedies]
    return diagnose(last, per_unit, used, family)
