"""One sentence: what came back, what each token cost, what draws of its posterior read."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, charts, loaders, pictures, sentences, showing, thumbnails
from app.background import Waiting
from app.creating import taking
from app.creating.model import Model
from engine.data.pictures.sheets import differing

PICTURE = "picture-sentence"
START = "Return the number of items in the list."


def draw(model: Model, strategy: str, waiting: Waiting) -> None:
    """Type a sentence and read what comes back."""
    shown = showing.of(model.run)
    text = _chosen(model) if shown.images else _typed(model)
    draws = st.slider(
        "Draws beside the code", 0, 20, 3, key="draws", persist_state="session", width=320,
        help="What samples of its posterior decode to: how far its code is settled.",
    )  # fmt: skip
    if not text:
        blocks.empty(f"A {shown.noun}, please", shown.words("Type one above."), "edit")
        return
    with st.skeleton(height=320):
        found = _found(model, text, draws, strategy, waiting)
    if found is None:
        return
    _numbers(found)
    if shown.images:
        _pictures(found)
    else:
        _sentences(found)
    if found.draws:
        same = sum(one == found.output for one in found.draws)
        st.caption(
            f"{len(found.draws)} samples of its posterior, {same} as the code itself"
            + ("" if shown.images else "; marked where they differ")
        )
        rows = [
            (str(at), shown.compared(found.output, one), "")
            for at, one in enumerate(found.draws, 1)
        ]
        st.html(shown.strip(rows, "Samples of its posterior"))
    elif draws:
        st.caption(":material/info: No samples: codes of this latent family have no posterior.")
    if shown.images:
        _pixels(found)
    else:
        _tokens(found)
    _take(model, found)


def _typed(model: Model) -> str:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        example = (loaders.pair(model.run, 1) or (START,))[0]
        text = st.text_input("Sentence", example, key="sentence", persist_state="session").strip()
        missing = loaders.data_missing(model.run)
        st.button(
            "Another sentence", icon=":material/shuffle:", key="another", disabled=bool(missing),
            help=missing or "Of the validation split.", on_click=_another, args=(model,),
        )  # fmt: skip
    return text


def _chosen(model: Model) -> str:
    if not pictures.kept(PICTURE):
        st.session_state[PICTURE] = (loaders.pair(model.run, 1) or ("",))[0]
    return pictures.field(model.run, PICTURE, "Picture")


def _found(model: Model, text: str, draws: int, strategy: str, waiting: Waiting) -> Any | None:
    """What came back; None while many pictures are written."""
    from engine.explore.reconstruction import reconstruct

    decoding = model.decoding(strategy)
    return model.made(
        ("reconstruction", text, draws, strategy), 1 + draws, f"Decoding {1 + draws} pictures",
        lambda hosted: reconstruct(hosted.model, hosted.tokenizer, [text], decoding, draws)[0],
        waiting,
    )  # fmt: skip


def _another(model: Model) -> None:
    st.session_state["sentence"] = (loaders.pair(model.run) or (START,))[0]


def _numbers(found: Any) -> None:
    with st.grid(4, min_column_width=140):
        shown = showing.current()
        if shown.images:
            st.metric(
                "Pixel error",
                f"{1 - found.similarity:.1%}",
                help="Share of pixels that came back wrong.",
            )
        else:
            st.metric("Match", f"{found.similarity:.0%}", help=shown.match_help)
        exact = shown.words("It came back token by token.")
        st.metric("Exact", "yes" if found.exact else "no", help=exact)
        blocks.metric("kl", found.kl)
        blocks.metric("reconstruction", sum(found.token_nll))


def _sentences(found: Any) -> None:
    with st.container(border=True, gap="small"):
        underlined = ", words that the vocabulary lacks underlined" if found.unknown else ""
        st.caption(f"Typed{underlined}")
        st.html(f'<div class="zs-sentence">{sentences.underlined(found.text, found.unknown)}</div>')
        st.caption("What came back; struck through what was lost, marked what is new")
        st.html(
            f'<div class="zs-big zs-sentence">{sentences.difference(found.difference) or "∅"}</div>'
        )
        if found.truncated:
            st.caption(":material/content_cut: Longer than the model reads; the rest was cut.")


def _pictures(found: Any) -> None:
    """The picture, what the model reads of it, what came back, and the difference of the two."""
    sides = {"chosen": found.text, "as the model reads it": found.seen, "came back": found.output}
    sides["difference"] = differing(found.seen, found.output)
    with st.container(border=True, gap="small"):
        st.html(thumbnails.row(sides.items(), thumbnails.LARGE))
        pictures.unread(found.text, found.seen)
        st.caption(
            "Grey pixels are read as on or off, always in the same way. Difference: blue is new, vermilion was "
            "lost, white and black agree."
        )


def _pixels(found: Any) -> None:
    """What each pixel cost, in its place."""
    nats = found.token_nll[:-1]
    side = math.isqrt(len(nats))
    rows = [nats[start : start + side] for start in range(0, len(nats), side)]
    places = [divmod(at, side) for at in range(len(nats))]
    data = pd.DataFrame(
        {"row": [row for row, _ in places], "column": [at for _, at in places], "nats": nats}
    )
    blocks.chart(
        charts.per_pixel(rows),
        "per-pixel",
        f"Nats of each of {side} by {side} pixels given the code and the pixels before it",
        data,
    )


def _tokens(found: Any) -> None:
    pieces = [*found.pieces, "end"]
    blocks.chart(
        charts.per_token(pieces, found.token_nll),
        "per-token",
        f"Nats of each of {len(pieces)} tokens given the code and the true beginning",
        pd.DataFrame({"token": pieces, "nats": found.token_nll}),
    )


def _take(model: Model, found: Any) -> None:
    from engine.explore.tables import WRITERS, Table

    if showing.of(model.run).images:
        named = "pixel", [str(at) for at in range(len(found.token_nll) - 1)]
    else:
        named = "token", found.pieces
    pieces = [*named[1], "end"]
    table = Table((named[0], "nats"), list(zip(pieces, found.token_nll, strict=True)))
    with st.container(horizontal=True, gap="small"):
        for suffix in ("csv", "json", "tex"):
            taking.button(suffix, WRITERS[suffix](table), f"{named[0]}s-{model.file}", "tokens")
