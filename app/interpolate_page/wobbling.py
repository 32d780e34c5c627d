"""Wobble: how settled a sentence's code is, by what draws of its posterior read."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import showing, state
from app.creating import taking
from app.interpolate_page import ends, here, typed
from app.interpolate_page.here import Here


def draw(page: Here) -> None:
    """Type a sentence; read what its posterior says."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        a = typed.field("a", page.shown.noun.capitalize())
        strategy = here.decoding()
        typed.random_button(page.model, ("a",))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        draws = st.select_slider(
            "Draws", [10, 20, 50, 100, 200], 50, key="draws-of", bind="query-params",
            persist_state="session", help="Of q(z|A), all decoded in one batch.",
        )  # fmt: skip
        spread = st.slider(
            "Spread", 0.0, 4.0, 1.0, 0.1, key="spread-of", bind="query-params", persist_state="session",
            help="1 draws from the posterior itself; more goes further from its code.",
        )  # fmt: skip
    link = {"draws-of": str(draws), "spread-of": str(spread)}
    state.carry("interpolate", a=a, decode=strategy, **link)
    if typed.complete(a):
        _show(page, a, int(draws), float(spread), strategy)


def _show(page: Here, text: str, draws: int, spread: float, strategy: str) -> None:
    from engine.explore.wobble import wobble

    decoding = page.model.decoding(strategy)
    with st.skeleton(height=320):
        found = page.model.made(
            ("wobble", text, draws, spread, strategy), draws, "Draws of the posterior",
            lambda hosted: wobble(hosted.model, hosted.tokenizer, text, draws, decoding, spread),
            page.waiting,
        )  # fmt: skip
    if found is None:
        return
    ends.show({f"The {page.shown.noun}": found.sentence}, 1)
    with st.grid(4, min_column_width=140):
        st.metric(
            "Settled",
            f"{found.settled:.0%}",
            help=page.shown.words("Share of draws that read as the code itself does."),
        )
        st.metric(
            page.shown.words("Readings"),
            f"{len(found.readings):,}",
            help=f"Different {page.shown.nouns} among the draws.",
        )
        st.metric(
            "Entropy", f"{found.entropy:.2f} nats",
            help=page.shown.words(
                "−Σ p ln p over the different sentences; 0 where all draws read the same."
            ),
        )  # fmt: skip
        st.metric(
            "Similarity", f"{found.similarity:.0%}",
            help=f"Of a draw to the code's own, mean. {page.shown.match_help}",
        )  # fmt: skip
    if found.settled == 1 and spread >= 1:
        st.caption(
            page.shown.words(
                ":material/info: Every draw reads the same: the posterior is so narrow that the decoder does "
                "not notice, or the decoder ignores the code."
            )
        )
    st.html(readings(found))
    taking.table(found, f"wobble-{page.model.file}", "wobble")


def readings(found: Any, most: int = 40) -> str:
    """Different sentences with how many draws read so, the most frequent first, as HTML."""
    shown = showing.current()
    rows = [
        (
            f"×{one.count}",
            shown.marked(one.text, one.pieces, one.changed),
            f"{one.count / found.draws:.0%}",
        )
        for one in found.readings[:most]
    ]
    left = len(found.readings) - most
    more = f'<div class="zs-facts">and {left} more, in the files below</div>' if left > 0 else ""
    return shown.strip(rows, "What draws read") + more
