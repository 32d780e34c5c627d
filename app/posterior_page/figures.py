"""Posterior reports -> plotly figures; no st.*

Dimensions stand on a numbered axis in the order they are given, and carry their name in ``customdata``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts import BLUE, GREEN, ORANGE, VERMILION, dress, titled

Floats = NDArray[np.float64]
GREY = "#8A94A3"
# Names are written under bars while there are no more than this; the rest shows on hover.
NAMED = 40
_LEGEND = 26  # pixels that a legend of one line takes


def decomposition(kl: float, information: float, bound: float, cap: float) -> go.Figure:
    """KL as mutual information and KL(q(z) || p(z)), with what n rows can show of the first."""
    figure = go.Figure()
    parts = {
        "mutual information": (information, BLUE),
        "KL(q(z) || p(z))": (max(kl - information, 0.0), ORANGE),
    }
    for name, (nats, colour) in parts.items():
        figure.add_bar(
            x=[nats],
            y=[""],
            orientation="h",
            name=name,
            marker={"color": colour},
            hovertemplate=f"{name}: %{{x:.2f}} nats<extra></extra>",
        )
    figure.add_scatter(
        x=[max(information, 0.0), bound],
        y=["", ""],
        mode="lines+markers",
        name="where it may lie",
        line={"color": GREEN, "width": 3},
        marker={"symbol": "line-ns-open", "size": 16, "line": {"width": 3}},
        hovertemplate="%{x:.2f} nats<extra>bound of the mutual information</extra>",
    )
    dress(figure, titled("KL = mutual information + KL(q(z) || p(z))", "nats"), height=200)
    figure.update_layout(margin={"l": 12, "t": 48})
    figure.add_vline(x=cap, line={"color": GREY, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=cap, y=1, yref="paper", yanchor="bottom", text="ln n", showarrow=False, xanchor="left"
    )
    _legend(figure, barmode="stack")
    figure.update_xaxes(rangemode="tozero", range=[0, 1.06 * max(kl, cap, bound, 0.1)])
    return figure


def swaps(differences: Floats, mean: float) -> go.Figure:
    """What it costs each sentence to be given another's code."""
    counts, edges = np.histogram(differences, 40)
    figure = go.Figure()
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges) * 0.94,
        marker={"color": BLUE},
        hovertemplate="about %{x:.1f} nats worse: %{y:,} sentences<extra></extra>",
    )
    dress(figure, titled("Cost of another sentence's code", "nats, sentences"), height=200)
    figure.update_layout(margin={"t": 48})
    figure.add_vline(x=0, line={"color": GREY, "width": 2, "dash": "dash"})
    figure.add_vline(x=mean, line={"color": VERMILION, "width": 2})
    figure.add_annotation(
        x=mean, y=1, yref="paper", yanchor="bottom", text=" mean", showarrow=False, xanchor="left"
    )
    figure.update_layout(dragmode=False, hovermode="closest", bargap=0)
    return figure


def bars_by_unit(
    names: Sequence[str],
    values: Floats,
    title: str,
    unit: str,
    threshold: float | None = None,
    log: bool = False,
) -> go.Figure:
    """A value a dimension; those under the threshold are pale, and hatched."""
    idle = np.zeros(len(values), bool) if threshold is None else values < threshold
    figure = go.Figure()
    figure.add_bar(
        x=list(range(len(values))),
        y=values,
        customdata=list(names),
        marker={
            "color": np.where(idle, GREY, BLUE).tolist(),
            "pattern": {
                "shape": np.where(idle, "/", "").tolist(),
                "fillmode": "overlay",
                "size": 5,
                "solidity": 0.25,
            },
        },
        hovertemplate="%{customdata}: %{y:.4g} " + unit + "<extra></extra>",
    )
    dress(figure, titled(title, unit), height=250)
    figure.update_layout(dragmode=False, hovermode="closest", bargap=0.15)
    _name_units(figure, names)
    if log:
        floor = max(float(values.max()), threshold or 0.0, 1e-9) * 1e-6
        figure.update_yaxes(type="log", exponentformat="power", dtick=1)
        figure.data[0].y = np.maximum(values, floor)
    if threshold is not None:
        _threshold(figure, threshold, f"{threshold:g}")
    return figure


