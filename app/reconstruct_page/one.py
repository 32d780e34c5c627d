"""One sentence: what came back, what each token cost, what draws of its posterior read."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, charts, loaders, sentences
from app.creating import taking
from app.creating.model import Model

START = "Return the number of items in the list."


def draw(model: Model, strategy: str) -> None:
    """Type a sentence and read what comes back."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        example = (loaders.pair(model.run, 1) or (START,))[0]
        text = st.text_input("Sentence", example, key="sentence", persist_state="session").strip()
        missing = loaders.data_missing(model.run)
        st.button(
            "Another sentence", icon=":material/shuffle:", key="another", disabled=bool(missing),
            help=missing or "Of the validation split.", on_click=_another, args=(model,),
        )  # fmt: skip
    draws = st.slider(
        "Draws beside the code", 0, 20, 3, key="draws", persist_state="session", width=320,
        help="What samples of the sentence's posterior decode to: how far its code is settled.",
    )  # fmt: skip
    if not text:
        blocks.empty("A sentence, please", "Type one above.", "edit")
        return
    with st.skeleton(height=320):
        found = loaders.reconstructions(model.run, model.checkpoint, (text,), draws, strategy)[0]
    _numbers(found)
    _sentences(found)
    if found.draws:
        same = sum(one == found.output for one in found.draws)
        st.caption(
            f"{len(found.draws)} samples of its posterior, {same} as the code itself; marked where they differ"
        )
        st.html(sentences.numbered(found.draws, found.output))
    elif draws:
        st.caption(":material/info: No samples: codes of this latent family have no posterior.")
    _tokens(found)
    _take(model, found)


def _another(model: Model) -> None:
    st.session_state["sentence"] = (loaders.pair(model.run) or (START,))[0]


def _numbers(found: Any) -> None:
    with st.grid(4, min_column_width=140):
        st.metric(
            "Match", f"{found.similarity:.0%}", help="1 - token edit distance / longer length."
        )
        st.metric("Exact", "yes" if found.exact else "no", help="It came back token by token.")
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

    pieces = [*found.pieces, "end"]
    table = Table(("token", "nats"), list(zip(pieces, found.token_nll, strict=True)))
    with st.container(horizontal=True, gap="small"):
        for suffix in ("csv", "json", "tex"):
            taking.button(suffix, WRITERS[suffix](table), f"tokens-{model.file}", "tokens")
