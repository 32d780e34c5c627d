"""What can be taken away: the report as JSON and CSV, every chart as a picture."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.posteriors import Kept, Request

FORMATS = ("SVG", "PNG")
KEY = "picture-format"


def camera(name: str) -> dict[str, Any]:
    """A chart's configuration: one button, shown under the pointer, that saves it as a picture."""
    kind = st.session_state.get(KEY, FORMATS[0]).lower()
    return {
        "displaylogo": False,
        "scrollZoom": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": kind, "filename": f"posterior-{name}", "scale": 2},
    }


def draw(request: Request, kept: Kept) -> None:
    """Downloads, and which kind of picture the charts' cameras save."""
    from engine.maps import posterior_tables as tables

    st.subheader("Take it away", anchor=False)
    name = f"{request.run.name}-{request.checkpoint}"
    numbers = tables.numbers(kept, request.run.kind)
    files = {
        "Report": (tables.to_json(request, kept), f"posterior-{name}.json", "application/json"),
        "Numbers": (numbers.to_csv(), f"posterior-{name}.csv", "text/csv"),
        "Dimensions": (tables.dimensions(kept).to_csv(), f"dimensions-{name}.csv", "text/csv"),
    }
    if kept.extremes is not None:
        draws = tables.prior_draws(kept).to_csv()
        files["Prior draws"] = (draws, f"prior-draws-{name}.csv", "text/csv")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for label, (content, file, kind) in files.items():
            suffix = file.rpartition(".")[2].upper()
            st.download_button(
                f"{label} ({suffix})", content, file, kind, key=f"export-{label}",
                icon=":material/download:", on_click="ignore", type="tertiary",
            )  # fmt: skip
        st.space("stretch")
        st.segmented_control(
            "Pictures", FORMATS, default=FORMATS[0], required=True, key=KEY, persist_state="session",
            help="What the camera of a chart saves; it shows while the pointer is over the chart.",
        )  # fmt: skip
