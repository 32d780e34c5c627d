"""Palette: four sentences as corners, what lies between them, and a line drawn over it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import palette, state
from app.creating import material, taking
from app.interpolate_page import ends, here, typed
from app.interpolate_page.here import Here
from app.walk import Track, decoded, walk

STEPS = 21


def draw(page: Here) -> None:
    """Type four corners, read the square, draw over it."""
    with st.grid(2, min_column_width=260, gap="small"):
        texts = [typed.field(letter) for letter in typed.LETTERS]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.container(width="content")
        strategy = here.decoding()
        size = st.select_slider(
            "Cells a side", range(3, 10), 5, key="side", bind="query-params", persist_state="session",
            help="All cells are decoded in one batch.",
        )  # fmt: skip
        typed.random_button(page.model, typed.LETTERS)
    with place:
        path = here.way(page)
    link = dict(zip(typed.LETTERS, texts, strict=True))
    state.carry("interpolate", **link, way=path, decode=strategy, side=str(size))
    if not typed.complete(*texts):
        return
    with st.skeleton(height=480):
        found = _found(page, texts, size, path, strategy)
    if found is None:
        return
    ends.ignored([cell.text for cell in found.cells])
    line = palette.palette(
        found, key="palette", alt=f"{size} by {size} {page.shown.nouns} between A, B, C and D"
    )
    st.caption(
        f"{size * size} cells, {found.distinct} different {page.shown.nouns}. Across and down the codes follow the "
        f"{path} path; colours say which corner is near"
        + (". " if page.shown.images else ", bold what differs from the cell to the left. ")
        + ("Hatched: off the data." if any(cell.off_data for cell in found.cells) else "")
    )
    if len(line) > 1:
        _line(page, found, line, strategy)
    ends.show(dict(zip("ABCD", found.corners, strict=True)), 4)
    taking.table(found, f"palette-{page.model.file}", "palette")


def _found(page: Here, texts: list[str], size: int, path: str, strategy: str) -> Any:
    from engine.explore.palette import palette as made

    ours = material.known(page.model)
    density = ours.density if ours else None
    decoding = page.model.decoding(strategy)
    return page.model.made(
        ("palette", *texts, size, path, strategy, density is not None), size * size, "Palette",
        lambda hosted: made(
            hosted.model, hosted.tokenizer, texts, size, path, decoding, data=density
        ),
        page.waiting,
    )  # fmt: skip


def _line(page: Here, found: Any, line: palette.Line, strategy: str) -> None:
    """Codes evenly spaced along the line, decoded in one batch."""
    from engine.explore.palette import decode_line

    decoding = page.model.decoding(strategy)
    asked = ("line", found.codes.tobytes(), tuple(line), strategy)
    along = page.model.made(
        asked, STEPS, "The line",
        lambda hosted: decode_line(hosted.model, hosted.tokenizer, found, line, STEPS, decoding),
        page.waiting,
    )  # fmt: skip
    if along is None:
        return
    st.markdown(f"**Along the line**: {STEPS} codes, evenly spaced, decoded in one batch")
    stops = decoded(along, [f"{at / (STEPS - 1):.2f}" for at in range(STEPS)])
    walk(
        [Track("line", stops)],
        key="line",
        alt=f"{page.shown.nouns.capitalize()} along the drawn line",
        symbol="t",
        slider="Walk along the line",
        here=0,
    )
