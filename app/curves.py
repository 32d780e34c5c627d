"""Recorded metrics -> the curves of the monitor; labels, units and directions from engine.metrics; no st.*"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts import PALETTE, SPLIT_COLOURS, SPLIT_NAMES, dress, titled
from engine.metrics import METRICS

X_LABELS = {"step": "Step", "epoch": "Epoch", "seconds": "Minutes"}

# The monitor's small multiples: chart -> the metrics drawn in it, in reading order.
MONITOR = (
    "elbo",
    "reconstruction",
    "ppl",
    "kl",
    "mutual_information",
    "active_units",
    "kl_weight",
    "learning_rate",
    "grad_norm",
)


# Set by a schedule, not measured: smoothing would only blur them.
SCHEDULES = ("kl_weight", "learning_rate")


@dataclass(frozen=True)
class View:
    """How curves are looked at: horizontal axis, its range, smoothing and scale."""

    x: str = "step"
    range: tuple[float, float] | None = None
    smoothing: float = 0.6
    log: bool = False
    outliers: bool = True


def smooth(values: np.ndarray, weight: float) -> np.ndarray:
    """Exponential moving average with the start's bias taken out, as TensorBoard draws it."""
    total, norm, result = 0.0, 0.0, np.empty(len(values))
    for index, value in enumerate(values):
        total = weight * total + (1 - weight) * value
        norm = weight * norm + (1 - weight)
        result[index] = total / norm
    return result


def columns(frame: pd.DataFrame, metric: str) -> list[str]:
    """The columns of a metric, over the splits that recorded it."""
    return [f"{split}/{metric}" for split in SPLIT_COLOURS if f"{split}/{metric}" in frame]


def curve(
    frame: pd.DataFrame, metric: str, view: View, kind: Literal["text", "images"] = "text"
) -> go.Figure:
    """One small multiple: a metric over training, the raw line behind the smoothed one; its unit by kind of data."""
    about = METRICS[metric]
    figure = go.Figure()
    for column in columns(frame, metric):
        _add_line(figure, frame, column, view)
    if metric == "mutual_information":
        _add_cap(figure, frame, view)
    arrow = {"higher": " ↑", "lower": " ↓"}.get(about.better, "")
    dress(figure, titled(f"{about.label}{arrow}", about.unit_for(kind)))
    figure.update_xaxes(title=None, range=_across(figure, view), hoverformat=".6~g")
    figure.update_yaxes(type="log" if view.log else "linear")
    if limits := _limits(figure, view):
        figure.update_yaxes(range=limits)
    return figure


def points(frame: pd.DataFrame, column: str, x: str) -> tuple[np.ndarray, np.ndarray]:
    """Where a column has values: horizontal positions (minutes for seconds) and values."""
    if column not in frame or x not in frame:
        return np.empty(0), np.empty(0)
    rows = frame[[x, column]].dropna()
    across = rows[x].to_numpy(float)
    return (across / 60 if x == "seconds" else across), rows[column].to_numpy(float)


def _add_line(figure: go.Figure, frame: pd.DataFrame, column: str, view: View) -> None:
    split = column.split("/")[0]
    x, y = points(frame, column, view.x)
    name, colour = SPLIT_NAMES[split], SPLIT_COLOURS[split]
    few = len(y) < 40
    smoothed = view.smoothing > 0 and not few and column.split("/")[1] not in SCHEDULES
    line = {"color": colour, "width": 1 if smoothed else 2}
    figure.add_scatter(
        x=x,
        y=y,
        name=name,
        mode="lines+markers" if few else "lines",
        line=line,
        marker={"size": 5},
        opacity=0.3 if smoothed else 1,
        hoverinfo="skip" if smoothed else None,
        hovertemplate=None if smoothed else "%{y:.5~g}",
    )
    if smoothed:
        y = smooth(y, view.smoothing)
        figure.add_scatter(
            x=x,
            y=y,
            name=name,
            mode="lines",
            line={"color": colour, "width": 2},
            hovertemplate="%{y:.5~g} (smoothed)",
        )


def _add_cap(figure: go.Figure, frame: pd.DataFrame, view: View) -> None:
    """The most that this mutual information can be: ln n, n the rows of the estimate."""
    x, n = points(frame, "valid/mutual_information_n", view.x)
    if not len(n):
        return
    cap = math.log(n[-1])
    figure.add_scatter(
        x=x,
        y=np.log(n),
        name="ln n",
        mode="lines",
        line={"color": PALETTE[7], "width": 1.5, "dash": "dot"},
        hovertemplate="ln n = %{y:.2f}",
    )
    figure.add_annotation(
        x=1,
        xref="paper",
        y=cap,
        text=f"most possible: ln {int(n[-1]):,} = {cap:.1f}",
        showarrow=False,
        xanchor="right",
        yanchor="bottom",
        font={"size": 11},
    )


def _across(figure: go.Figure, view: View) -> list[float] | None:
    """The horizontal range, no further than the curve itself."""
    if view.range is None or not figure.data:
        return None
    ends = [float(np.max(trace.x)) for trace in figure.data if len(trace.x)]
    return [view.range[0], min(view.range[1], max(ends, default=view.range[1]))]


def _limits(figure: go.Figure, view: View) -> list[float] | None:
    """The vertical range of what the horizontal range shows; outliers left out on request."""
    values = []
    for trace in figure.data:
        x, y = np.asarray(trace.x, float), np.asarray(trace.y, float)
        inside = (
            (x >= view.range[0]) & (x <= view.range[1]) if view.range else np.full(len(x), True)
        )
        values.append(y[inside & np.isfinite(y)])
    shown = np.concatenate(values) if values else np.empty(0)
    if view.log:
        shown = np.log10(shown[shown > 0])
    if len(shown) < 2:
        return None
    level = np.ptp(shown) <= 1e-9 * abs(shown[0])
    if view.range is None and view.outliers and not level:
        return None
    low, high = (shown.min(), shown.max()) if view.outliers else np.percentile(shown, (2, 98))
    room = abs(high) * 0.05 or 1.0 if level else (high - low) * 0.06
    return [float(low - room), float(high + room)]
