"""The entry file: ``python -m streamlit run app/main.py`` from the repository's root."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Streamlit puts app/ on the path, not the root; this file runs again on every rerun.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from app import frame, navigation, showing, warmup  # noqa: E402

st.set_page_config(
    page_title="Zscape",
    page_icon=str(ROOT / "assets" / "icon.svg"),
    layout="wide",
    menu_items={"About": "Zscape: a workbench for text variational auto-encoders."},
)
warmup.start()
page = st.navigation(navigation.sections(frame.nowhere), expanded=True)
stem = page.url_path or "home"
frame.draw(stem)
with showing.about(frame.shown(stem)):
    page.run()
