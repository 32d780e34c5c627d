"""What a worker does at each validation: the numbers, and a few sentences to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from engine.decoding.search import DecodingConfig, decode
from engine.evaluation.mode import evaluation_mode
from engine.evaluation.report import Evaluation, evaluate
from engine.experiment import ExperimentConfig
from engine.explore.paths import interpolate
from engine.models.vae import VAE
from engine.runs.material import Material, Progress

PROBES, STEPS = 8, 5
COMFORTABLE = range(6, 15)  # ids of a sentence worth reading, start and end included


class Validation:
    """Measures the model on the validation split and writes the probe sentences down.

    Args:
        config: the run's.
        material: its data and tokeniser.
        write: takes what became of the probe sentences.
        progress: told how far a measurement is.
        longest: tokens decoded at most, if not as many as the run's sentences may have.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        material: Material,
        write: Callable[[dict[str, Any]], None],
        progress: Progress,
        longest: int | None = None,
    ) -> None:
        self._decoding = DecodingConfig(max_tokens=longest or config.data.max_tokens)
        self._config = config
        measured = config.evaluation
        left_out = {} if measured.iw_validations else {"iw_samples": 0}
        self._measured = measured.model_copy(update=left_out)
        self._material = material
        self._write = write
        self._progress = progress
        rows = probe_rows(material.valid.lengths, config.seed)
        self._x = torch.from_numpy(material.valid.rows(rows))
        self._texts = material.tokenizer.decode(self._x.tolist())

    def __call__(self, model: VAE) -> dict[str, float]:
        """The scalars of METRICS, without their split."""
        found = evaluate(
            model,
            self._material.valid,
            self._measured,
            limit=self._config.training.validation_limit,
            progress=self._progress,
        )
        self._write(self._probe(model, found))
        return found.scalars

    def example(self, model: VAE) -> str:
        """The first probe sentence and what comes back of it, for the log."""
        with evaluation_mode(model, self._config.seed) as device:
            code = model.code(self._x[:1].to(device))
        [back] = self._material.tokenizer.decode(decode(model, code, self._decoding))
        return f"{self._texts[0]!r} comes back as {back!r}"

    def _probe(self, model: VAE, found: Evaluation) -> dict[str, Any]:
        """The probe sentences from their codes, the way from the first to the second, the units."""
        with evaluation_mode(model, self._config.seed) as device:
            codes = model.code(self._x.to(device))
        first, second = codes[0].cpu().numpy(), codes[min(1, len(codes) - 1)].cpu().numpy()
        way = interpolate(first, second, STEPS, model.latent.paths[0], model.latent.tokens)
        path = torch.from_numpy(way).to(codes)
        written = decode(model, torch.cat([codes, path]), self._decoding)
        texts = self._material.tokenizer.decode(written)
        return {
            "sentences": self._texts,
            "reconstructions": texts[: len(codes)],
            "interpolation": texts[len(codes) :],
            "kl_per_unit": [round(value, 5) for value in found.kl_per_unit],
            "mean_variance": [round(value, 5) for value in found.mean_variance],
        }


def probe_rows(lengths: np.ndarray, seed: int) -> np.ndarray:
    """A few random rows of a readable length; any length where there are not enough of those."""
    shuffled = np.random.default_rng(seed).permutation(len(lengths))
    readable = np.isin(lengths[shuffled], COMFORTABLE)
    return np.concatenate([shuffled[readable], shuffled[~readable]])[:PROBES]
