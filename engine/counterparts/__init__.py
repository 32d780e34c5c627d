"""The options of five programs, and what does the same here: the one source of the Guide, the README and a test."""

from __future__ import annotations

from collections.abc import Iterator

from engine.counterparts.base import Counterpart, Kind, Program, kind_of, matching
from engine.counterparts.cotk import COTK
from engine.counterparts.lagging import LAGGING
from engine.counterparts.latent_factor import LATENT_FACTOR
from engine.counterparts.tmnt import TMNT
from engine.counterparts.transformer_vae import TRANSFORMER_VAE

PROGRAMS: dict[str, Program] = {
    program.name: program for program in (LAGGING, TRANSFORMER_VAE, TMNT, COTK, LATENT_FACTOR)
}
TITLES = ("option", "its default", "ours, as in the preset", "preset", "note")
BEGIN, END = "<!-- options: written by `presets --options --markdown` -->", "<!-- options end -->"

__all__ = ["PROGRAMS", "TITLES", "Counterpart", "Kind", "Program", "cells", "kind_of", "matching"]


def cells(row: Counterpart) -> tuple[str, str, str, str, str]:
    """A row as plain text, in the order of TITLES."""
    return row.option, row.default, ", ".join(row.ours) or "–", row.preset, row.note


def markdown() -> str:
    """All tables as Markdown, a folded section for each program, between the marks that the README has."""
    return "\n".join([BEGIN, *_sections(), END])


def _sections() -> Iterator[str]:
    for program in PROGRAMS.values():
        yield f"<details><summary><b>{program.name}</b>: {len(program.rows)} options</summary>\n"
        yield f"[{program.about}]({program.home})\n"
        yield f"| {' | '.join(TITLES)} |"
        yield f"|{'---|' * len(TITLES)}"
        for row in program.rows:
            option, default, _, preset, note = map(_escaped, cells(row))
            ours = ", ".join(f"`{one}`" for one in row.ours) or "–"
            yield f"| `{option}` | {default} | {ours} | {preset} | {note} |"
        yield "\n</details>\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
