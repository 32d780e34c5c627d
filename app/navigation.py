"""Which pages there are, in which section; one line per page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True)
class Entry:
    """One page: its file's stem (also its address), how it is called, and what it is for."""

    stem: str
    title: str
    icon: str
    purpose: str

    @property
    def path(self) -> str:
        """The page's file, absolute: top-level pages/ is not scanned by Streamlit."""
        return str(FOLDER / f"{self.stem}.py")


PAGES: dict[str, list[Entry]] = {
    "": [Entry("home", "Home", "home", "Where to start, what is running, recent runs.")],
    "Data": [Entry("data", "Datasets", "database", "Built-in corpora and your own text.")],
    "Train": [
        Entry("train", "New run", "add_circle", "Choose a preset, change what you like, start."),
        Entry("runs", "Runs", "monitoring", "Curves, health, stop and resume."),
    ],
    "Explore": [Entry("latent_map", "Latent map", "scatter_plot", "Posterior means as a map.")],
    "Create": [
        Entry(
            "interpolate", "Interpolate", "linear_scale", "Read what lies between two sentences."
        ),
        Entry(
            "sample", "Sample", "casino", "Draw sentences from the prior or around one of yours."
        ),
        Entry("reconstruct", "Reconstruct", "compare_arrows", "What comes back of a sentence."),
    ],
    "Help": [Entry("guide", "Guide", "menu_book", "Words, numbers, presets, file formats.")],
}
ENTRIES = {entry.stem: entry for section in PAGES.values() for entry in section}


def sections() -> dict[str, list[Any]]:
    """What ``st.navigation`` takes; the first page is the default one."""
    return {section: [_page(entry) for entry in entries] for section, entries in PAGES.items()}


def _page(entry: Entry) -> Any:
    # The address equals the file's stem: AppTest's switch_page relies on it.
    return st.Page(
        entry.path,
        title=entry.title,
        icon=f":material/{entry.icon}:",
        url_path=entry.stem,
        default=entry.stem == "home",
        help=entry.purpose,
    )


def go(stem: str, **query: str) -> None:
    """Open a page, with query parameters that its address shall carry."""
    st.switch_page(ENTRIES[stem].path, query_params=query or None)


def link(stem: str, label: str, icon: str | None = None) -> None:
    """A link to a page, in the app's words."""
    entry = ENTRIES[stem]
    st.page_link(entry.path, label=label, icon=f":material/{icon or entry.icon}:")
