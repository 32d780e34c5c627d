"""Which pages there are, in which section; one line per page."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import streamlit as st

FOLDER = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True)
class Entry:
    """One page.

    Attributes:
        stem: its file's, and its address.
        title: how it is called.
        icon: its sign.
        purpose: what it is for.
        of_run: whether it is about the run that the sidebar has.
    """

    stem: str
    title: str
    icon: str
    purpose: str
    of_run: bool = True

    @property
    def path(self) -> str:
        """The page's file, absolute: top-level pages/ is not scanned by Streamlit."""
        return str(FOLDER / f"{self.stem}.py")


PAGES: dict[str, list[Entry]] = {
    "": [
        Entry("home", "Home", "home", "Where to start, what is running, recent runs.", of_run=False)
    ],
    "Data": [
        Entry("data", "Datasets", "database", "Built-in corpora and your own text.", of_run=False)
    ],
    "Train": [
        Entry(
            "train",
            "New run",
            "add_circle",
            "Choose a preset, change what you like, start.",
            of_run=False,
        ),
        Entry("runs", "Runs", "monitoring", "Curves, health, stop and resume."),
    ],
    "Explore": [
        Entry("latent_map", "Latent map", "scatter_plot", "Posterior means as a map."),
        Entry("posterior", "Posterior", "monitor_heart", "Is the posterior alive, and where not?"),
    ],
    "Create": [
        Entry(
            "interpolate", "Interpolate", "linear_scale", "Read what lies between two sentences."
        ),
        Entry(
            "sample", "Sample", "casino", "Draw sentences from the prior or around one of yours."
        ),
        Entry("reconstruct", "Reconstruct", "compare_arrows", "What comes back of a sentence."),
    ],
    "Help": [
        Entry("guide", "Guide", "menu_book", "Words, numbers, presets, file formats.", of_run=False)
    ],
}
ENTRIES = {entry.stem: entry for section in PAGES.values() for entry in section}


def sections(nowhere: Callable[[str], None]) -> dict[str, list[Any]]:
    """What ``st.navigation`` takes; the first page is the default one.

    Args:
        nowhere: draws what an address shows that no page has, given that address. Streamlit by itself
            would open Home under a dialog that names neither what was asked for nor a way on.
    """
    found = {section: [_page(entry) for entry in entries] for section, entries in PAGES.items()}
    if name := unknown(st.context.url or ""):
        page = partial(nowhere, name)
        found[""].append(st.Page(page, title="No such page", url_path=name, visibility="hidden"))
    return found


def unknown(url: str) -> str:
    """The last part of an address if no page has it, else nothing."""
    name = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]).strip()
    known = name in ENTRIES and name != "home"  # Home is at the root, and /home is no page's
    return "" if known or "/" in name else name


def nearest(name: str) -> tuple[Entry | None, bool]:
    """The page that a mistyped address means, if any, and whether that is beyond doubt."""
    names = {_key(word): entry for entry in ENTRIES.values() for word in (entry.stem, entry.title)}
    close = difflib.get_close_matches(_key(name), names, n=1)
    return (names[close[0]], close[0] == _key(name)) if close else (None, False)


def _key(words: str) -> str:
    return "".join(letter for letter in words.lower() if letter.isalnum())


def _page(entry: Entry) -> Any:
    home = entry.stem == "home"
    # The address equals the file's stem; Home is at the root.
    return st.Page(
        entry.path,
        title=entry.title,
        icon=f":material/{entry.icon}:",
        url_path="" if home else entry.stem,
        default=home,
        help=entry.purpose,
    )


def go(stem: str, **query: str) -> None:
    """Open a page, with query parameters that its address shall carry."""
    # Never None: Streamlit would refuse to clear an address that holds the run, a widget's own.
    st.switch_page(ENTRIES[stem].path, query_params=query)


def link(stem: str, label: str, icon: str | None = None, **query: str) -> None:
    """A link to a page, in the app's words, with query parameters that its address shall carry."""
    entry = ENTRIES[stem]
    icon = f":material/{icon or entry.icon}:"
    st.page_link(entry.path, label=label, icon=icon, query_params=query or None)
