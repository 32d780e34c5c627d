"""What a row says: an option of another program, and what does the same here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["setting", "command", "page", "piece", "preset", "place"]
_NAMED: tuple[Kind, ...] = ("page", "piece", "preset", "place")


@dataclass(frozen=True)
class Counterpart:
    """An option of another program and what does the same here.

    Attributes:
        option: as it is spelt there; a constant of its code by its name.
        default: its default there, as its code has it.
        ours: each a setting with its value in the preset (``training.batch_size=32``), a command with an
            option (``evaluate --restore``), or "page", "piece", "preset" or "place" and a name. Empty where
            there is nothing, and then ``note`` says why.
        preset: the preset whose value a setting has.
        note: where we differ, and what is our guess.
    """

    option: str
    default: str
    ours: tuple[str, ...] = ()
    preset: str = ""
    note: str = ""


@dataclass(frozen=True)
class Program:
    """Another program, and its options.

    Attributes:
        name: what it is called.
        about: what it is, in a sentence.
        home: where it is.
        rows: its options, those of its documentation first.
    """

    name: str
    about: str
    home: str
    rows: tuple[Counterpart, ...]


def kind_of(ours: str) -> Kind:
    """Which kind of counterpart a text names."""
    first, _, rest = ours.partition(" ")
    for kind in _NAMED:
        if first == kind and rest:
            return kind
    return "setting" if "=" in first else "command"


def rows_of(preset: str, *rows: tuple[str, ...] | Counterpart) -> tuple[Counterpart, ...]:
    """Rows written as (option, default, ours ...), whose settings are those of ``preset``."""
    return tuple(row if isinstance(row, Counterpart) else _row(preset, *row) for row in rows)


def _row(preset: str, option: str, default: str, *ours: str) -> Counterpart:
    """A row without a note; it names the preset where it has a setting."""
    has_setting = any(kind_of(one) == "setting" for one in ours)
    return Counterpart(option, default, ours, preset if has_setting else "")


def matching(program: Program, words: str) -> list[Counterpart]:
    """The rows that hold all of these words anywhere, in any case."""
    wanted = words.lower().split()

    def text(row: Counterpart) -> str:
        parts: Iterable[str] = (row.option, row.default, *row.ours, row.preset, row.note)
        return " ".join(parts).lower()

    return [row for row in program.rows if all(word in text(row) for word in wanted)]
