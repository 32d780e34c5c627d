"""Studies: the same experiment with one thing changed a row, over several seeds, as one table.

A study's runs are ordinary runs named ``<study>-<row>-<seed>``. Whatever is finished is not done again,
so that a study that was cut off goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.config import ConfigError, home
from engine.experiment import ExperimentConfig, check, load_config, override, override_known
from engine.runs import files, launcher, slots, store

if TYPE_CHECKING:
    from engine.evaluation.config import EvaluationConfig
    from engine.hosting import ModelHost

Tell = Callable[[str], None]
POLL_SECONDS = 1.0

ANNEALED = '{"name": "annealing", "start": 0.0}'
FREE = '{"name": "free_bits", "variant": "batch-unit"}'
MASKED = '{"name": "free_bits", "variant": "sentence-unit-mask"}'
AGGRESSIVE = '{"name": "aggressive"}'

# Row -> the settings that make it, applied to the study's base. Every row states its remedies, so that
# those of the base (a preset of aggressive training, say) are in no row that does not name them.
PLAIN = "objective.remedies=[]"
REMEDIES: dict[str, tuple[str, ...]] = {
    "vanilla": (PLAIN,),
    "annealed": (f"objective.remedies=[{ANNEALED}]",),
    "cyclical": ('objective.remedies=[{"name": "cyclical_annealing"}]',),
    "free-bits": (f"objective.remedies=[{ANNEALED}, {FREE}]",),
    "soft-free-bits": ('objective.remedies=[{"name": "soft_free_bits"}]',),
    "minimum-rate": ('objective.remedies=[{"name": "minimum_desired_rate"}]',),
    "batch-norm": (
        f"objective.remedies=[{ANNEALED}]",
        "model.latent.mean=batch_norm",
        "model.latent.gamma=0.6",
    ),
    # At the rate of about two nats for 32 units, which the other rows are usually compared at.
    "batch-norm-low": (
        f"objective.remedies=[{ANNEALED}]",
        "model.latent.mean=batch_norm",
        "model.latent.gamma=0.35",
    ),
    "delta": (f"objective.remedies=[{ANNEALED}]", "model.latent.delta=0.06"),
    "ae-fb": (
        f'objective.remedies=[{{"name": "ae_pretraining", "epochs": 5}}, {ANNEALED}, {MASKED}]',
    ),
    "aggressive": (f"objective.remedies=[{AGGRESSIVE}]",),
    "aggressive-annealed": (f"objective.remedies=[{ANNEALED}, {AGGRESSIVE}]",),
    # A new family brings a size of its own; rows are compared at the base's.
    "vmf": (PLAIN, "model.latent.name=vmf", "model.latent.size={size}", "model.latent.kappa=13"),
    # At least two nats for 32 units; above that the concentration is learned.
    "power-spherical": (
        PLAIN,
        "model.latent.name=power_spherical",
        "model.latent.size={size}",
        "model.latent.kappa_min=16",
        "model.latent.kappa_start=17",
    ),
}
STUDIES: dict[str, Mapping[str, tuple[str, ...]]] = {"remedies": REMEDIES}


@dataclass(frozen=True)
class Cell:
    """One run of a study: its row, seed and experiment."""

    name: str
    row: str
    seed: int
    config: ExperimentConfig


def cells(
    name: str,
    rows: Mapping[str, tuple[str, ...]],
    base: ExperimentConfig,
    settings: Iterable[str],
    seeds: Iterable[int],
    sentences: int,
) -> list[Cell]:
    """Every run of a study on so many training sentences, seed by seed: cut off, it has whole columns first.

    A setting applies to every row that has it (a remedy's own settings only where that remedy is), all of
    them together, so that settings that depend on each other may change side by side.

    Raises:
        ConfigError: a setting fits no row, its value is not allowed, or the parts of a row do not go
            together.
    """
    settings = list(settings)
    made = {row: override(base, of_row(change, base)) for row, change in rows.items()}
    unknown = {}
    for row, config in made.items():
        try:
            made[row], unknown[row] = override_known(config, settings)
        except ConfigError as error:
            raise ConfigError(f"row {row!r}: {error}") from error
    for setting in settings:
        if all(setting in lacking for lacking in unknown.values()):
            raise next(iter(unknown.values()))[setting]
    for row, config in made.items():
        try:
            check(config, sentences)
        except ConfigError as error:
            raise ConfigError(f"row {row!r}: {error}") from error
    return [
        Cell(f"{name}-{row}-{seed}", row, seed, override(config, [f"seed={seed}"]))
        for seed in seeds
        for row, config in made.items()
    ]


def of_row(change: Iterable[str], base: ExperimentConfig) -> list[str]:
    """The settings that make a row, with the base's size of code where they ask for it."""
    size = str(base.model.latent.size)  # type: ignore[attr-defined]
    return [setting.replace("{size}", size) for setting in change]


def carry_out(todo: list[Cell], preset: str, tell: Tell) -> list[str]:
    """Train every run that is not finished, as many at once as there are slots; what failed, and why.

    Raises:
        ConfigError: a run of that name was made with other settings.
    """
    for cell in todo:
        _check_settings(cell)
    waiting = list(todo)
    live: list[tuple[Cell, store.Run]] = []
    failed: list[str] = []
    try:
        while waiting or live:
            while waiting and len(live) < slots.slots():
                cell = waiting.pop(0)
                run = _run(cell, preset)
                if _begin(run):
                    tell(f"{cell.name}: training")
                    live.append((cell, run))
            time.sleep(POLL_SECONDS if live else 0)
            for ended in [pair for pair in live if not pair[1].status().live]:
                live.remove(ended)
                status = ended[1].status()
                tell(f"{ended[0].name}: {status.state} {status.message}".rstrip())
                if status.state != "finished":
                    failed.append(f"{ended[0].name} {status.state}: {status.message}")
    except KeyboardInterrupt:
        for _, run in live:
            launcher.stop(run)
        raise
    return failed


def _check_settings(cell: Cell) -> None:
    """A setting that a run is older than has its default."""
    folder = home() / "runs" / cell.name
    if store.is_run(folder) and load_config(store.Run(folder).config()) != cell.config:
        raise ConfigError(
            f"run {cell.name!r} exists and was made with other settings; give the study another "
            f"--name, or delete that run"
        )


def _run(cell: Cell, preset: str) -> store.Run:
    """The run of a cell, made if it is not there: only now, or those that wait would look lost."""
    folder = home() / "runs" / cell.name
    if store.is_run(folder):
        return store.Run(folder)
    return store.create(cell.config.model_dump(mode="json"), cell.name, preset)


def _begin(run: store.Run) -> bool:
    """Start a worker unless the run is finished or has one; whether it must be waited for."""
    status = run.status()
    if status.state == "finished":
        return False
    if not (status.live and status.pid is not None):
        launcher.start(run)
    return True


def measure(
    todo: list[Cell], split: str, config: EvaluationConfig, limit: int | None, tell: Tell
) -> list[dict[str, Any]]:
    """One record a finished run: row, seed, minutes, steps and the metrics of its best checkpoint.

    An evaluation is kept in the run's folder and read again when it was made in the same way.
    """
    from engine.hosting import ModelHost

    host = ModelHost(device="auto")
    records = []
    for cell in todo:
        folder = home() / "runs" / cell.name
        if not store.is_run(folder) or (run := store.Run(folder)).status().state != "finished":
            continue
        tell(f"{cell.name}: evaluating")
        found = _measured(host, run, split, config, limit)
        host.forget(run)
        status = run.status()
        records.append({"row": cell.row, "seed": cell.seed, **_effort(run), **found})
        tell(f"{cell.name}: {status.step} steps")
    return records


def _effort(run: store.Run) -> dict[str, float]:
    seconds = run.metrics().get("seconds")
    return {
        "minutes": float(seconds.max()) / 60 if seconds is not None else 0.0,
        "steps": float(run.status().step),
    }


def _measured(
    host: ModelHost, run: store.Run, split: str, config: EvaluationConfig, limit: int | None
) -> dict[str, float]:
    from engine.data.library import at_hand
    from engine.evaluation.report import evaluate
    from engine.evaluation.true_codes import true_code_scores, true_codes
    from engine.runs.material import split_of

    true = true_codes(at_hand(load_config(run.config()).data.name), split)
    asked: dict[str, Any] = {"split": split, "limit": limit, "evaluation": config.model_dump()}
    if true is not None:
        asked["true_codes"] = True
    key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]
    kept = run.path / f"evaluation-{key}.json"
    if kept.exists():
        return files.read_json(kept)["metrics"]
    hosted = host.get(run, run.preferred_checkpoint())
    tokens = split_of(run, hosted.config, split)
    scalars = dict(evaluate(hosted.model, tokens, config, limit=limit).scalars)
    if true is not None:
        scalars |= true_code_scores(hosted.model, tokens, true, seed=config.seed)
    files.write_json(kept, asked | {"metrics": scalars})
    return scalars


