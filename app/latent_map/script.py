"""The map's program: the modules of assets/latent_map/ joined into one."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "assets" / "latent_map"
IMPORT = re.compile(r'^import .* from "\./(\w+)\.js";\n', re.MULTILINE)


@cache
def joined(entry: str) -> str:
    """One module that exports what ``entry`` exports.

    The sources are plain modules that import each other by name. In the order in which they need each
    other and without their import lines they are the same program in one piece, which needs neither a
    build nor a server: a saved page carries it. ``style.js`` is made from the style sheet.
    """
    parts: dict[str, str] = {}

    def take(name: str) -> None:
        source = _source(name)
        for needed in IMPORT.findall(source):
            if needed not in parts:
                take(needed)
        parts[name] = IMPORT.sub("", source)

    take(entry)
    return "\n".join(parts.values())


def _source(name: str) -> str:
    if name == "style":
        sheet = (SOURCES / "map.css").read_text(encoding="utf-8")
        return f"export const STYLE = {json.dumps(sheet)};\n"
    return (SOURCES / f"{name}.js").read_text(encoding="utf-8")
