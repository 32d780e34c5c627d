"""Slices: named groups of rows, saved from a selection, shown again, renamed, deleted."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import blocks, charts, showing, state
from app.map_page import choosing, loaders
from app.map_page.loaders import Space
from engine.data import slices
from engine.data.slices import Slice


def save(space: Space, rows: np.ndarray, how: str) -> None:
    """A field for the name, and the button that saves the selection under it."""
    with (
        st.form("map-save", border=False, clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        name = st.text_input(
            "Save as a slice", key="map-slice-name", max_chars=slices.LONGEST, placeholder="Name",
            help="A slice belongs to the data set: every run on it can show it, colour by it and tell "
            "it from others.",
        )  # fmt: skip
        pressed = st.form_submit_button(
            "Save", icon=":material/bookmark_add:", key="map-slice-save"
        )
    if pressed:
        _save(space, rows, name, how)
    of, saved = state.seen_note("map-saved") or ("", "")
    if of == loaders.digest(rows):
        st.caption(f":material/bookmark_added: Saved as {blocks.plain(saved)}; it is under Slices.")


def _save(space: Space, rows: np.ndarray, name: str, how: str) -> None:
    def keep() -> Slice:
        numbers = space.found.indices[rows]
        return slices.save(space.corpus, name, space.request.split, numbers, how)

    if (one := blocks.attempt(keep, "The slice could not be saved")) is not None:
        state.note("map-saved", (loaders.digest(rows), one.name))
    st.rerun()


def panel(space: Space) -> None:
    """All slices of the data set, each with what can be done with it."""
    there, shown = loaders.shelf(space), showing.of(space.request.run)
    mine = [one for one in there.slices if one.split == space.request.split]
    others = [one for one in there.slices if one.split != space.request.split]
    if not (there.slices or there.stale or there.problems):
        blocks.empty(
            "No slice yet", "Select some sentences, then save them under a name.", "bookmarks"
        )
    for one in mine:
        _mine(space, one)
    if others:
        st.caption("Of other rows")
        for one in others:
            split = charts.SPLIT_NAMES[one.split]
            _other(
                space, one, f"{len(one.rows):,} {split} rows; choose those under Rows to see it."
            )
    if there.stale:
        st.caption("Stale")
        for one in there.stale:
            _other(
                space, one,
                "The data set was made anew with other rows since, so its row numbers point at strangers. "
                f"Delete it and choose its {shown.nouns} again.",
            )  # fmt: skip
    for problem in there.problems:
        st.caption(f":material/error: {blocks.plain(problem)}")


def _mine(space: Space, one: Slice) -> None:
    at = one.positions(space.found.indices)
    on_map = f"{len(at):,}" if len(at) == len(one.rows) else f"{len(at):,} of {len(one.rows):,}"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(
            f"**{blocks.plain(one.name)}**  \n:gray[{on_map} on the map]", width="stretch",
            help=blocks.plain(f"{one.made or 'Saved'}, {one.created[:10]}"),
        )  # fmt: skip
        st.button(
            "Select", key=f"map-slice-{one.name}", on_click=_select, args=(space, at),
            disabled=not len(at), help="None of its rows is on the map." if not len(at) else None,
        )  # fmt: skip
        _more(space, one)


def _other(space: Space, one: Slice, why: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**{blocks.plain(one.name)}**  \n:gray[{why}]", width="stretch")
        _more(space, one)


def _select(space: Space, rows: np.ndarray) -> None:
    choosing.choose(space, rows)
    choosing.show(choosing.SELECTION)


def _more(space: Space, one: Slice) -> None:
    pressed = st.menu_button(
        "", ["Rename", "Delete"], icon=":material/more_vert:", key=f"map-more-{one.name}",
        type="tertiary", help=f"More for {one.name}",
    )  # fmt: skip
    if pressed == "Rename":
        _rename(space, one)
    elif pressed == "Delete":
        _delete(space, one)


@st.dialog("Rename this slice", icon=":material/edit:")
def _rename(space: Space, one: Slice) -> None:
    with st.form("map-rename", border=False):
        name = st.text_input("Name", one.name, max_chars=slices.LONGEST, key="map-new-name")
        if st.form_submit_button("Rename it", type="primary", key="map-really-rename"):
            blocks.attempt(
                lambda: slices.rename(space.corpus, one.name, name), "It could not be renamed"
            )
            st.rerun()


@st.dialog("Delete this slice?", icon=":material/delete:")
def _delete(space: Space, one: Slice) -> None:
    nouns = showing.of(space.request.run).nouns
    st.markdown(
        f"**{blocks.plain(one.name)}** ({len(one.rows):,} rows) will be gone for good; the {nouns} stay."
    )
    with st.container(horizontal=True):
        if st.button("Delete it", type="primary", key="map-really-delete"):
            blocks.attempt(lambda: slices.delete(space.corpus, one.name), "It could not be deleted")
            st.rerun()
        if st.button("Keep it", key="map-keep"):
            st.rerun()
