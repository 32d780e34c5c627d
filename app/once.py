"""What is made once for all sessions and used by every run of a page; the least recently used goes first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


@st.cache_resource(show_spinner=False, max_entries=500)
def _once(key: str, _make: Callable[[], Any]) -> Any:
    return _make()


def once(key: str, make: Callable[[], Any]) -> Any:
    """What ``make`` makes, made once for a key that names all it is made of; nobody may change it."""
    return _once(key, make)


def forget() -> None:
    """Forget everything that was made."""
    _once.clear()
