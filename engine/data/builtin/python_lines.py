"""Statements of the standard library, one line each: text with a strict grammar."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from engine.data.builtin.installed import Source, nonempty, parse, read, standard_library
from engine.data.corpus import Progress

MIN_CHARACTERS, MAX_CHARACTERS = 8, 80
_KINDS = {
    "functiondef": "def",
    "asyncfunctiondef": "def",
    "classdef": "class",
    "asyncfor": "for",
    "asyncwith": "with",
    "importfrom": "import",
    "augassign": "assign",
    "annassign": "assign",
    "nonlocal": "global",
    "trystar": "try",
}


def make(progress: Progress | None = None) -> dict[str, Any]:
    """Statements of the standard library that fit on one line, each once; label = kind.

    Taken from the syntax tree, so that no comment and no line of a docstring is among them. A
    statement with a body gives its first line.
    """
    sources = list(nonempty(standard_library(), "the standard library"))
    found: dict[str, tuple[str, str]] = {}
    for number, source in enumerate(sources):
        for text, kind in statements(source):
            found.setdefault(text, (kind, source.module))
        if progress:
            progress(number + 1, len(sources), "reading Python lines")
    return {
        "text": list(found),
        "label": [kind for kind, _ in found.values()],
        "module": [module for _, module in found.values()],
    }


def statements(source: Source) -> Iterator[tuple[str, str]]:
    """The one-line statements of a file and their kinds."""
    text = read(source)
    tree = parse(text) if text else None
    if text is None or tree is None:
        return
    lines = text.splitlines()
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            line = _line(node, lines)
            if line and MIN_CHARACTERS <= len(line) <= MAX_CHARACTERS and line.isascii():
                yield line, _kind(node, line)


def _kind(node: ast.stmt, line: str) -> str:
    if line.startswith("elif "):
        return "elif"
    if isinstance(node, ast.Expr):
        return "call" if isinstance(node.value, ast.Call) else "expression"
    name = type(node).__name__.lower()
    return _KINDS.get(name, name)


def _line(node: ast.stmt, lines: list[str]) -> str | None:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return None  # a docstring, or "..."
    if node.lineno > len(lines):
        return None  # a form feed counts as a line for splitlines alone
    line = lines[node.lineno - 1].strip()
    header = line.endswith(":") and line.count("(") == line.count(")")
    whole = node.lineno == node.end_lineno
    return " ".join(line.split()) if (header or whole) and "#" not in line else None
