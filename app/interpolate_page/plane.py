"""Paths drawn among codes: of the run's sentences, or of the prior where these are not here."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app import charts, showing
from app.interpolate_page.here import Here

CLOUD = 2000
OF_THE_CLOUD, OF_THE_PATHS = "of the cloud", "of the paths"
FRAMES = (OF_THE_CLOUD, OF_THE_PATHS)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
COLOURS = (charts.BLUE, charts.ORANGE, charts.GREEN, charts.PINK, charts.VERMILION)


@dataclass(frozen=True)
class Shown:
    """A chart with what must be said of it.

    Attributes:
        figure: the chart.
        alt: its alternative text.
        data: its paths as a table.
        told: what the cloud is.
    """

    figure: go.Figure
    alt: str
    data: pd.DataFrame
    told: str


def of(page: Here, ours: Any, paths: Mapping[str, Any], frame: str) -> Shown:
    """The paths on two principal components, in front of a cloud.

    Args:
        page: whose model they are of.
        ours: the encoded sentences; draws of the prior are the cloud where absent.
        paths: by names, each with ``codes`` and ``steps`` that have a text.
        frame: a name in FRAMES: whose principal components.
    """
    from engine.explore.projections import pca

    codes, texts, told = _cloud(page, ours)
    projection = pca(codes, 2)
    if frame == OF_THE_PATHS:
        projection = pca(np.concatenate([np.asarray(one.codes) for one in paths.values()]), 2)
        told += " The axes show the paths at their widest; the cloud is seen from there."
    cloud = projection.transform(codes).coordinates
    figure = _figure(cloud, texts)
    _axes(figure, projection)
    parts = []
    for at, (name, one) in enumerate(paths.items()):
        xy = _flat(projection.transform(np.asarray(one.codes)).coordinates)
        said = [step.text for step in one.steps]
        _trace(figure, name, xy, said, at)
        parts.append(pd.DataFrame({"path": name, "x": xy[:, 0], "y": xy[:, 1], "sentence": said}))
    _ends(figure, parts[0])
    share = sum(projection.shares[:2])
    if frame != OF_THE_PATHS:
        told += f" The two axes hold {share:.0%} of its variance: a path that bends in the others looks straight."
    return Shown(
        figure,
        f"{len(paths)} paths from A to B in front of {len(cloud):,} codes on two principal components",
        pd.concat(parts),
        told,
    )


def _cloud(page: Here, ours: Any) -> tuple[np.ndarray, list[str] | None, str]:
    """Codes, their sentences where they have some, and what they are."""
    if ours is None:
        codes = page.model.ask(("prior cloud",), _prior)
        return codes, None, f"Grey: {len(codes):,} draws of the prior."
    total = len(ours.codes.texts)
    rows = np.unique(np.linspace(0, total - 1, min(CLOUD, total)).astype(int))
    told = f"Grey: {len(rows):,} of {ours.codes.of:,} training {page.shown.nouns}."
    return ours.codes.codes[rows], [ours.codes.texts[row] for row in rows], told


def _prior(hosted: Any) -> np.ndarray:
    from engine.evaluation.mode import evaluation_mode

    with evaluation_mode(hosted.model, 42):
        return hosted.model.latent.sample_prior(1000).flatten(1).float().cpu().numpy()


def _flat(xy: np.ndarray) -> np.ndarray:
    """Two columns, whatever the codes have."""
    return np.pad(xy, ((0, 0), (0, max(0, 2 - xy.shape[1]))))[:, :2]


def _figure(cloud: np.ndarray, texts: Sequence[str] | None) -> go.Figure:
    cloud, nouns = _flat(cloud), showing.current().nouns
    figure = go.Figure()
    figure.add_scatter(
        x=cloud[:, 0],
        y=cloud[:, 1],
        mode="markers",
        name=nouns if texts is not None else "prior",
        marker={"size": 4, "color": "#8A94A3", "opacity": 0.35},
        text=[shown(text) for text in texts] if texts is not None else None,
        hovertemplate="%{text}<extra></extra>" if texts is not None else None,
        hoverinfo=None if texts is not None else "skip",
    )
    figure.update_layout(
        height=460,
        margin={"l": 46, "r": 8, "t": 10, "b": 42},
        legend={"orientation": "h", "y": 1.06, "x": 0},
        dragmode="pan",
    )
    return figure


def _axes(figure: go.Figure, projection: Any) -> None:
    names = [*projection.names, "", ""][:2]
    shares = [*projection.shares, 0.0, 0.0][:2]
    titles = [
        f"{name} ({share:.0%} of variance)" for name, share in zip(names, shares, strict=True)
    ]
    figure.update_xaxes(title={"text": titles[0]}, zeroline=False)
    figure.update_yaxes(title={"text": titles[1]}, zeroline=False)


def _trace(figure: go.Figure, name: str, xy: np.ndarray, said: Sequence[str], at: int) -> None:
    figure.add_scatter(
        x=xy[:, 0],
        y=xy[:, 1],
        mode="lines+markers",
        name=html.escape(name),
        line={"color": COLOURS[at % 5], "width": 2.5, "dash": DASHES[at % 5]},
        marker={"size": 6},
        text=[shown(text) for text in said],
        hovertemplate="%{text}<extra>" + html.escape(name) + "</extra>",
    )


def _ends(figure: go.Figure, path: pd.DataFrame) -> None:
    for letter, row in (("A", path.iloc[0]), ("B", path.iloc[-1])):
        figure.add_annotation(
            x=row["x"], y=row["y"], text=f"<b>{letter}</b>", showarrow=False, yshift=14, xshift=2,
            font={"size": 15},
        )  # fmt: skip


def shown(text: str, width: int = 60) -> str:
    """A sentence as plotly shows it: wrapped, and never markup; a picture it cannot show."""
    if showing.current().images:
        return "a picture"
    return "<br>".join(html.escape(line) for line in textwrap.wrap(text, width)[:4]) or "∅"
