"""Built-in corpora that are made on this machine: the job, and the offer to start it wherever one is missing."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import jobs, loaders, navigation
from app.background import Waiting
from engine.data.corpus import exists
from engine.data.library import BUILTIN, ensure

PREFIX = "data:"


def key(name: str) -> str:
    """Of the job that makes or imports a data set."""
    return f"{PREFIX}{name}"


def begin(name: str) -> None:
    """Make a built-in corpus in the background, or find the job that does."""
    jobs.start(key(name), f"Making {BUILTIN[name].title}", lambda tell: ensure(name, tell))


def offer(run: Any, waiting: Waiting) -> None:
    """The way to the corpus that a run learned from and that is not here: made with a click, or imported.

    Args:
        run: whose data set is missed.
        waiting: what the page waits for; it is drawn again when the corpus is there.
    """
    name = loaders.data_name(run)
    if exists(name):
        return
    if name not in BUILTIN:
        navigation.link("data", "Open Datasets")
    elif waiting.known(key(name)):
        title = f"Making {BUILTIN[name].title}"
        waiting.begin(key(name), title, lambda tell: ensure(name, tell), quiet=True)
    else:
        st.button(
            f"Make {BUILTIN[name].title.lower()}", icon=":material/add:", key="make-corpus",
            on_click=begin, args=(name,),
            help="On this machine, in a minute or two; the page can be used meanwhile. Then there are random "
            "sentences, paths through the data and distances to it.",
        )  # fmt: skip
