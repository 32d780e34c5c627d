"""Published corpora on the Datasets page: what each is, its licence, and a download that can be cancelled."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, jobs, making, state
from engine.data.downloads import DOWNLOADS
from engine.data.downloads.entry import PREFIX as HUB
from engine.data.downloads.entry import Download
from engine.data.importing import ImportOptions
from engine.data.library import download

ANY = "hub"


def section(made: Collection[str]) -> None:
    """A picker of published corpora, the one that is chosen, and all of them in a table."""
    chosen = st.selectbox(
        "Published data set", [*DOWNLOADS, ANY], key="published", format_func=_title,
        help="Downloaded from its publisher; nothing is sent along.",
    )  # fmt: skip
    if chosen == ANY:
        _hub()
    else:
        _published(DOWNLOADS[chosen], chosen in made)
    rows = st.expander(
        f"All {len(DOWNLOADS)} in a table", icon=":material/table_rows:",
        key="published-table", on_change="rerun",
    )  # fmt: skip
    if rows.open:
        rows.dataframe(
            _table(made), hide_index=True, alt="Published data sets with size, licence and homepage",
            column_config={
                "from": st.column_config.LinkColumn("from", display_text=r"https?://([^/]+)"),
                "rows": st.column_config.NumberColumn("rows, about", format="localized"),
            },
        )  # fmt: skip


def _title(name: str) -> str:
    if name == ANY:
        return "Any data set of the Hugging Face hub"
    entry = DOWNLOADS[name]
    what = "pictures" if entry.kind == "images" else "texts"
    return f"{entry.title}: about {entry.rows:,} {what}"


def _table(made: Collection[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": entry.name,
            "kind": entry.kind,
            "rows": entry.rows,
            "licence": entry.licence,
            "download": _size(entry),
            "from": entry.homepage,
            "here": entry.name in made,
            "label": entry.label or "none",
            "what it is": entry.help,
        }
        for entry in DOWNLOADS.values()
    )


def _size(entry: Download) -> str:
    return f"about {blocks.size(entry.size)}" if entry.size else "not stated"


def _published(entry: Download, made: bool) -> None:
    st.markdown(f"**{blocks.plain(entry.title)}** ({entry.name}) · {blocks.plain(entry.help)}")
    facts = [
        f"licence: {entry.licence}",
        f"size of the download: {_size(entry)}",
        f"label: {entry.label}" if entry.label else "no labels",
        "checksum stated" if all(f.checksum for f in entry.files) else "no checksum published",
    ]
    st.html(f'<div class="zs-facts">{blocks.escaped(" · ".join(facts))}</div>')
    job = jobs.find(making.key(entry.name))
    busy = job is not None and job.live
    with st.container(horizontal=True, vertical_alignment="center"):
        if made:
            if st.button("Open", key=f"open-{entry.name}", icon=":material/check_circle:"):
                state.note("open-data", entry.name)
                st.rerun()
        elif st.button(
            "Download", type="primary", key=f"download-{entry.name}", icon=":material/download:",
            disabled=busy,
            help="It is on its way." if busy else "Goes on where an earlier attempt stopped.",
        ):  # fmt: skip
            work = _going_on(lambda tell: download(entry.name, progress=tell), entry.title)
            _start(entry.name, f"Downloading {entry.title}", work)
        st.link_button("Its homepage", entry.homepage, icon=":material/open_in_new:")
    if not made:
        _from_files(entry, busy)


def _from_files(entry: Download, busy: bool) -> None:
    """The same corpus from what somebody has downloaded already."""
    with st.expander("I have its files", icon=":material/folder_open:"):
        st.caption(
            "A folder or archive on this machine that holds "
            + ", ".join(f"`{name}`" for name in entry.wanted)
            + ". No network is touched."
        )
        typed = st.text_input(
            "Path of the folder or file", key=f"from-{entry.name}", placeholder="/data/downloads"
        ).strip()
        blocked = "It is on its way." if busy else "" if typed else "Give the path first."
        if st.button(
            "Import", key=f"from-{entry.name}-go", disabled=bool(blocked), help=blocked or None,
            icon=":material/add:",
        ):  # fmt: skip
            path = Path(typed).expanduser()
            _start(
                entry.name, f"Reading {entry.title}",
                lambda tell: download(entry.name, path, progress=tell),
            )  # fmt: skip


def _hub() -> None:
    typed = st.text_input(
        "Its address", key="hub-address", placeholder="fancyzhx/ag_news, or nyu-mll/glue:sst2",
        help="OWNER/NAME, and behind a colon the configuration where it has several; behind "
        "another colon one split to take alone.",
    ).strip()  # fmt: skip
    left, right = st.columns(2)
    text = left.text_input("Text column", key="hub-text", placeholder="guessed").strip()
    label = right.text_input("Label column", key="hub-label", placeholder="guessed").strip()
    st.caption(
        "Read as Parquet, as the hub keeps it; no code that comes with it is run. Its licence is shown "
        "with it. A private or gated one needs the variable HF_TOKEN."
    )
    address = typed if typed.startswith(HUB) else f"{HUB}{typed}"
    job = jobs.find(making.key(address))
    busy = job is not None and job.live
    blocked = "It is on its way." if busy else "" if typed else "Give its address first."
    if st.button(
        "Download", type="primary", key="download-hub", icon=":material/download:",
        disabled=bool(blocked), help=blocked or "Goes on where an earlier attempt stopped.",
    ):  # fmt: skip
        given = {"text_column": text or None, "label_column": label or None}
        options = ImportOptions(**given) if text or label else None
        work = _going_on(lambda tell: download(address, options=options, progress=tell), address)
        _start(address, f"Downloading {address}", work)


def _going_on(work: Callable[[jobs.Progress], Any], title: str) -> Callable[[jobs.Progress], Any]:
    """Cancel keeps what has come, and says so."""

    def kept(tell: jobs.Progress) -> Any:
        try:
            return work(tell)
        except jobs.Cancelled as error:
            raise jobs.Cancelled(
                f"{title}: stopped before it was done; what has come is kept, and the next attempt goes "
                "on from there"
            ) from error

    return kept


def _start(name: str, title: str, work: Callable[[jobs.Progress], Any]) -> None:
    jobs.start(making.key(name), title, work)
    st.rerun()
