"""What a configuration amounts to on its data, before it is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app import loaders


@dataclass(frozen=True)
class Plan:
    """What a configuration amounts to on its data."""

    rows: int
    exact: bool
    parameters: int
    steps_per_epoch: int
    total_steps: int
    steps: np.ndarray
    weights: np.ndarray
    warnings: list[str]


def make(config: Any) -> Plan:
    """Weights, updates and the KL-weight schedule of an experiment, before it is started.

    Raises:
        ConfigError: its parts do not go together.
    """
    from engine.experiment import steps_per_epoch
    from engine.objectives.elbo import Objective
    from engine.objectives.remedies import Horizon

    rows, exact, kind = _training_rows(config.data.name)
    config.tokenizer.require(kind, config.data.name)
    rows = min(rows, config.data.limit or rows)
    per_epoch = steps_per_epoch(config, rows)
    total = config.training.epochs * per_epoch
    total = min(total, config.training.max_steps or total)
    objective = Objective(config.objective, Horizon(per_epoch, total))
    steps = np.unique(np.linspace(1, total, 400).astype(int))
    weights = np.asarray([objective.kl_weight(int(step)) for step in steps])
    parameters = loaders.parameters(config.model, config.tokenizer.vocab_size)
    warnings = loaders.warnings(config, rows)
    return Plan(rows, exact, parameters, per_epoch, total, steps, weights, warnings)


def _training_rows(name: str) -> tuple[int, bool, str]:
    """Rows of the training split and their kind; approximate for a built-in corpus that is not made yet."""
    from engine.data.library import BUILTIN

    for card in loaders.corpora():
        if card.name == name:
            return card.rows["train"], True, card.kind
    if name in BUILTIN:
        return BUILTIN[name].rows, False, BUILTIN[name].kind
    return 10_000, False, "text"
