"""The Guide's table of what each option of another program is here."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import blocks
from app.navigation import ENTRIES
from engine.counterparts import PROGRAMS, Counterpart, Program, kind_of, matching

_COLUMNS = ("Option", "Its default", "Ours", "Preset", "Where we differ")


def draw() -> None:
    """Choose a program, search among its options."""
    st.markdown(
        "What each documented option is here. A setting stands with its value in the preset and is changed on "
        "**New run** or with `--set`; a command is one of `python -m engine`.",
        width=820,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Program", list(PROGRAMS), key="options-program", width=300)
        words = st.text_input(
            "Find an option",
            type="search",
            placeholder="kappa, batch, --restore …",
            key="options-find",
        )
    program = PROGRAMS[name]
    found = matching(program, words)
    st.caption(f"[{program.about}]({program.home}) {len(found)} of {len(program.rows)} options.")
    if found:
        st.table(_table(found), border="horizontal")
    else:
        _elsewhere(program, words)


def _elsewhere(program: Program, words: str) -> None:
    """Which other programs have what this one has not."""
    others = [p.name for p in PROGRAMS.values() if p is not program and matching(p, words)]
    hint = f"Found in {', '.join(others)}." if others else "Try a shorter word."
    blocks.empty("No option by that name", hint, "search_off")


def _table(rows: list[Counterpart]) -> pd.DataFrame:
    cells = [
        (f"`{row.option}`", row.default, _ours(row), row.preset, blocks.plain(row.note))
        for row in rows
    ]
    return pd.DataFrame(cells, columns=list(_COLUMNS)).set_index("Option")


def _ours(row: Counterpart) -> str:
    """What does the same here, as Markdown."""
    return "  \n".join(_linked(ours) for ours in row.ours) or "–"


def _linked(ours: str) -> str:
    kind, name = kind_of(ours), ours.partition(" ")[2]
    if kind == "page":
        return f"page *{ENTRIES[name].title}*"
    return (
        f"{kind} `{name}`"
        if kind in ("piece", "preset")
        else f"`{name if kind == 'place' else ours}`"
    )
