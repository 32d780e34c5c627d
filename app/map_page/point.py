"""The point that was clicked: its sentence, what comes back of it, its neighbours, and what to do with it."""

from __future__ import annotations

import streamlit as st

from app import blocks, charts, navigation, showing, state, thumbnails
from app.creating.model import Model
from app.map_page import choosing, lists
from app.map_page.loaders import Space
from app.once import once
from engine.explore.neighbours import Neighbours, neighbours_of

NEIGHBOURS = 10
EUCLIDEAN, DIVERGENCE = "distance", "symmetrised KL"


def panel(space: Space, row: int | None) -> None:
    """All about one row, or what to click."""
    if row is None:
        blocks.empty(
            "No point chosen", "Click one on the map, or find one under Search.", "ads_click"
        )
        _pair(space, "")
        return
    text = space.found.texts[row]
    _head(space, row, text)
    _come_back(space, text)
    with st.grid(2, min_column_width=110, gap="small"):
        blocks.metric("kl", float(space.found.kl[row]))
        blocks.metric("reconstruction", float(space.found.reconstruction[row]))
    _pair(space, text)
    _neighbours(space, row)


def _head(space: Space, row: int, text: str) -> None:
    labels = space.found.labels
    split = charts.SPLIT_NAMES[space.request.split]
    told = f"Row {space.found.indices[row]:,} of {split}"
    if labels and labels[row]:
        told += f" · label **{blocks.plain(labels[row])}**"
    st.caption(told)
    shown = showing.of(space.request.run).html(text, thumbnails.LARGE)
    st.html(f'<div class="zs-sentence zs-said">{shown}</div>')


def _come_back(space: Space, text: str) -> None:
    """What its code decodes to, with the differences marked."""
    if not text.strip():
        return
    from engine.explore.reconstruction import reconstruct

    request, shown = space.request, showing.of(space.request.run)
    model = Model(request.run, request.checkpoint)
    decoding = model.decoding("greedy")
    with st.spinner("Decoding"):
        found = model.ask(
            ("reconstruction", text, 0, "greedy"),
            lambda hosted: reconstruct(hosted.model, hosted.tokenizer, [text], decoding)[0],
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Its code decodes to", width="stretch")
        blocks.match(found.similarity)
    st.html(f'<div class="zs-sentence">{shown.difference(found)}</div>')


# -- what to do with it ------------------------------------------------------------------------------


def pair(space: Space) -> dict[str, str]:
    """The sentences that were chosen as A and B on this run's map."""
    run, chosen = state.seen_note("map-pair") or ("", {})
    return dict(chosen) if run == space.request.run.name else {}


def _set(space: Space, letter: str, text: str) -> None:
    state.note("map-pair", (space.request.run.name, pair(space) | {letter: text}))


def _pair(space: Space, clicked: str) -> None:
    chosen = pair(space)
    if clicked:
        with st.container(horizontal=True, gap="xsmall"):
            for letter in "AB":
                st.button(
                    f"Set as {letter}", key=f"map-set-{letter}", on_click=_set,
                    args=(space, letter, clicked), disabled=chosen.get(letter) == clicked,
                    help=f"It is {letter}." if chosen.get(letter) == clicked else
                    f"{letter} of an interpolation, whose path is then drawn on the map.",
                )  # fmt: skip
            if st.button(
                "Sample around", icon=":material/casino:", key="map-around",
                help="Opens Sample with draws around this code.",
            ):  # fmt: skip
                state.note("around", clicked)
                navigation.go("sample")
    if not chosen:
        return
    shown = showing.of(space.request.run)
    with st.container(key="map-pair", gap="xsmall"):
        for letter, text in sorted(chosen.items()):
            st.caption(f"**{letter}** {shown.label(text)}")
    reason = "" if len(chosen) == 2 else f"Set {'B' if 'A' in chosen else 'A'} as well."
    if st.button(
        "Interpolate from A to B", icon=":material/linear_scale:", key="map-interpolate",
        disabled=bool(reason), help=reason or "Opens Interpolate with both.", type="primary",
    ):  # fmt: skip
        state.note("pair", (chosen["A"], chosen["B"]))
        navigation.go("interpolate")


# -- neighbours --------------------------------------------------------------------------------------


def _neighbours(space: Space, row: int) -> None:
    """The nearest in the latent space, among all rows on the map."""
    gaussian = space.found.deviations is not None
    measure = st.segmented_control(
        "Nearest in the latent space by", [EUCLIDEAN, DIVERGENCE], default=EUCLIDEAN, required=True,
        key="map-measure-by", persist_state="session", disabled=not gaussian,
        help="distance: Euclidean, between the codes. symmetrised KL: between the posteriors, nats; it "
        "also tells how sure the encoder is." if gaussian else
        "Only by distance: the symmetrised KL needs posteriors that are Gaussian in the space of codes.",
    )  # fmt: skip
    by_kl = gaussian and measure == DIVERGENCE
    found = neighbours(space, row, by_kl)
    if not found.rows.size:
        st.caption("It is the only one.")
        return
    exact = "every one looked at" if found.exact else "approximate: a few may be missing"
    nouns = showing.of(space.request.run).nouns
    st.caption(f"Of all {found.of:,} encoded {nouns}, {exact}.")
    lists.sentences(space, found.rows[0], "neighbour", [f"{far:.2f}" for far in found.distances[0]])
    st.button(
        "Select these", type="tertiary", icon=":material/lasso_select:", key="map-select-neighbours",
        on_click=choosing.choose, args=(space, [row, *found.rows[0].tolist()], row),
    )  # fmt: skip


def neighbours(space: Space, row: int, by_kl: bool = False) -> Neighbours:
    """The nearest rows of a row, by distance or by the divergence of their posteriors."""
    deviations = space.found.deviations if by_kl else None
    key = f"neighbours|{space.key}|{row}|{by_kl}"
    return once(key, lambda: neighbours_of(space.found.codes, row, NEIGHBOURS, deviations))
