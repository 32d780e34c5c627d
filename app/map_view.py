"""The latent map's parts: waiting for the codes, axes and colour, the map, what the lasso caught."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import blocks, charts, codes, jobs, navigation, state

COMPONENTS = 8


def wait_for(request: codes.Request) -> None:
    """Start the encoding and show how far it is; the page comes back when it is done."""
    job = jobs.find(request.key)
    if job is not None and not job.live:
        jobs.dismiss(request.key)
        if job.error is not None:
            blocks.error_box(job.error, "The sentences could not be encoded")
            st.button("Try again", icon=":material/refresh:")
            return
        st.rerun()
    codes.encode(request)
    st.fragment(_progress, run_every=1.0)(request)


def _progress(request: codes.Request) -> None:
    job = jobs.find(request.key)
    if job is None or not job.live:
        st.rerun()
    blocks.job_progress(job)
    st.caption("Encoded once for each checkpoint, then kept. You may leave this page meanwhile.")


def draw(request: codes.Request, found: codes.Codes, controls: Any, place: Any) -> None:
    """Axes and colour among the controls, the map in its place, the selection below both."""
    with controls:
        projection, across, up = _axes(found)
        colour, colour_name = _colour(found)
    with place:
        event = _map(request, found, projection, (across, up), (colour, colour_name))
    ids = sorted({int(point["customdata"][0]) for point in event.selection.points}) if event else []
    if ids:
        state.note(f"selected-{request.key}", ids)
    _selection(request, found, state.seen_note(f"selected-{request.key}") or [])


def _map(
    request: codes.Request,
    found: codes.Codes,
    projection: Any,
    axes: tuple[int, int],
    colour: tuple[Any, str],
) -> Any:
    names = [_axis_name(projection, axis) for axis in axes]
    shown, of = len(found.texts), found.of
    figure = charts.scatter(
        projection.coordinates[:, list(axes)], found.texts, *colour, (names[0], names[1])
    )
    state_ = st.plotly_chart(
        figure,
        key=f"map-{request.key}-{names}-{colour[1]}",
        on_select="rerun",
        selection_mode=("lasso", "box"),
        config=charts.TOOLS,
        alt=f"Map of {shown:,} sentences by {names[0]} and {names[1]}, coloured by {colour[1]}",
    )
    st.caption(
        f"Showing {shown:,} of {of:,} sentences. Drag to lasso; the toolbar has box, zoom and pan; "
        "click a label in the legend to hide it."
    )
    return state_


def _axes(found: codes.Codes) -> tuple[Any, int, int]:
    """The projection and which of its components are drawn."""
    from engine.explore.projections import dimensions, pca

    kind = st.selectbox(
        "Projection", ["principal components", "latent units"], key="map-kind",
        persist_state="session", help="Of the codes shown. Both are linear: distances mean something.",
    )  # fmt: skip
    if kind == "principal components":
        projection = pca(found.codes, COMPONENTS)
    else:
        projection = dimensions(found.codes, tuple(range(found.codes.shape[1])))
    options = range(len(projection.names))
    across, up = (
        st.selectbox(
            title,
            options,
            min(default, len(options) - 1),
            key=f"map-{title}-{kind}",
            format_func=lambda axis: _axis_name(projection, axis),
            help="The share of the codes' total variance in this direction.",
        )  # fmt: skip
        for default, title in enumerate(("Across", "Up"))
    )
    return projection, across, up


def _axis_name(projection: Any, axis: int) -> str:
    return f"{projection.names[axis]} ({projection.shares[axis]:.1%} of variance)"


def _colour(found: codes.Codes) -> tuple[Any, str]:
    """What colours the points: labels as categories, numbers with viridis."""
    numbers = {
        "length": np.asarray([len(text.split()) for text in found.texts], float),
        "KL": found.kl.astype(float),
        "reconstruction": found.reconstruction.astype(float),
        "mean σ": found.spread.astype(float),
    }
    usable = {name: values for name, values in numbers.items() if np.isfinite(values).any()}
    options = (["label"] if found.labels else []) + list(usable) + ["nothing"]
    name = st.selectbox(
        "Colour by", options, key=f"map-colour-{len(options)}", persist_state="session",
        help="length: words. KL and reconstruction: nats per sentence. mean σ: of the posterior.",
    )  # fmt: skip
    if name == "nothing":
        return None, name
    return (found.labels, "label") if name == "label" else (usable[name], name)


def _selection(request: codes.Request, found: codes.Codes, ids: list[int]) -> None:
    """What the lasso caught: counts, label shares, distinctive words, a table to pick A and B from."""
    if not ids:
        st.caption(":material/gesture: Nothing selected yet: draw a lasso around some points.")
        return
    from engine.explore.selection import summarise

    summary = summarise(found.texts, ids, found.labels)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{summary.count:,} selected** of {summary.of:,} shown", width="stretch")
        if st.button("Clear", icon=":material/close:", type="tertiary", key="clear-selection"):
            state.take_note(f"selected-{request.key}")
            st.rerun()
    if summary.words:
        words = " ".join(f":gray-badge[{blocks.plain(word.word)}]" for word in summary.words)
        st.markdown(
            f"Distinctive words: {words}",
            help="More common inside than outside, by the log-odds ratio over its standard error.",
        )
    if summary.labels:
        shares = [
            f"{blocks.plain(share.label)} {share.share:.0%} (of all {share.overall:.0%})"
            for share in summary.labels[:5]
        ]
        st.caption("Labels: " + " · ".join(shares))
    _table(request, found, ids)


def _table(request: codes.Request, found: codes.Codes, ids: list[int]) -> None:
    columns: dict[str, Any] = {"sentence": [found.texts[row] for row in ids]}
    if found.labels:
        columns["label"] = [found.labels[row] for row in ids]
    columns |= {"KL": found.kl[ids], "reconstruction": found.reconstruction[ids]}
    table = pd.DataFrame(columns)
    picked: Any = st.dataframe(
        table,
        hide_index=True,
        key=f"caught-{request.key}",
        on_select="rerun",
        selection_mode="multi-row",
        alt="The selected sentences",
    )
    rows = [row for row in picked.selection.rows if row < len(ids)]
    reason = "" if len(rows) == 2 else "Tick exactly two rows of the table."
    with st.container(horizontal=True):
        if st.button(
            "Interpolate between the two", icon=":material/linear_scale:", disabled=bool(reason),
            help=reason or None, key="map-interpolate",
        ):  # fmt: skip
            a, b = (found.texts[ids[row]] for row in rows)
            state.note("pair", (a, b))
            navigation.go("interpolate")
        st.download_button(
            "CSV", table.to_csv(index=False), f"{request.run.name}-selection.csv", "text/csv",
            icon=":material/download:", type="tertiary", on_click="ignore",
        )  # fmt: skip
