"""A run to give away: its model in half the size, its records, and none of the sentences it read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from engine.config import ConfigError
from engine.runs import files
from engine.runs.status import STATUS_FILE, Status
from engine.runs.store import (
    CHECKPOINTS,
    CONFIG_FILE,
    METRICS_FILE,
    TOKENIZER_FILE,
    WEIGHTS,
    Run,
)

# What says where and when it was made, or by which process: of no use elsewhere.
KEPT = ("step", "total_steps", "epoch", "precision", "parameters", "preset", "tokens_per_second")


def export(run: Run, target: Path, checkpoint: str | None = None) -> Run:
    """Write a run to ``target`` as a run folder that can be opened anywhere, and return it.

    Weights are stored as float16 (and used as float32), which rounds each by at most 0.05 %. Probe
    sentences, log and optimiser states stay behind: nothing that others wrote leaves with the model.

    Args:
        run: a run with that checkpoint.
        target: a folder that does not exist yet.
        checkpoint: best, last or step-...; the only one that goes along. The preferred one if absent.

    Raises:
        ConfigError: ``target`` exists.
        RunNotFound: there is no such checkpoint.
    """
    from safetensors.torch import load_file, save_file

    checkpoint = checkpoint or run.preferred_checkpoint()
    weights = load_file(run.checkpoint(checkpoint) / WEIGHTS)
    if target.exists():
        raise ConfigError(f"{target} exists; name a folder that does not, or delete this one")
    target.parent.mkdir(parents=True, exist_ok=True)

    def fill(folder: Path) -> None:
        for name in (CONFIG_FILE, TOKENIZER_FILE, METRICS_FILE):
            shutil.copyfile(run.path / name, folder / name)
        _forget_word_vectors(folder / CONFIG_FILE)
        kept = folder / CHECKPOINTS / checkpoint
        kept.mkdir(parents=True)
        halved = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
        save_file(halved, kept / WEIGHTS)
        facts = {name: getattr(run.status(), name) for name in KEPT}
        status = Status(state="finished", **facts)
        (folder / STATUS_FILE).write_text(json.dumps(status.model_dump(), indent=1))

    files.replace_folder(target, fill)
    return Run(target)


def _forget_word_vectors(config: Path) -> None:
    """Their file was needed where training began, and where it lay is nobody's concern."""
    values = json.loads(config.read_text())
    if values.get("model", {}).get("word_vectors"):
        values["model"]["word_vectors"] = None
        config.write_text(json.dumps(values, indent=2))
