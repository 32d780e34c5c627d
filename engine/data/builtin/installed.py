"""Finds the Python sources of this installation: the standard library and the requirements."""

from __future__ import annotations

import ast
import gc
import importlib.metadata as metadata
import re
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.config import ROOT, DataError

STANDARD_LIBRARY = "stdlib"
_SKIPPED = re.compile(r"(^|/)(tests?|idle_test|_vendor|_bundled|conftest\.py|__pycache__)(/|$)")


@dataclass(frozen=True)
class Source:
    """A Python file, the package it belongs to and its dotted name."""

    package: str
    module: str
    path: Path


def standard_library() -> list[Source]:
    """The files of the standard library, without its tests, in a fixed order."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = []
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root).as_posix()
        if not relative.startswith("site-packages/") and not _SKIPPED.search(relative):
            found.append(Source(STANDARD_LIBRARY, _dotted(relative), path))
    return found


def requirements() -> list[Source]:
    """The files of the installed requirements and all they depend on, in a fixed order."""
    found = []
    for distribution in distributions():
        for file in sorted(distribution.files or (), key=str):
            relative = file.as_posix()
            # Scripts live outside the library folder ("../../../bin").
            wanted = file.suffix == ".py" and "/" in relative and not relative.startswith("..")
            if wanted and not _SKIPPED.search(relative):
                module = _dotted(relative)
                path = Path(str(file.locate()))
                found.append(Source(module.split(".")[0], module, path))
    return found


def distributions() -> list[metadata.Distribution]:
    """What requirements.txt names and, in turn, what that needs here; sorted by name."""
    from packaging.requirements import Requirement

    listed = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines = [line.split("#")[0].strip() for line in listed]
    todo = [Requirement(line).name for line in lines if line and not line.startswith("-")]
    found: dict[str, metadata.Distribution] = {}
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # optional on this platform
        needs = map(Requirement, found[name].requires or ())
        todo += [r.name for r in needs if not r.marker or r.marker.evaluate({"extra": ""})]
    return [found[name] for name in sorted(found)]


def read(source: Source) -> str | None:
    """The text of a source file, or None where it is not UTF-8 or cannot be opened."""
    try:
        return source.path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError):
        return None


def parse(text: str) -> ast.Module | None:
    """The syntax tree of a source, or None where this Python cannot read it (a template, say)."""
    with _no_collection(), warnings.catch_warnings():
        # Old packages hold invalid escapes, of which the parser warns.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            return None


def nonempty(sources: list[Source], where: str) -> Iterator[Source]:
    """The sources, or an error that says that this Python came without them."""
    if not sources:
        raise DataError(
            f"no Python sources were found in {where}: this Python was installed without its .py "
            "files; use a Python from python.org, a package manager or pyenv, or import a corpus "
            "of your own"
        )
    return iter(sources)


def _dotted(relative: str) -> str:
    return relative.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@contextmanager
def _no_collection() -> Iterator[None]:
    """Syntax trees hold no cycles: looking for some takes a third of the time of parsing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
