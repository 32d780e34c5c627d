"""The sentences of the page: typed, from a link, from the map, or the run's own."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import blocks, loaders, pictures, showing, state
from app.creating.model import Model

LETTERS = ("a", "b", "c", "d")
# What the demonstration begins with.
DEMO = (
    "Return the number of items in the list.",
    "Compute the mean of the values along the axis.",
    "Raise an error if the key is missing.",
    "Open a file for reading.",
)


def begin(model: Model) -> None:
    """Fill in the pair that the map asks for, or one of the run's own; a link brings its own sentences."""
    run = model.run
    if picked := state.take_note("pair"):  # two rows of the latent map
        fill(picked)
        state.note("pair-of", run.name)
    if state.seen_note("pair-of") != run.name:
        linked = bool(st.query_params.get("a")) and state.seen_note("pair-of") is None
        own = _own(model)
        fill([st.query_params.get(letter, "") if linked else "" for letter in LETTERS], own)
        state.note("pair-of", run.name)


def _own(model: Model) -> tuple[str, ...]:
    if model.run.name == "demo":
        return DEMO
    instead = ("", "", "", "") if showing.of(model.run).images else DEMO
    pairs = [loaders.pair(model.run, seed) or instead[2 * seed : 2 * seed + 2] for seed in (0, 1)]
    return (*pairs[0], *pairs[1])


def kept_under(letter: str) -> str:
    """Where A, B and so on are kept: pictures and sentences do not take each other's place."""
    return f"picture-{letter}" if showing.current().images else letter


def fill(texts: Sequence[str], instead: Sequence[str] = ()) -> None:
    """Put x into A, B and so on; ``instead`` where one is empty."""
    for at, letter in enumerate(LETTERS):
        text = texts[at] if at < len(texts) else ""
        if text or at < len(instead):
            st.session_state[kept_under(letter)] = text or instead[at]


def field(letter: str, label: str = "", placeholder: str = "A sentence") -> str:
    """One of them, as it is typed or chosen."""
    run = loaders.current_run()
    if run is not None and showing.of(run).images:
        return pictures.field(run, kept_under(letter), label or letter.upper())
    text = st.text_input(
        label or letter.upper(), key=letter, bind="query-params", persist_state="session",
        placeholder=placeholder,
    )  # fmt: skip
    return (text or "").strip()


def pair() -> tuple[str, str]:
    """A and B, with a button between them that swaps them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        a = field("a", placeholder="The first sentence")
        st.button("", icon=":material/swap_horiz:", key="swap", help="Swap A and B", on_click=_swap)
        b = field("b", placeholder="The last sentence")
    return a, b


def _swap() -> None:
    a, b = kept_under("a"), kept_under("b")
    st.session_state[a], st.session_state[b] = st.session_state.get(b), st.session_state.get(a)


def random_button(model: Model, letters: Sequence[str] = ("a", "b")) -> None:
    """Others of the validation split; a single picture has that button beside it."""
    if len(letters) == 1 and showing.of(model.run).images:
        return
    missing, shown = loaders.data_missing(model.run), showing.of(model.run)
    several = f"Random {shown.nouns}"
    what = {1: f"Another {shown.noun}", 2: "Random pair"}.get(len(letters), several)

    def draw() -> None:
        drawn = [text for _ in range(2) for text in loaders.pair(model.run) or ()]
        for letter, text in zip(letters, drawn, strict=False):
            st.session_state[kept_under(letter)] = text

    st.button(
        what, icon=":material/shuffle:", key="random", disabled=bool(missing), on_click=draw,
        help=missing or "Of the validation split.",
    )  # fmt: skip


def complete(*texts: str) -> bool:
    """Whether every x is there; asks for those that are not."""
    if all(texts):
        return True
    shown = showing.current()
    names = {1: f"A {shown.noun}", 2: f"Two {shown.nouns}"}
    count = names.get(len(texts), f"{len(texts)} {shown.nouns}")
    how = "Choose one above." if shown.images else "Type into the empty field above."
    blocks.empty(f"{count}, please", how, "edit")
    return False
