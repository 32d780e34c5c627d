"""Everything that training is at one moment: it can be saved, and taken up as if nothing had happened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, optim

from engine.config import RunNotFound
from engine.devices import choose_device, choose_precision
from engine.models.vae import VAE
from engine.objectives.elbo import Objective
from engine.objectives.remedies import Horizon
from engine.training.config import TrainingConfig
from engine.training.optimisers import OPTIMISERS, set_learning_rate
from engine.training.plateau import Plateau
from engine.training.schedules import SCHEDULES, Constant, Schedule

MODEL, TENSORS, NUMBERS = "model.safetensors", "training.safetensors", "training.json"


class TrainingState:
    """Model, optimisers, remedies, random states and the place in the epoch.

    Attributes:
        step: joint updates done. epoch: epochs done. position: batches of this epoch done.
        draws: random batches drawn for encoder-only updates. seconds: training time so far.
        best_elbo, best_step: the best validation ELBO (KL weight 1) since the objective has settled, and
            when it was; -inf and -1 before.
        lowest_weights: those of the lowest validation loss so far, where the plateau rule wants them back.
        evaluated: the step of the last validation, or -1.
        sums, logged_from: what has been added up since the last logged record.
    """

    def __init__(
        self, model: VAE, objective: Objective, config: TrainingConfig, horizon: Horizon
    ) -> None:
        self.device = choose_device(config.device)
        self.precision = choose_precision(config.precision, self.device)
        self.model = model.to(self.device)
        self.objective = objective
        objective.heads.to(self.device)
        self.config = config
        self.horizon = horizon
        self.plateau = Plateau(config.plateau) if config.plateau else None
        self.schedule: Schedule = SCHEDULES.build(config.schedule)
        self.optimisers = self.fresh_optimisers()
        self.step = self.epoch = self.position = self.draws = 0
        self.seconds = 0.0
        self.best_elbo, self.best_step, self.evaluated = float("-inf"), -1, -1
        self.lowest_weights: dict[str, Tensor] = {}
        self.sums: dict[str, float] = {}

    def fresh_optimisers(self) -> dict[str, optim.Optimizer]:
        """Optimisers without memory, at the configured rates."""
        config, heads = self.config, list(self.objective.heads.parameters())
        optimisers = {
            "encoder": OPTIMISERS.build(
                config.encoder_optimiser, self.model.inference_parameters()
            ),
            "decoder": OPTIMISERS.build(
                config.decoder_optimiser, self.model.generative_parameters()
            ),
        }
        if heads:
            optimisers["remedies"] = OPTIMISERS.build(config.decoder_optimiser, heads)
        return optimisers

    def set_rates(self) -> None:
        """The rates of the next update: as set, times the plateau's falls, as the schedule has it."""
        if self.schedule.config == Constant.Config():
            return
        falls = self.plateau.config.factor**self.plateau.falls if self.plateau else 1.0
        for name, optimiser in self.optimisers.items():
            which = "encoder" if name == "encoder" else "decoder"
            base = getattr(self.config, f"{which}_optimiser").learning_rate * falls
            rate = self.schedule.rate(base, self.step + 1, self.horizon.total_steps)
            set_learning_rate(optimiser, rate)

    def begin_stage(self) -> None:
        """A decoder, optimisers, rates and a best that start anew; the encoder stays as it is."""
        self.model.reset_decoder()
        self.optimisers = self.fresh_optimisers()
        self.plateau = Plateau(self.config.plateau) if self.config.plateau else None
        self.best_elbo, self.best_step, self.lowest_weights = float("-inf"), -1, {}

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        rates_spent = self.plateau is not None and self.plateau.finished
        return self.step >= self.horizon.total_steps or rates_spent

    @property
    def ended_early(self) -> str:
        """What ended training before its last step, in words; nothing where nothing did."""
        total = self.horizon.total_steps
        if self.plateau is None or not self.plateau.finished or self.step >= total:
            return ""
        falls = f"{self.plateau.falls} fall{'s' if self.plateau.falls > 1 else ''} of the rate"
        return f"stopped by the plateau rule after {falls} at step {self.step:,} of {total:,}"

    def keep_lowest(self) -> None:
        """Remembers the weights, where the plateau rule will want them back."""
        if self.config.plateau and self.config.plateau.reload_best:
            self.lowest_weights = {
                name: value.detach().clone() for name, value in self.model.state_dict().items()
            }

    # -- saving ---------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Writes model, optimisers, random states and numbers into ``folder``, which must exist."""
        save_file(_contiguous(self.model.state_dict()), folder / MODEL)
        tensors = {f"best.{name}": value for name, value in self.lowest_weights.items()}
        tensors |= {f"heads.{k}": value for k, value in self.objective.heads.state_dict().items()}
        tensors["random.cpu"] = torch.get_rng_state()
        if self.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.device)
        settings: dict[str, Any] = {}
        for name, optimiser in self.optimisers.items():
            state = optimiser.state_dict()
            settings[name] = state["param_groups"]
            for index, entries in state["state"].items():
                for key, value in entries.items():
                    if value is not None:
                        tensors[f"optimiser.{name}.{index}.{key}"] = torch.as_tensor(value)
        save_file(_contiguous(tensors), folder / TENSORS)
        (folder / NUMBERS).write_text(
            json.dumps(self._numbers() | {"optimisers": settings}, indent=1)
        )

    def _numbers(self) -> dict[str, Any]:
        names = ("step", "epoch", "position", "draws", "seconds", "best_elbo", "best_step")
        return {name: getattr(self, name) for name in names} | {
            "evaluated": self.evaluated,
            "sums": self.sums,
            "precision": self.precision,
            "plateau": self.plateau.state() if self.plateau else None,
            "remedies": [remedy.state() for remedy in self.objective.remedies],
        }

    def load(self, folder: Path) -> None:
        """Takes up what :meth:`save` wrote; the configuration must be the same."""
        if not (folder / NUMBERS).exists():
            raise RunNotFound(
                f"{folder} holds no training state; resume needs the checkpoint 'last'"
            )
        self.model.load_state_dict(load_file(folder / MODEL))
        tensors = load_file(folder / TENSORS)
        numbers = json.loads((folder / NUMBERS).read_text())
        self._restore_numbers(numbers)
        self.lowest_weights = {
            name.removeprefix("best."): value.to(self.device)
            for name, value in tensors.items()
            if name.startswith("best.")
        }
        self.objective.heads.load_state_dict(
            {
                name.removeprefix("heads."): value
                for name, value in tensors.items()
                if name.startswith("heads.")
            }
        )
        for name, optimiser in self.optimisers.items():
            entries = _nested(tensors, f"optimiser.{name}.")
            optimiser.load_state_dict(
                {"state": entries, "param_groups": numbers["optimisers"][name]}
            )
        torch.set_rng_state(tensors["random.cpu"])
        if self.device.type == "cuda" and "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"], self.device)

    def _restore_numbers(self, numbers: dict[str, Any]) -> None:
        for name in ("step", "epoch", "position", "draws", "seconds", "best_elbo", "best_step"):
            setattr(self, name, numbers[name])
        self.evaluated, self.sums = numbers["evaluated"], numbers["sums"]
        # The checkpoint may come from a computer whose processor supports bfloat16.
        self.precision = choose_precision(numbers["precision"], self.device)
        if self.plateau:
            # Until it had a lowest of its own, the best of all validations was it.
            self.plateau.restore({"lowest": -numbers["best_elbo"]} | numbers["plateau"])
        for remedy, state in zip(self.objective.remedies, numbers["remedies"], strict=True):
            remedy.restore(state)
        # A run from before best had to wait may have one of its annealing.
        if not self.objective.settled(self.best_step):
            self.best_elbo, self.best_step = float("-inf"), -1


def _contiguous(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def _nested(tensors: dict[str, Tensor], prefix: str) -> dict[int, dict[str, Tensor]]:
    entries: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(prefix):
            index, key = name.removeprefix(prefix).split(".", 1)
            entries.setdefault(int(index), {})[key] = value
    return entries
