"""What comes back of a sentence, word by word; or of many pasted lines, worst first."""

import pandas as pd
import streamlit as st

from app import blocks, charts, loaders, sentences, state

MOST_LINES = 2000

blocks.header(
    "Reconstruct", "A sentence is encoded, and its code decoded: what was kept, what was lost?"
)
run, checkpoint = loaders.current_run(), state.checkpoint()
if not blocks.need_run(run, checkpoint):
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    mode = st.segmented_control(
        "What", ["one sentence", "many lines"], default="one sentence", required=True, key="mode",
        persist_state="session",
    )  # fmt: skip
    strategy = st.segmented_control(
        "Decoding", ["greedy", "beam"], default="greedy", required=True, key="decode",
        bind="query-params", help="greedy: the likeliest token each time. beam: the best of five.",
    )  # fmt: skip


def one() -> None:
    example = (loaders.pair(run, 1) or ("Return the number of items in the list.",))[0]
    text = st.text_input("Sentence", example, key="sentence", persist_state="session").strip()
    draws = st.slider(
        "Draws beside the code", 0, 20, 3, key="draws", persist_state="session",
        help="What samples of the sentence's posterior decode to: how far its code is settled.",
    )  # fmt: skip
    if not text:
        blocks.empty("A sentence, please", "Type one above.", "edit")
        return
    found = loaders.reconstructions(run, checkpoint, (text,), draws, strategy)[0]
    with st.grid(4, min_column_width=140):
        st.metric(
            "Match", f"{found.similarity:.0%}", help="1 - token edit distance / longer length."
        )
        st.metric("Exact", "yes" if found.exact else "no", help="It came back token by token.")
        blocks.metric("kl", found.kl)
        blocks.metric("reconstruction", sum(found.token_nll))
    with st.container(border=True, gap="small"):
        st.caption(
            "Typed" + (", words that the vocabulary lacks underlined" if found.unknown else "")
        )
        st.html(f'<div class="zs-sentence">{sentences.underlined(found.text, found.unknown)}</div>')
        st.caption("What came back")
        st.html(f'<div class="zs-big zs-sentence">{sentences.difference(found.difference)}</div>')
        if found.truncated:
            st.caption(":material/content_cut: Longer than the model reads; the rest was cut.")
    if found.draws:
        st.caption("Samples of its posterior")
        st.html(sentences.numbered(found.draws, found.output))
    pieces = [*found.pieces, "end"]
    blocks.chart(
        charts.per_token(pieces, found.token_nll),
        "per-token",
        f"Nats of each of {len(pieces)} tokens given the code and the true beginning",
        pd.DataFrame({"token": pieces, "nats": found.token_nll}),
    )


def many() -> None:
    pasted = st.text_area(
        "Lines", key="lines", persist_state="session", height=200, placeholder="One sentence a line"
    )
    lines = [line.strip() for line in pasted.splitlines() if line.strip()]
    if not lines:
        blocks.empty("Some lines, please", "Paste sentences above, one a line.", "edit_note")
        return
    used = tuple(lines[:MOST_LINES])
    st.caption(f"Showing {len(used):,} of {len(lines):,} lines, worst first.")
    found = loaders.reconstructions(run, checkpoint, used, 0, strategy)
    table = pd.DataFrame(
        [
            {
                "match": item.similarity,
                "typed": item.text,
                "came back": item.output,
                "KL": item.kl,
                "nats": sum(item.token_nll),
                "unknown words": ", ".join(item.unknown),
            }
            for item in found
        ]
    ).sort_values("match", kind="stable")
    with st.container(horizontal=True, gap="large"):
        st.metric("Mean match", f"{table['match'].mean():.0%}", width="content")
        exact = sum(item.exact for item in found) / len(found)
        st.metric("Exact", f"{exact:.0%}", width="content")
    percent = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
    st.dataframe(
        table, hide_index=True, column_config={"match": percent}, alt="Reconstructions, worst first"
    )


with blocks.kindly("This could not be reconstructed"), st.spinner("Decoding"):
    one() if mode == "one sentence" else many()