# -- the table ----------------------------------------------------------------------------------

COLUMNS = {
    "IW-NLL": "nll_iw",
    "ESS": "ess",
    "KL": "kl",
    "MI": "mutual_information",
    "MI bound": "mutual_information_upper",
    "AU": "active_units",
    "reconstruction": "reconstruction",
    "minutes": "minutes",
}


def table(records: list[dict[str, Any]], samples: int) -> str:
    """The records as a Markdown table, mean ± standard deviation over seeds; a dash where a number is absent."""
    n = max((int(r.get("mutual_information_n", 0)) for r in records), default=0)
    columns = dict(COLUMNS)
    if any("true_code_r2" in record for record in records):
        columns["R² of true codes"] = "true_code_r2"
    titles = [
        {"IW-NLL": f"IW-NLL (K = {samples})", "MI": f"MI (n = {n})"}.get(c, c) for c in columns
    ]
    lines = ["| " + " | ".join(["", *titles]) + " |", "|" + "---|" * (len(titles) + 1)]
    for row in dict.fromkeys(record["row"] for record in records):
        of_row = [record for record in records if record["row"] == row]
        shown = (_spread([r[key] for r in of_row if key in r]) for key in columns.values())
        lines.append(f"| {row} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    if not values:
        return "-"
    mean = statistics.fmean(values)
    digits = 1 if abs(mean) >= 100 else 2
    if len(values) == 1:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} ± {statistics.stdev(values):.{digits}f}"


def lines(records: list[dict[str, Any]]) -> Iterator[str]:
    """The records as JSON Lines."""
    for record in records:
        yield json.dumps(record)
