"""Whether a run's posterior is alive, judged by the records of its last validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.runs.store import Run

if TYPE_CHECKING:
    from engine.evaluation.diagnosis import Diagnosis


@dataclass(frozen=True)
class Moment:
    """Where in a run a verdict was passed.

    Attributes:
        step: updates behind it.
        last: updates behind the last validation.
        kl_weight: at that step; None where nothing was recorded up to it.
        rises: whether the KL weight was still on its way up.
    """

    step: int
    last: int
    kl_weight: float | None
    rises: bool

    @property
    def too_early(self) -> str:
        """Why there can be no verdict yet, as a sentence; nothing where there can be one."""
        if not self.rises:
            return ""
        return f"The KL weight was {self.kl_weight:.2g} at step {self.step:,} and still rising."


def moment(run: Run, step: int | None = None) -> Moment | None:
    """Where in the run a step is, the last validation's by default; None before the first."""
    metrics = run.metrics()
    if "valid/kl" not in metrics or not (judged := metrics["valid/kl"].notna()).any():
        return None
    last = int(metrics.loc[judged, "step"].iloc[-1])
    step = last if step is None else step
    if "train/kl_weight" not in metrics:
        return Moment(step, last, None, False)
    told = metrics[metrics["train/kl_weight"].notna()]
    weights = told["train/kl_weight"]
    until, after = weights[told["step"] <= step], weights[told["step"] > step]
    if until.empty:
        return Moment(step, last, None, False)
    now = float(until.iloc[-1])
    if len(weights) == 1:
        rises = now < 1 and _annealed(run)
    else:  # at the end of the records, whether it rises is seen by where it came from
        rises = bool(after.iloc[0] > now if len(after) else (until.iloc[-2:].diff() > 0).any())
    return Moment(step, last, now, rises)


def _annealed(run: Run) -> bool:
    remedies = run.config().get("objective", {}).get("remedies", ())
    return any("annealing" in remedy["name"] for remedy in remedies)


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
