"""Reconstructions of many lines: how good as a whole, by length and by label, worst first, to take away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import blocks, charts, showing
from app.creating import taking
from app.creating.model import Model
from app.reconstruct_page.batches import Batch
from app.reconstruct_page.one import PICTURE

SHOWN, PICTURES_SHOWN = 2_000, 500
LABELS = 20
MEASURES = {"bleu": "bleu", "similarity": "edit_similarity", "exact": "exact_match"}
NAMES = {"bleu": "BLEU", "similarity": "Edit similarity", "exact": "Exact match"}
OF_PICTURES = {"similarity": "Equal pixels", "exact": "Exact match"}


def show(model: Model, batch: Batch, found: Any) -> None:
    """Numbers, groups, lines."""
    whole = found.whole
    with st.grid(4, min_column_width=140):
        if showing.of(model.run).images:
            error = f"{1 - whole.similarity:.2%}"
            st.metric("Pixel error", error, help="Share of pixels that came back wrong, mean.")
            blocks.metric("exact_match", whole.exact)
            st.metric("Pictures", f"{whole.lines:,}")
        else:
            for name, metric in MEASURES.items():
                blocks.metric(metric, getattr(whole, name))
            st.metric("Lines", f"{whole.lines:,}", help="Blank lines are left out.")
    lost = sum(line.truncated for line in found.lines)
    if lost:
        st.caption(
            f":material/content_cut: {lost:,} lines were longer than the model reads, and cut."
        )
    _groups(found)
    _worst(found)
    name = f"reconstructions-{model.file}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        taking.button("csv", found.to_csv, name, "bulk", "CSV, all lines")
        taking.button("json", lambda: _json(model, batch, found), name, "bulk", "JSON, everything")
        taking.button(
            "md", lambda: _table(found, "md"), f"{name}-groups", "bulk", "Markdown, groups"
        )
        taking.button(
            "tex", lambda: _table(found, "tex"), f"{name}-groups", "bulk", "LaTeX, groups"
        )


def _groups(found: Any) -> None:
    """One measure by length and by label."""
    parts = {"By length": found.by_length, "By label": found.by_label[:LABELS]}
    names = OF_PICTURES if showing.current().images else NAMES
    measure = st.segmented_control(
        "Measure", list(names), default="similarity", required=True, key="bulk-measure",
        persist_state="session", format_func=names.get, label_visibility="collapsed",
    )  # fmt: skip
    shown = {title: groups for title, groups in parts.items() if groups}
    if not shown:
        return
    with st.grid(len(shown), min_column_width=320):
        for title, groups in shown.items():
            with st.container():
                unit = "0 to 100" if measure == "bleu" else "0 to 1"
                blocks.chart(
                    _bars(
                        groups, measure, charts.titled(f"{names[measure]} {title.lower()}", unit)
                    ),
                    f"bulk-{title}",
                    f"{names[measure]} of lines {title.lower()}",
                    pd.DataFrame([asdict(group) for group in groups]),
                )
                if title == "By label" and len(found.by_label) > LABELS:
                    st.caption(
                        f"Showing {LABELS} of {len(found.by_label)} labels, those with most lines."
                    )


def _bars(groups: Sequence[Any], measure: str, title: str) -> go.Figure:
    figure = go.Figure()
    figure.add_bar(
        x=[blocks.escaped(group.name) for group in groups],
        y=[getattr(group, measure) for group in groups],
        marker={"color": charts.BLUE},
        customdata=[group.lines for group in groups],
        hovertemplate="%{x}: %{y:.3g}, %{customdata:,} lines<extra></extra>",
    )
    charts.dress(figure, title, height=250)
    figure.update_layout(dragmode=False, hovermode="closest", margin={"b": 60})
    figure.update_xaxes(type="category", nticks=LABELS)
    figure.update_yaxes(range=[0, 100 if measure == "bleu" else 1])
    return figure


def _worst(found: Any) -> None:
    """The lines, worst first; a ticked one can be looked at token by token."""
    lines = found.lines[:SHOWN]
    shown = showing.current()
    lines = lines[:PICTURES_SHOWN] if shown.images else lines
    what = shown.nouns if shown.images else "lines"
    st.caption(f"Showing {len(lines):,} of {len(found.lines):,} {what}, worst first.")
    data = pd.DataFrame(
        [
            {
                "match": line.similarity,
                "typed": line.text,
                "as read": line.seen,
                "came back": line.output,
                "tokens": line.tokens,
                "nats": line.nll,
                "KL": line.kl,
                "unknown words": ", ".join(line.unknown),
                "label": line.label,
                "line": line.number,
            }
            for line in lines
        ]
    )
    if not found.by_label:
        data = data.drop(columns="label")
    data = data.drop(columns=["tokens", "unknown words"] if shown.images else "as read")
    column = st.column_config
    picked: Any = st.dataframe(
        shown.table(data, "typed", "as read", "came back"), hide_index=True, alt="Reconstructions, worst first",
        key="worst", on_select="rerun", selection_mode="single-row", height=420,
        row_height=shown.row_height,
        column_config={
            "match": column.ProgressColumn(
                "match", format="percent", min_value=0, max_value=1,
                help=shown.match_help,
            ),
            "typed": shown.column("line as given", width="large"),
            "as read": shown.column("as read"),
            "came back": shown.column("came back", width="large"),
            "tokens": column.NumberColumn("tokens", help="Read by the model, start and end not counted."),
            "nats": column.NumberColumn(
                "nats", format="%.1f", help=shown.words("−log p(line | its code), end token counted.")
            ),
            "KL": column.NumberColumn("KL", format="%.2f", help="KL(q(z|x) || p(z)), nats."),
            "line": column.NumberColumn("line", help="Its place among the lines that were given."),
        },
    )  # fmt: skip
    rows = [row for row in picked.selection.rows if row < len(lines)]
    text = lines[rows[0]].text if rows else ""
    key = PICTURE if shown.images else "sentence"
    st.button(
        shown.words("Look at it token by token"), icon=":material/zoom_in:", key="look", disabled=not rows,
        help=shown.words("Opens it under One sentence.") if rows else "Tick a row of the table first.",
        on_click=lambda: st.session_state.update({key: text, "mode": "one sentence"}),
    )  # fmt: skip


def _table(found: Any, suffix: str) -> str:
    from engine.explore.tables import WRITERS, Table

    groups = [found.whole, *found.by_length, *found.by_label]
    rows = [(one.name, one.lines, one.bleu, one.similarity, one.exact) for one in groups]
    return WRITERS[suffix](Table(("lines", "how many", "BLEU", "edit similarity", "exact"), rows))


def _json(model: Model, batch: Batch, found: Any) -> str:
    import json

    facts = {"run": model.run.name, "checkpoint": model.checkpoint, "of": batch.title}
    return json.dumps(facts | asdict(found), ensure_ascii=False, indent=1)
