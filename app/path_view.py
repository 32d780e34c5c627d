"""A decoded path: do the ends come back, the scrubber, the strip, what to take away."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, sentences


def draw(found: Any, name: str) -> None:
    """Show an ``Interpolation``; the scrubber reads what is decoded and never decodes again."""
    if found.ignored:
        st.error(
            "The two codes differ and every one of them reads the same: the decoder ignores the code. "
            "The page Runs says what usually helps.",
            title="One sentence, whatever the code",
            icon=":material/heart_broken:",
        )
    left, right = st.columns(2, gap="medium")
    with left:
        _endpoint("A", found.a)
    with right:
        _endpoint("B", found.b)
    _walk(found, name)
    _exports(found, name)


def _endpoint(letter: str, end: Any) -> None:
    """What the model makes of a typed sentence: the end of the path is this, not what was typed."""
    with st.container(border=True, gap="xsmall"):
        match = f"{end.similarity:.0%} match"
        colour = "green" if end.similarity > 0.8 else "orange" if end.similarity > 0.4 else "red"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{letter} comes back as", width="stretch")
            st.badge(
                match,
                color=colour,
                help="1 - token edit distance / longer length: how much of the sentence its code keeps.",
            )
        st.html(f'<div class="zs-sentence">{blocks.escaped(end.reconstruction) or "∅"}</div>')
        notes = []
        if end.unknown:
            notes.append(f"not in the vocabulary: {', '.join(end.unknown)}")
        if end.truncated:
            notes.append("longer than the model reads; the rest was cut")
        if notes:
            st.caption(f":material/info: {blocks.plain('; '.join(notes))}")


def _count(n: int) -> str:
    return "one sentence" if n == 1 else f"{n} different sentences"


@st.fragment
def _walk(found: Any, name: str) -> None:
    """The scrubber, the sentence under it, and the strip."""
    last = len(found.steps) - 1
    here = st.select_slider(
        "Walk from A to B",
        range(last + 1),
        last // 2,
        key=f"scrub-{last}",
        format_func=lambda at: f"α = {found.steps[at].alpha:.2f}",
        help="All steps are decoded already; ← and → move one step.",
    )
    step = found.steps[here]
    with st.container(border=True):
        st.html(sentences.big(step.text, step.pieces, step.changed))
        st.html(
            f'<div class="zs-facts">α = {step.alpha:.2f} &nbsp;·&nbsp; {step.nll:.1f} nats given its code '
            f"&nbsp;·&nbsp; ‖z‖ = {step.norm:.2f}, draws of the prior {found.shell_mean:.2f} ± "
            f"{found.shell_sd:.2f}</div>"
        )
    st.caption(
        f"{len(found.steps)} steps, {_count(found.distinct)}. What changed since the row "
        "above is marked; rows that read the same are folded."
    )
    st.html(sentences.strip(found.steps, here))


def _exports(found: Any, name: str) -> None:
    from engine.explore.exports import EXPORTS

    with st.container(horizontal=True, vertical_alignment="center"):
        for key, export in EXPORTS.items():
            st.download_button(
                export.label,
                export.write(found),
                f"interpolation-{name}.{export.suffix}",
                export.media_type,
                key=f"export-{key}",
                icon=":material/download:",
                on_click="ignore",
                type="tertiary",
            )
    columns = ("alpha", "text", "nll", "norm", "folded")
    data = pd.DataFrame(
        [{column: getattr(step, column) for column in columns} for step in found.steps]
    )
    blocks.table(data, "path-table", "The steps of the path as a table")
