"""Sentences that write out a picture, a character a pixel, are also shown as what they draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from app import thumbnails
from engine.data.builtin.digits_text import picture, sketch
from engine.data.pictures import WHITE, write


def draw(steps: Sequence[Any]) -> None:
    """The pictures along a path, beside how far each is from A; nothing where no step is one."""
    found = [(step.alpha, sketch(step.text)) for step in steps]
    shown = [(alpha, pixels) for alpha, pixels in found if pixels is not None]
    if not shown:
        return
    levels = [(f"{alpha:.2f}", np.rint(pixels * WHITE).astype(np.uint8)) for alpha, pixels in shown]
    st.html(thumbnails.row((place, write(grey)) for place, grey in levels))
    whole = sum(picture(step.text) is not None for step in steps)
    rest = f"; {whole} of {len(steps)} are whole pictures, the others are drawn as far as they go"
    st.caption(f"What the texts draw, from A to B{rest if whole < len(steps) else ''}.")
