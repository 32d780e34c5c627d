"""Bringing one's own sentences: a file, a path on this machine, or pasted text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, data_pictures, forms, jobs, making, uploads
from engine.data.folders import files_of
from engine.data.importing import ImportOptions, free_name, guess, import_path, import_text
from engine.data.pictures.sources import holds_pictures

NONE, NAMED = "(none)", 6


def bring() -> None:
    """Upload, a path on this machine, or pasted text."""
    how = st.segmented_control(
        "From", ["a file", "a path on this machine", "pasted text"], default="a file",
        required=True, key="bring", label_visibility="collapsed",
    )  # fmt: skip
    if how == "pasted text":
        _paste()
        return
    if how == "a file":
        path = _uploaded()
    else:
        typed = st.text_input(
            "Path", key="server-path", placeholder="/data/reviews.csv or a folder"
        )
        path = Path(typed).expanduser() if typed.strip() else None
    if path is not None:
        with blocks.kindly("This cannot be read"):
            _import_panel(path)


def _uploaded() -> Path | None:
    """The file that was dropped, on disk; one that it takes the place of is forgotten."""
    # Any type: what a file is shows in its bytes, and the importer says in words why it cannot be read.
    upload = st.file_uploader(
        "Your file: txt, CSV, TSV, JSON Lines or Parquet, also gzipped; pictures: an .npz, or a zip of a folder",
        key=f"upload-{_imports()}",
        help="One sentence a line, or a table. A file that is too large for the browser is read by its path on "
        "this machine.",
    )
    path = uploads.save(upload) if upload else None
    before = st.session_state.get("uploaded")
    if before is not None and before != path:
        uploads.forget(before)
    st.session_state["uploaded"] = path
    return path


def _import_panel(path: Path) -> None:
    """What the file seems to be, what to correct, and the button."""
    key = f"import-{path}"
    name = st.text_input(
        "Name of the data set", free_name(path.name.split(".")[0]), key=f"{key}-name"
    )
    chosen: dict[str, Any] = {"text_column": None, "label_column": None, "invert": None}
    kept, blocked = set(chosen), ""
    if holds_pictures(path):
        chosen |= data_pictures.guessed(path, key)
        kept |= data_pictures.FOR_TEXT
    elif path.is_dir():
        names = [file.name for _, file in files_of(path)]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        told = f"A folder with {', '.join(names[:NAMED])}{more}. Files for train, valid and test stay splits."
        st.caption(blocks.plain(told))
    else:
        chosen["text_column"], chosen["label_column"], blocked = _columns(path, key)
    with st.expander("More about the import", icon=":material/tune:"):
        edited = forms.edit(ImportOptions(), key, kept=kept)
    for problem in edited.problems:
        st.error(blocks.plain(problem))
    if edited.config is None:
        blocked = "Mend the setting marked in red."
    if st.button("Import", type="primary", key=f"{key}-go", icon=":material/add:",
                 disabled=bool(blocked), help=blocked or None):  # fmt: skip
        _start_import(path, name.strip(), edited.config.model_copy(update=chosen))


def _columns(path: Path, key: str) -> tuple[str | None, str | None, str]:
    """The guessed columns, correctable, with the first rows below; and why nothing can be imported, if so."""
    found = guess(path)
    cut = {",": "comma", "\t": "tab", ";": "semicolon"}.get(found.delimiter or "", found.delimiter)
    facts = [found.format.upper(), blocks.size(found.size), found.encoding]
    facts += [
        f"columns cut at {cut}",
        "first line names them" if found.header else "no header",
    ] * bool(cut)
    st.caption(" · ".join(blocks.plain(fact) for fact in facts))
    names = list(found.columns)
    left, right = st.columns(2)
    place = names.index(found.text_column) if found.text_column in names else None
    text = left.selectbox(
        "Text column", names, place, key=f"{key}-text", help="Guessed; correct it here."
    )
    labels = [NONE, *(name for name in names if name != text)]
    place = labels.index(found.label_column) if found.label_column in labels else 0
    label = right.selectbox(
        "Label column", labels, place, key=f"{key}-label", help="Colours the map."
    )
    if found.preview is not None and len(found.preview):
        st.dataframe(found.preview, hide_index=True, height=220, alt="The first rows of the file")
        st.caption(f"Showing the first {len(found.preview)} rows.")
    return text, "" if label == NONE else label, _nothing_to_import(found.preview, text)


def _nothing_to_import(preview: pd.DataFrame | None, text: str | None) -> str:
    if preview is not None and preview.empty:
        return "The file has no rows below the names of its columns; it must hold one row a text."
    if text is None:
        return "No column seems to hold text; choose the text column."
    if preview is not None and not preview[text].astype(str).str.strip().any():
        return f"The column {text} is empty in the rows that are shown; choose the one that holds text."
    return ""


def _start_import(path: Path, name: str, options: ImportOptions) -> None:
    source = path.name if path == st.session_state.pop("uploaded", None) else None

    def work(tell: jobs.Progress) -> Any:
        try:
            return import_path(path, name, options, tell, source)
        finally:  # also of one that failed: the uploader that could read it again is gone
            uploads.forget(path)

    # A new uploader, empty: the job removes the file that the old one would read again.
    st.session_state["imports"] = _imports() + 1
    jobs.start(making.key(name), f"Importing {name}", work)
    st.rerun()


def _imports() -> int:
    return st.session_state.get("imports", 0)


def _paste() -> None:
    pasted = st.text_area("Text", key="pasted", height=180, placeholder="One sentence a line")
    name = st.text_input("Name of the data set", free_name("pasted"), key="pasted-name")
    blocked = "" if pasted.strip() else "Paste some lines first."
    if st.button(
        "Import", type="primary", key="paste-go", disabled=bool(blocked), help=blocked or None
    ):
        jobs.start(
            making.key(name), f"Importing {name}",
            lambda tell: import_text(pasted, name.strip(), ImportOptions(), tell),
        )  # fmt: skip
        st.rerun()
