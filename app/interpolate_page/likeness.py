"""Analogy: the difference of A and B, added to C."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import blocks, state
from app.creating import material, taking
from app.interpolate_page import ends, here, typed
from app.interpolate_page.here import Here
from app.walk import Gauge, Track, decoded, walk

DEGREES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
PAIRS = "More pairs like A and B, one a line, separated by a tab or |"


def draw(page: Here) -> None:
    """Type A, B and C; read what C becomes."""
    with st.grid(3, min_column_width=240, gap="small"):
        a = typed.field("a", "A is to")
        b = typed.field("b", "B as")
        c = typed.field("c", "C is to …")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        strategy = here.decoding()
        typed.random_button(page.model, ("a", "b", "c"))
    more = "" if page.shown.images else _more()
    state.carry("interpolate", a=a, b=b, c=c, decode=strategy)
    if not typed.complete(a, b, c):
        return
    pairs, wrong = _pairs(more)
    if wrong:
        st.caption(
            f":material/info: Without a tab or |, and left out: {blocks.plain('; '.join(wrong[:3]))}"
        )
    _show(page, ((a, b), *pairs), c, strategy)


def _more() -> str:
    with st.expander("More pairs", type="compact"):
        return st.text_area(
            PAIRS, key="pairs", persist_state="session", height=100, placeholder="a cat|cats",
            help="Their differences are averaged: what one pair has by chance, the mean has not.",
        ) or ""  # fmt: skip


def _pairs(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Typed pairs, and lines that are none."""
    pairs, wrong = [], []
    for line in filter(str.strip, text.splitlines()):
        left, _, right = line.replace("\t", "|").partition("|")
        if left.strip() and right.strip():
            pairs.append((left.strip(), right.strip()))
        else:
            wrong.append(line.strip())
    return pairs, wrong


def _show(page: Here, pairs: tuple[tuple[str, str], ...], c: str, strategy: str) -> None:
    from engine.explore.analogy import analogy

    ours = material.known(page.model)
    others = None if ours is None else ours.codes.codes
    density = None if ours is None else ours.density
    decoding = page.model.decoding(strategy)
    with st.skeleton(height=320):
        found = page.model.made(
            ("analogy", pairs, c, strategy, ours is not None),
            len(DEGREES) + 8,
            "The analogy",
            lambda hosted: analogy(
                hosted.model,
                hosted.tokenizer,
                pairs,
                c,
                DEGREES,
                decoding,
                others=others,
                data=density,
            ),
            page.waiting,
        )
    if found is None:
        return
    first = found.pairs[0]
    ends.show({"A": first[0], "B": first[1], "C": found.sentence}, 3)
    stops = decoded(found.answers, [f"{degree:.2f}" for degree in found.degrees], first=True)
    for stop in stops:
        stop.values["nll"] = float(stop.nll or 0)
    walk(
        [Track("analogy", stops)],
        key=page.key("analogy"),
        alt="What C becomes, by how much of the difference is added",
        gauges=[Gauge("nll", "NLL", "nats", "−log p(sentence | its code), nats per sentence.")],
        symbol="α",
        slider="How much of the difference of A and B is added to C",
        here=DEGREES.index(1.0),
    )
    lacks = "" if page.shown.images else "Marked: what C's own reconstruction lacks. "
    st.caption(f"{lacks}α = 1 is the answer.")
    if found.alike is not None:
        st.metric(
            "Likeness of the pairs", f"{found.alike:.2f}",
            help="Mean cosine between their differences; near 0 they have nothing in common and their mean "
            "says little.",
        )  # fmt: skip
    _controls(found, page)
    taking.table(found, f"analogy-{page.model.file}", "analogy")


def _controls(found: Any, page: Here) -> None:
    """What any move of that length does."""
    controls = found.controls
    if not controls:
        missing = material.why_not(page.model)
        st.caption(
            f":material/info: No control. {blocks.plain(missing)}"
            if missing
            else f":material/info: With encoded {page.shown.nouns}, random pairs would show what any "
            "move of that length does."
        )
        return
    st.markdown(
        f"**Control**: C moved as far, by the differences of random pairs of {page.shown.nouns}"
    )
    shown, own = page.shown, found.sentence.reconstruction
    rows = [(str(at), shown.compared(own, one.text), "") for at, one in enumerate(controls, 1)]
    st.html(shown.strip(rows, "Controls"))
