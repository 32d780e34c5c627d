"""Search: by words, by a pattern, or by meaning, which is a sentence through the encoder."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from app import blocks, pictures, showing, state
from app.map_page import choosing, lists
from app.map_page.loaders import Space, column, digest, typed
from app.once import once
from engine.config import EngineError
from engine.explore.encoding import Encoded
from engine.explore.neighbours import Neighbours, nearest
from engine.explore.sentences import Sentence

MEANING, TEXT, PATTERN = "meaning", "text", "pattern"
KINDS = {
    MEANING: "The sentence is encoded; those whose codes lie nearest are found, whatever their words.",
    TEXT: "Sentences that have these very words; capitals do not count.",
    PATTERN: r"A regular expression (RE2): `^how (do|can)`, `\bcats?\b`. No look-around.",
}
NEAREST = 20


@dataclass(frozen=True)
class Found:
    """What a search has found.

    Attributes:
        kind: meaning, text or pattern.
        wanted: what was typed.
        rows: positions of the sentences, the best first.
        scores: a number for every row, for the colours; None if the search failed.
        title, unit: of these numbers.
        distances: of the rows from the typed sentence; for a search by meaning.
        code: the typed sentence's; for a search by meaning.
        typed: the sentence as the model reads it; for a search by meaning.
        problem: why nothing could be looked for.
    """

    kind: str
    wanted: str
    rows: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    scores: np.ndarray | None = None
    title: str = ""
    unit: str = ""
    distances: Neighbours | None = None
    code: Encoded | None = None
    typed: Sentence | None = None
    problem: str = ""


def found(space: Space) -> Found | None:
    """What was looked for last, among these rows; a new search also selects what it finds."""
    kind, wanted = state.seen_note("map-search") or ("", "")
    if not wanted:
        return None
    try:
        result = _found(space, kind, wanted)
    except EngineError as error:
        result = Found(kind, wanted, problem=str(error))
    if state.take_note("map-search-new") and not result.problem:
        choosing.choose(space, result.rows)
    return result


def _found(space: Space, kind: str, wanted: str) -> Found:
    if kind == MEANING:
        return _near(space, *typed(space.request, wanted))
    key = f"search|{space.key}|{kind}|{wanted}"
    return once(key, lambda: _matching(space, kind, wanted))


def _near(space: Space, typed: Sentence, code: Encoded) -> Found:
    wanted = typed.text

    def look() -> Found:
        near = nearest(space.found.codes, code.codes, NEAREST)
        scores = np.linalg.norm(space.found.codes - code.codes, axis=1)
        return Found(MEANING, wanted, near.rows[0], scores, "distance", "", near, code, typed)

    return once(f"near|{space.key}|{digest(code.codes)}|{wanted}", look)


def _matching(space: Space, kind: str, wanted: str) -> Found:
    from engine.explore.search import search

    matches = search(column(space), wanted, "text" if kind == TEXT else "pattern")
    best = matches.rows[np.argsort(-matches.counts[matches.rows], kind="stable")]
    return Found(kind, wanted, best, matches.counts.astype(float), "matches", "a sentence")


# -- the panel ---------------------------------------------------------------------------------------


def panel(space: Space, result: Found | None, far: str) -> None:
    """The search box and what it has found.

    Args:
        space: the rows on the map.
        result: what ``found`` gave for this run of the page.
        far: what must be said about the place of the star; nothing if it is exact.
    """
    if showing.of(space.request.run).images:
        _like_a_picture()
        if result is None:
            return
    else:
        _typed()
    if result is None:
        st.caption(KINDS[st.session_state.get("map-search-kind") or MEANING])
    elif result.problem:
        st.error(blocks.plain(result.problem), icon=":material/error:")
    elif result.kind == MEANING:
        _neighbours(space, result, far)
    else:
        _matches(space, result)


def _like_a_picture() -> None:
    """Pictures have no words: only by meaning, with a picture of one's own."""
    upload = pictures.upload("map-search-upload", "Find pictures like yours")
    if upload is not None and state.seen_note("map-search-of") != upload.mark:
        state.note("map-search-of", upload.mark)
        state.note("map-search", (MEANING, upload.text))
        state.note("map-search-new", True)
        st.rerun()
    st.caption(
        "It is encoded; the pictures whose codes lie nearest are found and selected. By words or a pattern "
        "nothing can be found: pictures have none."
    )


def _typed() -> None:
    """The kinds of search, and the box."""
    kind = st.segmented_control(
        "Search by", list(KINDS), default=MEANING, required=True, key="map-search-kind",
        persist_state="session", label_visibility="collapsed", on_change=_ask,
    )  # fmt: skip
    st.text_input(
        "Search", key="map-search-text", type="search", persist_state="session", on_change=_ask,
        placeholder={MEANING: "Type a sentence", TEXT: "Words", PATTERN: "Pattern"}[kind],
        label_visibility="collapsed", icon=":material/search:",
    )  # fmt: skip


def _ask() -> None:
    """Remember what is looked for; the next run of the page looks for it and selects what it finds."""
    kind = st.session_state.get("map-search-kind") or MEANING
    wanted = (st.session_state.get("map-search-text") or "").strip()
    state.note("map-search", (kind, wanted))
    state.note("map-search-new", bool(wanted))


def _neighbours(space: Space, result: Found, far: str) -> None:
    assert result.distances is not None
    blocks.unread(result.typed)
    if far:
        st.caption(f":material/warning: {far}")
    given = "gave" if showing.of(space.request.run).images else "typed"
    exact = "every one looked at" if result.distances.exact else "a few may be missing"
    st.caption(
        f"The star is what you {given}. Selected: the {len(result.rows)} nearest in the latent space, of "
        f"{result.distances.of:,} ({exact})."
    )
    distances = result.distances.distances[0]
    lists.sentences(space, result.rows, "near", [f"{distance:.2f}" for distance in distances])


def _matches(space: Space, result: Found) -> None:
    if not len(result.rows):
        st.caption("No sentence on the map has it.")
        return
    st.caption(f"{len(result.rows):,} of {space.n:,} sentences have it; they are selected.")
    lists.sentences(space, result.rows, "match")