def against_prior(names: Sequence[str], offset: Floats, scale: Floats, hole: Any) -> go.Figure:
    """Where each dimension's aggregated posterior lies: mean and one deviation, against the prior's."""
    figure = go.Figure()
    figure.add_hrect(y0=-1, y1=1, fillcolor=GREY, opacity=0.18, line_width=0)
    figure.add_hline(y=0, line={"color": GREY, "width": 1})
    groups = {"without a hole": (~hole, BLUE, "circle"), "with a hole": (hole, VERMILION, "x")}
    for name, (chosen, colour, symbol) in groups.items():
        if not chosen.any():
            continue
        at = np.flatnonzero(chosen)
        figure.add_scatter(
            x=at,
            y=offset[at],
            mode="markers",
            name=name,
            error_y={"type": "data", "array": scale[at], "thickness": 2, "width": 0},
            marker={"color": colour, "symbol": symbol, "size": 8},
            customdata=[[names[unit], scale[unit]] for unit in at],
            hovertemplate="%{customdata[0]}: mean %{y:.2f}, deviation %{customdata[1]:.2f}"
            "<extra></extra>",
        )
    dress(figure, titled("Aggregated posterior, prior shaded", "prior deviations"), height=250)
    _name_units(figure, names)
    _legend(figure)
    return figure


def density(edges: Floats, masses: Floats, prior: Floats, name: str) -> go.Figure:
    """One dimension under the aggregated posterior and under the prior."""
    figure = go.Figure()
    drawn = (("prior p(z)", prior, GREY), ("aggregated posterior q(z)", masses, BLUE))
    for label, values, colour in drawn:
        if len(edges):
            # The outermost bins reach to infinity and have no density.
            x, y = (edges[:-1] + edges[1:]) / 2, values[1:-1] / np.diff(edges)
            shown = (np.abs(x) <= _reach(edges, masses)) | (np.abs(x) <= 4)
            figure.add_scatter(
                x=x[shown],
                y=y[shown],
                mode="lines",
                name=label,
                line={"color": colour, "width": 2.5},
                fill="tozeroy" if label.startswith("prior") else None,
                hovertemplate="%{x:.2f}: %{y:.3f}<extra>" + label + "</extra>",
            )
        else:
            figure.add_bar(
                x=["0", "1"],
                y=values,
                name=label,
                marker={"color": colour},
                hovertemplate="%{x}: %{y:.1%}<extra>" + label + "</extra>",
            )
    unit = "density, prior deviations" if len(edges) else "probability"
    dress(figure, titled(name, unit), height=230)
    _legend(figure, barmode="group")
    if not len(edges):
        figure.update_xaxes(type="category")
    return figure


def _reach(edges: Floats, masses: Floats) -> float:
    """How far from the middle all but a thousandth of the mass lies."""
    outer = np.abs(np.concatenate([edges[:1], (edges[:-1] + edges[1:]) / 2, edges[-1:]]))
    order = np.argsort(outer)
    held = np.cumsum(masses[order])
    return float(outer[order][min(int(np.searchsorted(held, 0.999)), len(order) - 1)])


def deviations(counts: NDArray[np.int64], edges: Floats) -> go.Figure:
    """Posterior standard deviations of all dimensions and sentences."""
    figure = go.Figure()
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts / max(int(counts.sum()), 1),
        width=np.diff(edges) * 0.94,
        marker={"color": BLUE},
        hovertemplate="σ about %{x:.3g}: %{y:.1%}<extra></extra>",
    )
    dress(figure, titled("Posterior σ", "share of dimensions and sentences"), height=250)
    figure.update_layout(dragmode=False, hovermode="closest", bargap=0)
    figure.update_yaxes(tickformat=".0%")
    return figure


