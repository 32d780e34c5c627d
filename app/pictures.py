"""Pictures that a person chooses: another one of the data, or one of one's own."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from app import blocks, loaders, showing, thumbnails
from app.once import once
from engine.config import EngineError
from engine.data.pictures.files import SUFFIXES
from engine.runs.store import Run


class Upload(NamedTuple):
    """A picture that came through the browser.

    Attributes:
        mark: which upload it was.
        text: its data URI.
    """

    mark: str
    text: str


def upload(key: str, label: str = "Your own") -> Upload | None:
    """A picture of one's own; None until there is one that can be read."""
    file = st.file_uploader(
        label, sorted(suffix.removeprefix(".") for suffix in SUFFIXES), key=key,
        help="Any size and colour: it is made grey, dark ink on light paper is exchanged, and the model reads "
        "it scaled to its own size.",
    )  # fmt: skip
    if file is None:
        return None
    try:
        return Upload(file.file_id, once(f"picture|{file.file_id}", lambda: _read(file)))
    except EngineError as error:
        blocks.error_box(error, "This picture could not be read")
        return None


def _read(file: object) -> str:
    from engine.data.pictures.importing import from_file

    return from_file(file.getvalue(), file.name)  # type: ignore[attr-defined]


def field(run: Run, key: str, label: str) -> str:
    """One picture that is asked for: shown, with ways to another one; empty until there is one.

    A picture is no widget's value: it is kept under ``key`` while the session lasts.

    Args:
        run: whose model reads it.
        key: under which it is kept.
        label: what it is called.
    """
    text = kept(key)
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width=thumbnails.LARGE - 40):
            st.caption(label)
            st.html(showing.IMAGES.html(text, thumbnails.LARGE - 52, label))
        with st.container(gap="xsmall", width="content"):
            missing = loaders.data_missing(run)
            st.button(
                "Another", icon=":material/shuffle:", key=f"another-{key}", disabled=bool(missing),
                on_click=_another, args=(run, key), help=missing or "Of the validation split.",
            )  # fmt: skip
            with st.popover("Your own", icon=":material/upload:", key=f"own-{key}"):
                own = upload(f"upload-{key}")
    if own is not None and st.session_state.get(f"taken-{key}") != own.mark:
        st.session_state[f"taken-{key}"] = own.mark
        st.session_state[key] = own.text
        st.rerun()
    return text


def unread(chosen: str, seen: str) -> None:
    """Says so where a picture has ink and the model, which reads it smaller, sees none of it."""
    if _inked(chosen) and not _inked(seen):
        st.caption(
            ":material/info: Nothing of it is left at the size that the model reads: crop it closer to its ink, "
            "or draw it bolder."
        )


def _inked(text: str) -> bool:
    from engine.data.pictures import read

    return bool(thumbnails.trusted(text)) and bool(read(text).any())


def kept(key: str) -> str:
    """The picture under a key; empty where there is none, or something else."""
    text = str(st.session_state.get(key) or "")
    return text if thumbnails.trusted(text) else ""


def _another(run: Run, key: str) -> None:
    st.session_state[key] = (loaders.pair(run) or ("",))[0]
