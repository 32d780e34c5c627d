"""The command line that does what a form shows: ``python -m engine train --preset ... --set a.b=c``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any


def train(config: Any, preset: str, base: Any, name: str = "") -> str:
    """The command that starts ``config``, written as its differences from ``base``, a preset's config."""
    words = ["python", "-m", "engine", "train", "--preset", preset, "--data", config.data.name]
    for setting in settings(config, base):
        words += ["--set", setting]
    if name:
        words += ["--name", name]
    return " ".join(shlex.quote(word) for word in words)


def settings(config: Any, base: Any) -> list[str]:
    """What differs from ``base``, as ``a.b=value``; the data's name is left to ``--data``."""
    found = _differences(config.model_dump(mode="json"), base.model_dump(mode="json"), "")
    return [f"{path}={_text(value)}" for path, value in found if path != "data.name"]


def _differences(new: Any, old: Any, path: str) -> Iterator[tuple[str, Any]]:
    if new == old:
        return
    if isinstance(new, dict) and isinstance(old, dict) and new.get("name") == old.get("name"):
        for key in new:
            yield from _differences(new[key], old.get(key), f"{path}.{key}" if path else key)
    elif path == "data" and isinstance(new, dict) and isinstance(old, dict):
        for key in new:
            yield from _differences(new[key], old[key], f"{path}.{key}")
    elif _same_entries(new, old):
        for value, before in zip(new, old, strict=True):
            yield from _differences(value, before, f"{path}.{value['name']}")
    else:
        yield path, new


def _same_entries(new: Any, old: Any) -> bool:
    """Whether two lists hold configs of the same names in the same order."""
    if not (isinstance(new, list) and isinstance(old, list) and new):
        return False
    names = [
        [item.get("name") if isinstance(item, dict) else None for item in x] for x in (new, old)
    ]
    return names[0] == names[1] and None not in names[0]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
