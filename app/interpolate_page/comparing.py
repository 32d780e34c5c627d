"""Below a path: how kinds of path compare in numbers, where they lie among the data, what can be taken away."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, loaders, navigation
from app.creating import material, taking
from app.interpolate_page import here, plane
from app.interpolate_page.here import Here

NUMBERS, MAP, TAKE = "Numbers", "On the map", "Take away"


def draw(page: Here, question: tuple[Any, ...], found: dict[str, Any]) -> None:
    """One of three views; none is computed for a single path until it is asked for."""
    paths = {name: one.interpolation for name, one in found.items()}
    several = len(paths) > 1
    view = st.segmented_control(
        "More about the paths" if several else "More about the path", [NUMBERS, MAP, TAKE],
        default=NUMBERS if several else None, key="about-paths" if several else "about-path",
        persist_state="session",
        help="Numbers: smoothness, energy, distance to data. On the map: among the codes of sentences. Take "
        "away: Markdown, CSV, JSON, LaTeX.",
    )  # fmt: skip
    if view:
        {NUMBERS: _numbers, MAP: _map, TAKE: _take}[view](page, question, found, paths)


def _numbers(page: Here, question: tuple[Any, ...], found: Any, paths: dict[str, Any]) -> None:
    """One row a path; the decoder's own metric costs a second, and so waits until something is compared."""
    from engine.explore.smoothness import of_text
    from engine.explore.tables import table_of_measures

    measured = {name: of_text(one) for name, one in paths.items()}
    key = f"measure-{hash((page.model.key, question, tuple(paths)))}"
    if len(paths) > 1 or st.session_state.get("measure-asked") == key:
        with st.spinner("Measuring how fast what the decoder says changes"):
            measured = {name: _measured(page, question, name, one) for name, one in paths.items()}
    for name, one in paths.items():
        measured[name] = {"mean_nll": _mean([step.nll for step in one.steps])} | measured[name]
        if (ours := material.known(page.model)) is not None:
            far = ours.around.near(one.codes).distances
            measured[name] |= {"far_mean": _mean(far), "far_most": float(far.max())}
    data = pd.DataFrame([{"path": name} | values for name, values in measured.items()])
    words = page.shown.words
    own = {
        "path": st.column_config.TextColumn("Path", pinned=True, width=150),
        "mean_nll": st.column_config.NumberColumn(
            "NLL", format="%.2f",
            help=words("−log p(sentence | its code), mean over the steps. Nats per sentence. Lower is better."),
        ),
        "far_mean": st.column_config.NumberColumn(
            "Distance to data", format="%.3g",
            help=words(
                "Of a step's code to the nearest encoded training sentence, Euclidean, mean over the steps."
            ),
        ),
        "far_most": st.column_config.NumberColumn(
            "Farthest", format="%.3g", help="The largest of these distances."
        ),
    }  # fmt: skip
    st.dataframe(
        data, hide_index=True, column_config=own | here.columns(data),
        alt="Smoothness measures of each path",
    )  # fmt: skip
    _bending(found, page.shown.nouns)
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(paths) == 1 and "path_energy" not in data:
            st.button(
                "Measure energy and length", icon=":material/straighten:", key="measure",
                on_click=lambda: st.session_state.update({"measure-asked": key}),
                help="Under the decoder's own metric: how much what it says changes along the path. About "
                "a second a path; with several kinds of path it is measured unasked.",
            )  # fmt: skip
    plain = {
        name: {key: value for key, value in values.items() if key in _known()}
        for name, values in measured.items()
    }
    taking.table(table_of_measures(plain), f"measures-{page.model.file}", "measures")


def _known() -> Any:
    from engine.metrics import METRICS

    return METRICS


def _measured(page: Here, question: tuple[Any, ...], name: str, one: Any) -> dict[str, float]:
    from engine.explore.smoothness import smoothness

    cut = loaders.max_tokens(page.model.run)
    asked = ("smoothness", *question, name)
    return dict(page.model.ask(asked, lambda hosted: smoothness(hosted.model, one, cut)))


def _mean(values: Any) -> float:
    return float(sum(values) / len(values))


def _bending(found: dict[str, Any], nouns: str) -> None:
    """What the geodesic cost and gained."""
    for one in found.values():
        if (bent := one.geodesic) is not None:
            gain = 1 - bent.energy / bent.straight_energy if bent.straight_energy else 0.0
            st.caption(
                f":material/timeline: The geodesic has {gain:.0%} less energy than the path it was bent from "
                f"({bent.energy:.2f} against {bent.straight_energy:.2f} nats); the decoder read "
                f"{bent.passes:,} {nouns} in {bent.seconds:.1f} s."
            )


def _map(page: Here, question: tuple[Any, ...], found: Any, paths: dict[str, Any]) -> None:
    """The paths among the codes of sentences, on their two principal components."""
    missing = material.why_not(page.model)
    ours = None if missing else material.material(page.model, page.waiting)
    if not missing and ours is None:
        return
    frame = st.segmented_control(
        "Principal components", plane.FRAMES, default=plane.OF_THE_CLOUD, required=True, key="plane-of",
        help="of the cloud: where the paths lie among the data. of the paths: how they bend.",
    )  # fmt: skip
    shown = plane.of(page, ours, paths, frame)
    blocks.chart(shown.figure, page.key("plane"), shown.alt, shown.data)
    st.caption(shown.told)
    with st.container(horizontal=True):
        if missing:
            st.caption(f":material/info: {blocks.plain(missing)}", width="content")
            navigation.link("data", "Open Datasets")
        else:
            navigation.link("latent_map", "Open the latent map, with this way on it")


def _take(page: Here, question: tuple[Any, ...], found: Any, paths: dict[str, Any]) -> None:
    """One path as text for a paper, a sheet or a program."""
    from engine.data.pictures.sheets import sheet
    from engine.explore.exports import EXPORTS

    names = list(paths)
    name = names[0]
    if len(names) > 1:
        name = st.segmented_control("Path", names, default=name, required=True, key="take-path")
    one = paths[name]
    with st.container(horizontal=True, vertical_alignment="center"):
        for key, export in EXPORTS.items():
            taking.button(
                export.suffix, export.write(one), f"interpolation-{page.model.file}-{name}",
                f"export-{key}", export.label,
            )  # fmt: skip
        if page.shown.images:
            texts = [step.text for step in one.steps]
            taking.button(
                "png", lambda: sheet(texts, len(texts)), f"interpolation-{page.model.file}-{name}",
                "export", taking.SHEET,
            )  # fmt: skip
    columns = ("alpha", "text", "nll", "norm", "folded")
    data = pd.DataFrame([{key: getattr(step, key) for key in columns} for step in one.steps])
    shown = page.shown
    st.dataframe(
        shown.table(data, "text"), hide_index=True, alt="The steps of the path",
        row_height=shown.row_height,
        column_config={
            "alpha": st.column_config.NumberColumn("α", help="0 at A, 1 at B.", format="%.2f"),
            "text": shown.column("sentence", width="large"),
            "nll": st.column_config.NumberColumn(
                "nats", format="%.2f", help=shown.words("−log p(sentence | its code).")
            ),
            "norm": st.column_config.NumberColumn("‖z‖", help="Length of the code.", format="%.3f"),
            "folded": st.column_config.CheckboxColumn("folded", help=shown.words("Reads as the step before.")),
        },
    )  # fmt: skip
    st.caption(
        f"Copy link, in the sidebar, leads back to these {page.shown.nouns}, paths and settings."
    )
