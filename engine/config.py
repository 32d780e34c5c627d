r"""What everything else hangs on: parameters, registries, errors, and where files live.

The tree of errors (a page shows any of them kindly; anything else is a bug and keeps its trace)::

    EngineError
    ├── ConfigError        a setting that cannot be; names the setting and what it may be
    ├── DataError          a corpus, file or tokeniser that cannot be used; names the line and the cure
    ├── TrainingDiverged   the loss is no longer a number; names the step and what usually helps
    ├── RunNotFound        no such run or checkpoint; names those that exist
    └── RunBusy            the run is in a state in which this cannot be done
"""

from __future__ import annotations

import difflib
import inspect
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError

ROOT = Path(__file__).resolve().parent.parent


class EngineError(Exception):
    """Something a person can mend; the message says what must hold, what we got, what to do."""


class ConfigError(EngineError):
    """A setting that cannot be."""


class DataError(EngineError):
    """A corpus, file or tokeniser that cannot be used."""


class TrainingDiverged(EngineError):
    """The loss is no longer a finite number."""


class RunNotFound(EngineError):
    """There is no such run or checkpoint."""


class RunBusy(EngineError):
    """The run is in a state in which this cannot be done."""


def home() -> Path:
    """The folder of data sets, runs and caches: ``ZSCAPE_HOME``, or ``workspace/`` beside engine/."""
    return Path(os.environ.get("ZSCAPE_HOME") or ROOT / "workspace").expanduser().resolve()


class Config(BaseModel):
    """A frozen value; an unknown key is an error, a missing one takes its default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def param(
    default: Any,
    help: str,
    *,
    unit: str | None = None,
    symbol: str | None = None,
    basic: bool = False,
    only: Literal["text", "images"] | None = None,
    **bounds: Any,
) -> Any:
    """A setting with its help text; bounds are pydantic's (ge, gt, le, lt, min_length ...).

    Args:
        default: the value of the paper that the help names, or ours.
        help: one sentence or two for the tooltip.
        unit: what the number counts ("steps", "nats").
        symbol: how papers write it ("β").
        basic: shown before "Advanced" is opened.
        only: the kind of data that it is about; it has no effect on others.
        bounds: passed to ``pydantic.Field``; every number has at least one.
    """
    if not help.strip():
        raise ValueError("a parameter needs a help text")
    extra: Any = {"unit": unit, "symbol": symbol, "basic": basic, "only": only}
    return Field(default, description=help, json_schema_extra=extra, **bounds)


def located(source: str | None) -> str | None:
    """A folder or file that is here by its whole path, wherever it is read later; a hub's name as it is."""
    if not source:
        return source
    path = Path(source).expanduser()
    return str(path.absolute()) if path.exists() else source


def one_of(name: str, value: str, choices: Iterable[str]) -> str:
    """The sentence for a wrong choice, with the nearest right one."""
    known = sorted(choices)
    close = difflib.get_close_matches(value, known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"unknown {name} {value!r}{hint}; choose one of {', '.join(known)}"


class Registry(Mapping[str, type]):
    """Names to classes that each nest their ``Config``; one line per entry, in one place.

    Each class has ``Config`` with a literal field ``name``; ``union`` is the pydantic type of "any of
    these configs" and ``build`` makes the object that a config describes.
    """

    def __init__(self, kind: str, *classes: type) -> None:
        self.kind = kind
        self._classes = {cls.Config.model_fields["name"].default: cls for cls in classes}  # type: ignore[attr-defined]

    def __getitem__(self, name: str) -> type:
        if name not in self._classes:
            raise ConfigError(one_of(self.kind, name, self._classes))
        return self._classes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)

    @property
    def union(self) -> Any:
        """The pydantic type of "one of these configs", told apart by ``name``."""
        configs = tuple(cls.Config for cls in self._classes.values())  # type: ignore[attr-defined]
        if len(configs) == 1:
            return configs[0]
        return Annotated[Union[configs], Field(discriminator="name")]

    def about(self, name: str) -> tuple[str, str]:
        """What the entry is, in a sentence, and where it comes from: its docstring's first line and references."""
        text = inspect.cleandoc(self[name].__doc__ or "")
        _, _, after = text.partition("References:\n")
        references = re.split(r"\n(?=\S)|\n\n", after)[0]  # up to the next section
        return text.splitlines()[0], " ".join(references.split())

    def build(self, config: Any, /, *args: Any, **kwargs: Any) -> Any:
        """The object that ``config`` describes: its class, called with the config first."""
        return self[config.name](config, *args, **kwargs)


def explain(error: ValidationError) -> str:
    """A pydantic error as sentences: where, what must hold, what we got."""
    lines = []
    for item in error.errors(include_url=False):
        where = ".".join(str(part) for part in item["loc"]) or "config"
        if item["type"] == "extra_forbidden":
            lines.append(f"unknown setting {where!r}")
        elif item["type"] == "value_error":  # a check of ours, whose sentence says what we got
            lines.append(f"{where}: {item['ctx']['error']}")
        else:
            lines.append(f"{where}: {item['msg'].lower()}, got {item.get('input')!r}")
    return "; ".join(lines)
