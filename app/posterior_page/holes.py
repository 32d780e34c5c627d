"""Where the prior draws codes that no sentence has, and what such draws say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, showing
from app.posterior_page import exports, figures, headline
from app.posteriors import Kept

HELP = (
    "A hole is a place where the prior draws codes and hardly any sentence's code lies: q(z) is lower there "
    "than at 99 of 100 draws of the posteriors."
)
DRAWS_HELP = (
    "Decoded greedily. Left: log q(z) - log p(z), nats. Right: how sure the decoder is, -log p(sentence given "
    "code), nats per token, end token counted."
)


def draw(kept: Kept) -> None:
    """Both density ratios, what was found in words, and the prior draws at either end."""
    st.subheader("Holes under the prior", anchor=False, help=showing.current().words(HELP))
    if kept.holes is None:
        blocks.empty("No holes to look for", headline.reason(kept, "holes"), "block")
        return
    words = kept.holes.words(kept.scalars.get("mutual_information"))
    with blocks.side_by_side():
        with st.container():
            _ratios(kept.holes)
        with st.container():
            st.markdown(
                "\n".join(f"- {blocks.plain(showing.current().words(line))}" for line in words)
            )
            with st.grid(2, min_column_width=130):
                blocks.metric("mmd_prior", kept.scalars.get("mmd_prior"))
                blocks.metric("mmd_p", kept.scalars.get("mmd_p"))
    if kept.extremes is not None:
        _extremes(kept.extremes, len(kept.holes.prior_log_q))


def _ratios(holes: Any) -> None:
    sets = {
        "posterior": (holes.log_q, holes.log_p),
        "prior": (holes.prior_log_q, holes.prior_log_p),
    }
    table = pd.concat(
        pd.DataFrame(
            {"draw of": name, "log q(z)": log_q, "log p(z)": log_p, "ratio": log_q - log_p}
        )
        for name, (log_q, log_p) in sets.items()
    )
    medians = table.groupby("draw of")["ratio"].median()
    blocks.chart(
        figures.ratios(holes.ratio, holes.prior_ratio),
        "ratios",
        f"log q(z) - log p(z) at {len(holes.log_q):,} draws of the posteriors, median "
        f"{medians['posterior']:.1f} nats, and at {len(holes.prior_log_q):,} of the prior, median "
        f"{medians['prior']:.1f} nats",
        table,
        config=exports.camera("density-ratios"),
    )


def _extremes(extremes: Any, of: int) -> None:
    ends = {
        "farthest from the codes": extremes.worst,
        "most at home among the codes": extremes.best,
    }
    with blocks.side_by_side():
        for title, draws in ends.items():
            with st.container():
                st.markdown(f"**Prior draws {title}**", help=showing.current().words(DRAWS_HELP))
                st.caption(f"{len(draws)} of {of:,} draws")
                st.html(_strip(title, draws))


def _strip(title: str, draws: Sequence[Any]) -> str:
    """Draws as a table: density ratio, what it decodes to, nats per token; those in holes say so."""
    shown = showing.current()
    rows = [
        (
            f"{draw.ratio:.1f}",
            shown.html(draw.text),
            f"{'in a hole · ' if draw.hole else ''}{draw.nll:.2f}",
        )
        for draw in draws
    ]
    return shown.strip(rows, f"Prior draws {title}")
