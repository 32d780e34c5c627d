"""Training, read from top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from engine.config import TrainingDiverged
from engine.devices import autocast
from engine.models.vae import VAE
from engine.training.optimisers import set_learning_rate
from engine.training.state import TrainingState

Record = dict[str, float]
Evaluate = Callable[[VAE], dict[str, float]]
Between = Callable[[TrainingState], None]


class Source(Protocol):
    """Where batches come from; ``engine.data.batches.Batches`` is one."""

    def __len__(self) -> int: ...
    def epoch(self, e: int) -> list[np.ndarray]: ...
    def rows(self, indices: np.ndarray) -> np.ndarray: ...
    def random(self, draw: int) -> np.ndarray: ...


def train(
    state: TrainingState, batches: Source, evaluate: Evaluate, between: Between | None = None
) -> Iterator[Record]:
    """Trains until done; one record per joint update, so that whoever reads can stop in between.

    A record has ``step`` alone, or also averages since the last log (``train/...``), or a validation
    (``valid/...``, names of METRICS). ``state`` can be saved between any two records; a new ``train`` on
    a loaded state goes on as if there had been no stop.

    Args:
        state: where training stands; it moves.
        batches: what is trained on.
        evaluate: one validation, names of METRICS without their split.
        between: called with the state after encoder-only updates and before the joint one that follows
            them. It may look, and must neither move anything nor raise: nothing can be saved there.

    Raises:
        TrainingDiverged: the loss is no longer a finite number.
    """
    state.model.train()
    order = batches.epoch(state.epoch)
    while True:
        epoch_ended = state.position >= len(order)
        # First, so that a run stopped between an update and its validation makes up for it.
        if _validation_due(state, epoch_ended):
            yield _validate(state, evaluate, epoch_ended)
        if state.finished:
            return
        if epoch_ended:
            state.epoch, state.position = state.epoch + 1, 0
            order = batches.epoch(state.epoch)
        started = time.perf_counter()
        state.set_rates()
        x = _tensor(state, batches.rows(order[state.position]))
        inner = _encoder_steps(state, batches, x)
        if inner and between is not None:
            paused = time.perf_counter()
            between(state)
            started += time.perf_counter() - paused
        terms, norm = _joint_step(state, x)
        state.step += 1
        state.position += 1
        _add_up(state, terms, norm, inner, x, started)
        for remedy in state.objective.active(state.step):
            remedy.after_update(terms)
        logged = state.step % state.config.log_every == 0
        yield _averages(state) if logged else {"step": state.step}


def _tensor(state: TrainingState, rows: np.ndarray) -> Tensor:
    return torch.from_numpy(rows).to(state.device, non_blocking=True)


def _encoder_steps(state: TrainingState, batches: Source, x: Tensor) -> int:
    """The encoder-only updates that remedies ask for before this joint one; how many there were."""
    remedies = state.objective.active(state.step + 1)
    taken, loss_sum, tokens = 0, 0.0, 0
    while any([r.another_encoder_step(taken, loss_sum, tokens) for r in remedies]):
        loss = _encoder_step(state, x)
        loss_sum, tokens = loss * len(x), int((x[:, 1:] > 0).sum())
        taken += 1
        state.draws += 1
        x = _tensor(state, batches.rows(batches.random(state.draws)))
    return taken


def _encoder_step(state: TrainingState, x: Tensor) -> float:
    """One update of encoder and latent family alone; the mean loss of the batch."""
    model, decoder = state.model, state.model.decoder
    remedies = state.objective.active(state.step + 1)
    joint = any(remedy.wants_joint_clipping() for remedy in remedies)
    decoder.requires_grad_(joint)
    try:
        loss, _ = _backward(state, x)
    finally:
        decoder.requires_grad_(True)
    clipped = model.parameters() if joint else model.inference_parameters()
    clip_grad_norm_(clipped, state.config.clip)
    state.optimisers["encoder"].step()
    return loss.item()


def _joint_step(state: TrainingState, x: Tensor) -> tuple[dict[str, Tensor | float], Tensor]:
    """One update of decoder and, unless a remedy freezes it, encoder; loss terms and gradient norm."""
    _, terms = _backward(state, x)
    weights = [*state.model.parameters(), *state.objective.heads.parameters()]
    norm = clip_grad_norm_(weights, state.config.clip)
    remedies = state.objective.active(state.step + 1)
    frozen = any(remedy.freezes_encoder() for remedy in remedies)
    for name, optimiser in state.optimisers.items():
        if not (frozen and name == "encoder"):
            optimiser.step()
    return terms, norm


def _backward(state: TrainingState, x: Tensor) -> tuple[Tensor, dict[str, Tensor | float]]:
    state.model.zero_grad(set_to_none=True)
    state.objective.heads.zero_grad(set_to_none=True)
    total: dict[str, Tensor | float] = {}
    for part in x.chunk(state.config.accumulate):
        share = len(part) / len(x)
        with autocast(state.precision, state.device):
            loss, terms = state.objective(state.model, part, state.step + 1)
        (share * loss).backward()
        for name, value in terms.items():
            total[name] = total.get(name, 0.0) + share * value
    return total["loss"], total  # type: ignore[return-value]


def _add_up(
    state: TrainingState,
    terms: dict[str, Tensor | float],
    norm: Tensor,
    inner: int,
    x: Tensor,
    started: float,
) -> None:
    """Adds one update to the sums of the next logged record."""
    loss = float(terms["loss"])
    if not math.isfinite(loss):
        raise TrainingDiverged(
            f"the loss is {loss} at step {state.step}; a lower learning rate or a smaller clip usually "
            f"helps, and the last checkpoint is kept"
        )
    elapsed = time.perf_counter() - started
    state.seconds += elapsed
    added = {name: float(value) for name, value in terms.items()}
    added |= {"grad_norm": float(norm), "encoder_steps": float(inner)}
    added |= {"_updates": 1.0, "_tokens": float((x[:, 1:] > 0).sum()), "_seconds": elapsed}
    for name, value in added.items():
        state.sums[name] = state.sums.get(name, 0.0) + value


def _averages(state: TrainingState) -> Record:
    """The means since the last record, which starts the sums anew."""
    sums, state.sums = state.sums, {}
    updates, tokens, seconds = (sums.pop(name) for name in ("_updates", "_tokens", "_seconds"))
    record: Record = {"step": state.step, "epoch": _epochs(state)}
    record |= {f"train/{name}": value / updates for name, value in sums.items()}
    record["train/learning_rate"] = state.optimisers["decoder"].param_groups[0]["lr"]
    record["train/tokens_per_second"] = tokens / seconds
    record["seconds"] = state.seconds
    return record


def _epochs(state: TrainingState) -> float:
    return state.epoch + state.position / state.horizon.steps_per_epoch


def _validation_due(state: TrainingState, epoch_ended: bool) -> bool:
    if state.evaluated == state.step or state.step == 0:
        return False
    every = state.config.evaluate_every
    return epoch_ended or state.finished or (every is not None and state.step % every == 0)


def _validate(state: TrainingState, evaluate: Evaluate, epoch_ended: bool) -> Record:
    """One validation, and what follows from it: best weights, remedies, learning rates."""
    metrics = evaluate(state.model)
    state.model.train()
    state.evaluated = state.step
    # A family without a density has no ELBO; its reconstruction is all there is to go by.
    goal = metrics["elbo"] if "elbo" in metrics else -metrics["reconstruction"]
    remedies = state.objective.active(state.step)
    # While the KL weight rises the ELBO is highest where the code is emptiest: no choice of a model.
    if goal > state.best_elbo and state.objective.settled(state.step):
        state.best_elbo, state.best_step = goal, state.step
    if state.plateau and _watched(state) and state.plateau.lower_than_ever(-goal):
        state.keep_lowest()
    for remedy in remedies:
        remedy.after_evaluation(metrics, epoch_ended)
    if any([remedy.begins_stage(state.step, epoch_ended) for remedy in remedies]):
        state.begin_stage()
    elif _plateau_reached(state, epoch_ended, -goal):
        _lower_rates(state)
    record: Record = {"step": state.step, "epoch": _epochs(state), "seconds": state.seconds}
    return record | {f"valid/{name}": value for name, value in metrics.items()}


def _watched(state: TrainingState) -> bool:
    """Whether a validation counts for the plateau rule."""
    if state.objective.pretraining(state.step):
        return False
    waits = state.plateau is not None and state.plateau.config.after_annealing
    return not waits or state.objective.settled(state.step)


def _plateau_reached(state: TrainingState, epoch_ended: bool, loss: float) -> bool:
    if not epoch_ended or state.plateau is None or not _watched(state):
        return False
    before = state.objective.origin(state.step) // state.horizon.steps_per_epoch
    return state.plateau.after_epoch(state.epoch + 1 - before, loss)


def _lower_rates(state: TrainingState) -> None:
    """The plateau's fall: the weights of the lowest loss back, fresh optimisers, smaller rates."""
    assert state.plateau is not None
    config = state.plateau.config
    rates = {name: o.param_groups[0]["lr"] * config.factor for name, o in state.optimisers.items()}
    if config.reload_best and state.lowest_weights:
        state.model.load_state_dict(state.lowest_weights)
        state.optimisers = state.fresh_optimisers()
    for name, optimiser in state.optimisers.items():
        set_learning_rate(optimiser, rates[name])
