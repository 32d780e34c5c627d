"""One sentence on its way through training."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import blocks, charts, showing, thumbnails
from app.mean_space_page.shots import Rows, Shots
from engine.explore.mean_space import Film


def panel(focus: int | None, shots: Sequence[Shots], films: Sequence[Film], rows: Rows) -> None:
    """The sentence that was clicked, and both of its means at every moment."""
    shown = showing.of(shots[0].run)
    noun = shown.noun
    if focus is None or focus >= len(rows.texts):
        st.caption(
            f"Click a point: its {noun} and its way through training are told here. The map draws the ways "
            "of selected points."
        )
        return
    if shown.images:
        st.html(shown.html(rows.texts[focus], thumbnails.LARGE))
    else:
        st.markdown(f"**{blocks.plain(rows.texts[focus])}**")
    st.caption(f"row {int(rows.numbers[focus]):,} of split {shots[0].taken[-1].split}")
    for number, (one, film) in enumerate(zip(shots, films, strict=True)):
        title = one.run.name if len(shots) > 1 else "over training"
        data = way(film, focus)
        key = f"mean-space-way-{number}"
        if len(data) > 1:
            blocks.chart(
                _chart(data, title), key, f"Both means of the {noun} over training, {title}", data
            )
        else:
            blocks.table(data, key, f"Both means of the {noun}, {title}")


def way(film: Film, row: int) -> pd.DataFrame:
    """Both means of one sentence, and their gap, at every moment."""
    return pd.DataFrame(
        {
            "step": film.moments,
            "model mean": film.xy[:, row, 0],
            "inference mean": film.xy[:, row, 1],
            "gap": film.gap[:, row],
        }
    )


def _chart(data: pd.DataFrame, title: str) -> go.Figure:
    figure = go.Figure()
    for column, colour in (("model mean", charts.BLUE), ("inference mean", charts.ORANGE)):
        figure.add_scatter(
            x=data["step"], y=data[column], mode="lines+markers", name=column,
            line={"color": colour}, marker={"size": 4},
        )  # fmt: skip
    charts.dress(figure, title, height=210)
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.18}, dragmode=False)
    return figure
