"""Arrays -> plotly figures; no st.*

Colours are Streamlit's placeholders for the theme's categorical palette (``#000001`` is the first, and so
on), which the browser replaces: a figure need not change when the appearance does, and so keeps its zoom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

PALETTE = [f"#{number:06d}" for number in range(1, 11)]
BLUE, ORANGE, GREEN, PINK, VERMILION = PALETTE[:5]
SPLIT_COLOURS = {"train": ORANGE, "valid": BLUE, "test": GREEN}
SPLIT_NAMES = {"train": "training", "valid": "validation", "test": "test"}
QUIET = {"displayModeBar": False, "displaylogo": False, "scrollZoom": False}


def titled(text: str, unit: str) -> str:
    small = f"  <span style='font-size:11px;font-weight:normal'>{unit}</span>"
    return text + (small if unit else "")


def dress(figure: go.Figure, title: str, height: int = 215) -> None:
    """The dress of every small chart."""
    figure.update_layout(
        title={"text": title, "x": 0.01, "y": 0.97, "font": {"size": 13.5}},
        height=height,
        margin={"l": 46, "r": 10, "t": 34, "b": 26},
        showlegend=False,
        hovermode="x unified",
        dragmode="select",
        selectdirection="h",
    )
    figure.update_yaxes(nticks=5, zeroline=False)
    figure.update_xaxes(nticks=6, zeroline=False, showgrid=False)


def schedule(steps: np.ndarray, weights: np.ndarray, steps_per_epoch: int) -> go.Figure:
    """The KL weight over training, as this configuration will have it."""
    figure = go.Figure()
    figure.add_scatter(
        x=steps,
        y=weights,
        mode="lines",
        line={"color": BLUE, "width": 2.5},
        fill="tozeroy",
        customdata=steps / max(1, steps_per_epoch),
        hovertemplate="step %{x:,.0f}, epoch %{customdata:.1f}: β = %{y:.3g}<extra></extra>",
    )
    dress(figure, "KL weight β over training", height=200)
    figure.update_layout(dragmode=False, hovermode="x")
    figure.update_xaxes(title={"text": "step", "font": {"size": 12}})
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(margin={"b": 40})
    return figure


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    cut: float | None,
    x: str,
    title: str = "",
    noun: str = "sentences",
) -> go.Figure:
    """Counts in bins, with a line where ``cut`` is; the title says "Length in x" where none is given."""
    edges = np.asarray(edges, float)
    figure = go.Figure()
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=list(counts),
        width=np.diff(edges) * 0.92,
        marker={"color": BLUE},
        hovertemplate="%{x:.0f} " + x + ": %{y:,} " + noun + "<extra></extra>",
    )
    dress(figure, title or f"Length in {x}", height=230)
    if cut is not None:
        figure.add_vline(x=cut, line={"color": VERMILION, "width": 2, "dash": "dash"})
        figure.add_annotation(
            x=cut, y=1, yref="paper", text=f" cut at {cut:g}", showarrow=False, xanchor="left"
        )
    figure.update_layout(dragmode=False, bargap=0, hovermode="closest")
    return figure


def binned(counts: Sequence[int], most: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Counts of 0, 1, 2 ... in bins of equal width, few enough to read: edges and counts."""
    values = np.asarray(counts, np.int64)
    width = max(1, -(-len(values) // most))
    bins = -(-len(values) // width)
    sums = np.pad(values, (0, bins * width - len(values))).reshape(bins, width).sum(1)
    return np.arange(bins + 1) * width, sums


def _escaped(text: str) -> str:
    # Plotly reads a little HTML in its texts; a sentence must not become markup.
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def bars(values: Mapping[str, float], title: str, unit: str) -> go.Figure:
    """A few named values, longest first."""
    figure = go.Figure()
    names = list(values)[::-1]
    figure.add_bar(
        x=[values[name] for name in names],
        y=[_escaped(name) for name in names],
        orientation="h",
        marker={"color": BLUE},
        hovertemplate="%{y}: %{x:,} " + unit + "<extra></extra>",
    )
    dress(figure, title, height=60 + 24 * max(3, len(names)))
    # Labels such as "7" are names, not numbers, and each is written.
    figure.update_yaxes(type="category", dtick=1)
    figure.update_layout(dragmode=False, hovermode="closest", margin={"l": 120})
    return figure


def per_pixel(rows: Sequence[Sequence[float]]) -> go.Figure:
    """What each pixel of a picture costs, nats, in its place."""
    figure = go.Figure()
    figure.add_heatmap(
        z=rows,
        colorscale="Viridis",
        zmin=0,
        colorbar={"title": "nats", "thickness": 12},
        hovertemplate="row %{y}, column %{x}: %{z:.3f} nats<extra></extra>",
    )
    dress(figure, titled("Per pixel", "nats"), height=330)
    figure.update_layout(hovermode="closest", dragmode=False)
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x")
    return figure


def per_token(pieces: Sequence[str], nll: Sequence[float]) -> go.Figure:
    """What each token of a sentence costs, nats."""
    figure = go.Figure()
    place = list(range(len(pieces)))
    figure.add_bar(
        x=place,
        y=list(nll),
        marker={"color": BLUE},
        customdata=[_escaped(piece) for piece in pieces],
        hovertemplate="%{customdata}: %{y:.2f} nats<extra></extra>",
    )
    dress(figure, titled("What each token costs", "nats"), height=230)
    figure.update_layout(dragmode=False, hovermode="closest", margin={"b": 60})
    labels = [_escaped(piece) for piece in pieces]
    figure.update_xaxes(tickmode="array", tickvals=place, ticktext=labels, tickangle=-30)
    return figure
