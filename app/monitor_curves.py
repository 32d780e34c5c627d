"""The monitor's curves as small multiples, and its probe sentences over training."""

from __future__ import annotations

import time

import pandas as pd
import streamlit as st

from app import blocks, charts, curves, loaders, showing, state, thumbnails
from app.showing import Showing
from engine.metrics import METRICS
from engine.runs import store

PACE_SECONDS = 5.0
FAR = 1e12


def draw(run: store.Run, metrics: pd.DataFrame) -> None:
    """How the curves are looked at, and the curves; range and freezing survive what training adds."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        x = st.segmented_control(
            "Across", list(curves.X_LABELS), default="step", required=True, key="x-axis",
            format_func=lambda name: curves.X_LABELS[name], persist_state="session",
            on_change=_whole, args=(run,),
        )  # fmt: skip
        smoothing = st.slider(
            "Smoothing", 0.0, 0.99, 0.6, 0.01, key="smoothing", width=170, persist_state="session",
            help="Exponential moving average of curves with 40 points or more; the raw line stays behind.",
        )  # fmt: skip
        with st.popover("Scale", icon=":material/tune:"):
            log = st.toggle("Logarithmic", key="log", persist_state="session")
            outliers = st.toggle(
                "Show outliers", True, key="outliers", persist_state="session",
                help="Off: the vertical range leaves out the outermost 2 % on either side.",
            )  # fmt: skip
            for edge in ("from", "to"):
                st.number_input(
                    f"{edge.capitalize()} {curves.X_LABELS[x].lower()}", value=None,
                    key=_edge(run, edge), placeholder="whole run", persist_state="session",
                )  # fmt: skip
        frozen = st.toggle(
            "Freeze", key=f"freeze-{run.name}",
            help="Keep the curves as they are now while training goes on.",
        )  # fmt: skip
        if _range(run):
            st.button("Whole run", icon=":material/zoom_out_map:", on_click=_whole, args=(run,))
        st.download_button(
            "CSV", metrics.to_csv(index=False), f"{run.name}-metrics.csv", "text/csv",
            icon=":material/download:", type="tertiary", on_click="ignore", key="metrics-csv",
            help="All recorded metrics.",
        )  # fmt: skip
    shown = _shown(run, metrics, frozen)
    view = curves.View(x, _range(run), smoothing, log, outliers)
    st.markdown(
        ":small[:color[━━]{foreground='#E69F00'} training &nbsp; :blue[━━] validation "
        "&nbsp;·&nbsp; :gray[drag across a curve to look at those steps in all of them]]"
    )
    with st.grid(3, min_column_width=280):
        for name in curves.MONITOR:
            if curves.columns(shown, name):
                _chart(run, shown, name, view)


def _chart(run: store.Run, metrics: pd.DataFrame, name: str, view: curves.View) -> None:
    key = f"curve-{run.name}-{name}"
    blocks.chart(
        curves.curve(metrics, name, view, showing.current().kind),
        key,
        _in_words(metrics, name),
        on_select=lambda: _zoom(run, key),
        selection_mode="box",
    )


def _in_words(metrics: pd.DataFrame, name: str) -> str:
    """A curve as a sentence: where it began and where it is."""
    parts = []
    for column in curves.columns(metrics, name):
        y = curves.points(metrics, column, "step")[1]
        split = charts.SPLIT_NAMES[column.split("/")[0]]
        parts.append(f"{split} from {blocks.number(y[0])} to {blocks.number(y[-1])}")
    return f"{METRICS[name].label} over training: {'; '.join(parts)}"


# -- what is shown of them --------------------------------------------------------------------------


def _edge(run: store.Run, edge: str) -> str:
    return f"{edge}-{run.name}"


def _range(run: store.Run) -> tuple[float, float] | None:
    """The horizontal range asked for by dragging or typing; an edge that is not set is far away."""
    low, high = (st.session_state.get(_edge(run, edge)) for edge in ("from", "to"))
    if low is None and high is None:
        return None
    return (0.0 if low is None else low), (FAR if high is None else high)


def _zoom(run: store.Run, key: str) -> None:
    # A chart that is mounted anew reports an empty selection: that must not undo the zoom.
    if box := st.session_state[key].selection.box:
        st.session_state[_edge(run, "from")] = float(min(box[0]["x"]))
        st.session_state[_edge(run, "to")] = float(max(box[0]["x"]))


def _whole(run: store.Run) -> None:
    for edge in ("from", "to"):
        st.session_state[_edge(run, edge)] = None


def _shown(run: store.Run, metrics: pd.DataFrame, frozen: bool) -> pd.DataFrame:
    """The records that are drawn: all, the frozen ones, or those of a moment ago.

    A chart that gets a new point is mounted anew in the browser, which would cut off a drag across it: so
    new points are drawn every five seconds and not at every poll.
    """
    key, now = f"drawn-{run.name}", time.monotonic()
    drawn, at, was_frozen = state.seen_note(key) or (None, 0.0, False)
    recent = now - at < PACE_SECONDS and not was_frozen and loaders.status(run).live
    if drawn is not None and (frozen or (recent and len(drawn) <= len(metrics))):
        state.note(key, (drawn, at, frozen))
        return drawn
    state.note(key, (metrics, now, frozen))
    return metrics


def probes(run: store.Run) -> None:
    """A few validation sentences as each evaluation reconstructed them, scrubbed over training."""
    found = run.probes()
    if not found:
        return
    shown = showing.of(run)
    st.markdown(
        f"**Probe {shown.nouns}**",
        help=f"The same {shown.nouns}, reconstructed at every validation.",
    )
    at = len(found) - 1
    if len(found) > 1:
        steps = [int(probe["step"]) for probe in found]
        follow = st.session_state.get(f"probe-{run.name}")
        options = list(dict.fromkeys(steps))
        step = st.select_slider(
            "At step", options, options[-1] if follow not in options else follow,
            key=f"probe-{run.name}-{len(options)}", format_func=lambda value: f"{value:,}",
        )  # fmt: skip
        at = max(index for index, value in enumerate(steps) if value == step)
    probe = found[at]
    pairs = zip(probe["sentences"], probe["reconstructions"], strict=True)
    rows = [
        (str(number), _before_and_after(shown, source, output), "")
        for number, (source, output) in enumerate(pairs, 1)
    ]
    st.html(shown.strip(rows, f"Probe {shown.nouns}"))
    if path := probe.get("interpolation"):
        st.caption(f"From {shown.noun} 1 to {shown.noun} 2")
        stops = [shown.html(text, thumbnails.SMALL) for text in path]
        st.html(f'<div class="zs-sentence">{(" " if shown.images else "<br>").join(stops)}</div>')


def _before_and_after(shown: Showing, source: str, output: str) -> str:
    """What was validated above what came back, pictures beside each other."""
    tag = "span" if shown.images else "div"
    side = thumbnails.SMALL
    quiet = "" if shown.images else ' class="zs-dim"'
    return (
        f"<{tag}{quiet}>{shown.html(source, side, 'original')}</{tag}> "
        f"<{tag}>{shown.compared(source, output, side)}</{tag}>"
    )
