"""What a configuration amounts to on its data, before it is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app import loaders


@dataclass(frozen=True)
class Plan:
    """What a configuration amounts to on its data.

    Attributes:
        rows: of the training split.
        exact: whether that many; about as many where the data set is not here yet.
        kind: what the data set holds, "text" or "images"; None where nobody knows.
        parameters: weights, with the vocabulary at its largest.
        steps_per_epoch, total_steps: joint updates.
        steps, weights: the KL weight at some steps.
        warnings: settings that will not do what they seem to.
    """

    rows: int
    exact: bool
    kind: str | None
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

    rows, exact, kind = training_rows(config.data.name)
    if kind is not None:
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
    return Plan(rows, exact, kind, parameters, per_epoch, total, steps, weights, warnings)


def training_rows(name: str) -> tuple[int, bool, str | None]:
    """Rows of a data set's training split, whether exactly so many, and their kind.

    They are approximate before the data set is made or downloaded; of one that nobody knows there is no kind.
    """
    from engine.data.downloads import DOWNLOADS
    from engine.data.library import BUILTIN

    for card in loaders.corpora():
        if card.name == name:
            return card.rows["train"], True, card.kind
    entry = BUILTIN.get(name) or DOWNLOADS.get(name)
    return (10_000, False, None) if entry is None else (entry.rows, False, entry.kind)
