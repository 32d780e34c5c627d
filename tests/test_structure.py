"""The house keeps its shape: who imports whom, and everything registered is explained."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from annotated_types import Ge, Gt, Le, Lt

from engine.config import Config
from engine.experiment import ExperimentConfig
from engine.explore.clusters import CLUSTERINGS
from engine.explore.projections import PROJECTIONS
from engine.metrics import METRICS
from engine.models.decoders import DECODERS
from engine.models.encoders import ENCODERS
from engine.models.estimators import ESTIMATORS
from engine.models.estimators.baselines import BASELINES
from engine.models.latents import LATENTS
from engine.objectives.remedies import REMEDIES
from engine.training.optimisers import OPTIMISERS
from engine.training.schedules import SCHEDULES

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    "config",
    "devices",
    "metrics",
    "counterparts",
    "data",
    "models",
    "objectives",
    "training",
    "evaluation",
]
LAYERS += [
    "decoding",
    "explore",
    "experiment",
    "presets",
    "runs",
    "hosting",
    "maps",
    "studies",
    "__main__",
]
REGISTRIES = (LATENTS, ENCODERS, DECODERS, REMEDIES, OPTIMISERS, ESTIMATORS, BASELINES)
REGISTRIES += (PROJECTIONS, CLUSTERINGS, SCHEDULES)
ENTRIES = [(registry, name) for registry in REGISTRIES for name in registry]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def layer(module: str) -> int:
    name = module.split(".")[1]
    return LAYERS.index("__main__" if name == "commands" else name)


def test_engine_imports_only_itself_and_no_page():
    wrong = [
        (str(path.relative_to(ROOT)), name)
        for path in sources("engine")
        for name in imports(path)
        if name.split(".")[0] in {"streamlit", "plotly", "app", "pages", "tests"}
    ]
    assert wrong == []


def test_inside_engine_no_layer_imports_a_later_one():
    wrong = []
    for path in sources("engine"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts == ("engine", "__init__"):
            continue
        own = layer(".".join(parts))
        wrong += [
            (str(path.relative_to(ROOT)), name)
            for name in imports(path)
            if name.startswith("engine.") and name.split(".")[1] in LAYERS and layer(name) > own
        ]
    assert wrong == []


def test_training_knows_neither_evaluation_nor_runs_and_models_no_data():
    for folder, forbidden in {"training": "evaluation runs", "models": "data"}.items():
        for path in sources(f"engine/{folder}"):
            for name in imports(path):
                assert not any(name.startswith(f"engine.{other}") for other in forbidden.split())


def test_app_imports_no_page_and_pages_no_page():
    for folder in ("app", "pages"):
        for path in sources(folder):
            assert not any(name.split(".")[0] == "pages" for name in imports(path)), path


def test_no_file_in_app_bears_the_name_of_a_standard_module():
    names = {path.stem for path in (ROOT / "app").glob("*.py")} - {"__init__"}
    assert names & set(sys.stdlib_module_names) == set()


@pytest.mark.parametrize(
    "module",
    ["engine.config", "engine.metrics", "engine.data.library", "engine.data.batches"]
    + ["engine.runs.store", "engine.runs.launcher", "engine.maps.projecting", "engine.__main__"],
)
def test_torch_is_not_loaded_where_a_page_must_paint_first(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize(("registry", "name"), ENTRIES, ids=lambda value: str(value)[:20])
def test_every_registered_class_has_a_sentence_and_a_reference(registry, name):
    sentence, reference = registry.about(name)
    assert sentence.endswith(".") and len(sentence) < 130
    assert ("https://" in reference) == (registry is not OPTIMISERS)


def configs(root: type[Config]) -> Iterator[type[Config]]:
    yield root
    for field in root.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Config):
            yield from configs(field.annotation)


ALL_CONFIGS = {
    *configs(ExperimentConfig),
    *(registry[name].Config for registry, name in ENTRIES),
}


@pytest.mark.parametrize("config", sorted(ALL_CONFIGS, key=repr), ids=lambda c: c.__qualname__)
def test_every_setting_has_help_and_every_number_has_bounds(config):
    for name, field in config.model_fields.items():
        if name == "name" and field.description is None:
            continue  # the literal that tells the members of a registry apart
        assert field.description and field.description.rstrip()[-1] in ".)", (config, name)
        if field.annotation in (int, float, int | None, float | None):
            kinds = {type(bound) for bound in field.metadata}
            assert kinds & {Ge, Gt} and kinds & {Le, Lt}, (
                f"{config.__qualname__}.{name} needs bounds"
            )


def test_every_metric_says_what_it_is():
    for name, metric in METRICS.items():
        assert metric.label and metric.meaning.endswith("."), name
