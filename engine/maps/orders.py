"""An evaluation as it is ordered, on the command line or a page: carried out, and kept with its run."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from engine.config import ConfigError, explain
from engine.maps.evaluations import Amounts, Table, measure
from engine.runs import evaluations

if TYPE_CHECKING:
    from pathlib import Path

    from engine.data.corpus import Progress
    from engine.decoding.config import DecodingConfig
    from engine.evaluation.config import EvaluationConfig
    from engine.experiment import ExperimentConfig
    from engine.hosting import Hosted


@dataclass(frozen=True)
class Order:
    """What is to be measured, and how.

    Attributes:
        split: train, valid or test.
        config: how bounds and information are estimated; its seed chooses all rows.
        amounts: how much of everything.
        decoding: how samples are written.
        valid: a check of validity, by its name or as module:function.
    """

    split: str
    config: EvaluationConfig
    amounts: Amounts
    decoding: DecodingConfig
    valid: str | None = None


@dataclass(frozen=True)
class Evaluated:
    """What an order came to.

    Attributes:
        table: what was found.
        record: the same with where it is from, units and settings, as plain JSON; what is kept.
        path: where it is kept.
    """

    table: Table
    record: dict[str, Any]
    path: Path


def estimators(
    config: ExperimentConfig,
    iw_samples: int | None = None,
    iw_rows: int | None = None,
    seed: int = 42,
) -> EvaluationConfig:
    """A run's settings of evaluation, with importance samples of a few sentences where it asks for none.

    Args:
        config: the run's.
        iw_samples: importance samples per sentence, if not as the run has it.
        iw_rows: sentences behind IW-NLL, if not as the run has it.
        seed: of posterior samples and of the choice of rows.

    Raises:
        ConfigError: a number is not allowed.
    """
    from pydantic import ValidationError

    from engine.evaluation.config import IW_ROWS, IW_SAMPLES, EvaluationConfig

    given = config.evaluation.model_dump() | {"seed": seed}
    if iw_samples is not None:
        given["iw_samples"] = iw_samples
    elif not given["iw_samples"]:
        given |= {"iw_samples": IW_SAMPLES, "iw_rows": IW_ROWS}
    if iw_rows is not None:
        given["iw_rows"] = iw_rows
    try:
        return EvaluationConfig(**given)
    except ValidationError as error:
        raise ConfigError(explain(error)) from error


def carry_out(hosted: Hosted, order: Order, progress: Progress | None = None) -> Evaluated:
    """Measure a model, and keep the table with its run in place of the one before.

    Raises:
        ConfigError: there is no such check of validity, or what ``measure`` raises.
        DataError: the split is empty.
    """
    from engine.evaluation.validity import check_of
    from engine.metrics import describe

    check = None if order.valid is None else check_of(order.valid)
    step = hosted.run.step_of(hosted.checkpoint)  # now: a run that trains will write another
    asked = (order.config, order.amounts, order.decoding)
    table = measure(hosted, order.split, *asked, check, progress)
    names = ("metrics", "real", "kl_per_unit", "mean_variance", "notes")
    record = {
        "run": hosted.run.name,
        "checkpoint": hosted.checkpoint,
        "split": order.split,
        "units": {name: describe(name).unit_for(hosted.run.kind) for name in table.metrics},
        **{name: getattr(table, name) for name in names},
        "step": step,
        "evaluation": order.config.model_dump(),
        "amounts": asdict(order.amounts),
        "valid": order.valid,
        "decoding": order.decoding.model_dump(),
        "made": time.time(),
    }
    kept = (hosted.run, order.split, hosted.checkpoint)
    path = evaluations.keep(*kept, record, order.amounts.limit)
    return Evaluated(table, record, path)