def correlation(matrix: Floats, names: Sequence[str]) -> go.Figure:
    """Correlation of the codes' dimensions over sentences."""
    figure = go.Figure()
    figure.add_heatmap(
        z=matrix,
        x=list(names),
        y=list(names),
        zmin=-1,
        zmax=1,
        # Blue to orange through the middle: told apart by every eye, and readable on both grounds.
        colorscale=[[0, "#0072B2"], [0.5, "#F5F5F5"], [1, "#D55E00"]],
        colorbar={"thickness": 12, "outlinewidth": 0},
        hovertemplate="%{y} and %{x}: %{z:.2f}<extra></extra>",
    )
    dress(figure, titled("Correlation of codes", "-1 to 1"), height=380)
    figure.update_layout(dragmode=False, hovermode="closest", margin={"l": 56, "b": 44})
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, nticks=12)
    figure.update_xaxes(type="category", nticks=12)
    return figure


def ratios(posterior: Floats, prior: Floats) -> go.Figure:
    """log q(z) - log p(z) at draws of the posteriors and of the prior, as shares of each.

    The outermost bins hold what lies beyond them.
    """
    both = np.concatenate([posterior, prior])
    low, high = np.quantile(both, (0.002, 0.998))
    edges = np.linspace(low, max(high, low + 1e-6), 61)
    figure = go.Figure()
    drawn = (("draws of the posteriors", posterior, BLUE), ("draws of the prior", prior, ORANGE))
    for name, values, colour in drawn:
        counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts / len(values),
            width=np.diff(edges),
            name=name,
            marker={"color": colour, "opacity": 0.65},
            hovertemplate="about %{x:.1f} nats: %{y:.1%}<extra>" + name + "</extra>",
        )
    dress(
        figure,
        titled("log q(z) - log p(z)", "nats; share of draws, outliers in the outermost bins"),
        height=280,
    )
    _legend(figure, barmode="overlay", bargap=0)
    figure.update_yaxes(tickformat=".0%")
    if low < 0 < high:
        figure.add_vline(x=0, line={"color": GREY, "width": 2, "dash": "dash"})
    return figure


def _legend(figure: go.Figure, **layout: Any) -> None:
    """A legend of one line under the axis and its labels, whose margin must be set by now."""
    below = figure.layout.margin.b
    plot = figure.layout.height - figure.layout.margin.t - below - _LEGEND
    place = {"x": 0, "y": -below / plot, "yanchor": "top", "traceorder": "normal"}
    figure.update_layout(
        dragmode=False,
        hovermode="closest",
        showlegend=True,
        legend={"orientation": "h", "font": {"size": 12}} | place,
        margin={"b": below + _LEGEND},
        **layout,
    )


def _name_units(figure: go.Figure, names: Sequence[str]) -> None:
    """Names under the dimensions: all while they fit, else every so many."""
    step = math.ceil(len(names) / NAMED)
    at = list(range(0, len(names), step))
    figure.update_xaxes(
        tickmode="array",
        tickvals=at,
        ticktext=[names[unit] for unit in at],
        tickangle=-90 if len(names) > 12 else 0,
        tickfont={"size": 10},
        range=[-0.6, len(names) - 0.4],
    )
    figure.update_layout(margin={"b": 44})


def _threshold(figure: go.Figure, y: float, text: str) -> None:
    """A dashed line with its value in the right margin, where no bar covers it."""
    logarithmic = figure.layout.yaxis.type == "log"
    figure.add_hline(y=y, line={"color": VERMILION, "width": 1.5, "dash": "dash"})
    figure.add_annotation(
        x=1, xref="paper", xanchor="left", y=math.log10(y) if logarithmic else y, text=f" {text}",
        showarrow=False, font={"size": 11},
    )  # fmt: skip
    figure.update_layout(margin={"r": 38})
