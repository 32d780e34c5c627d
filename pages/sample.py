"""New sentences: draws of the prior, or of the posterior of a sentence of yours."""

import pandas as pd
import streamlit as st

from app import blocks, forms, loaders, sentences, state
from engine.decoding import DecodingConfig

SAMPLING, BEAM = {"temperature", "top_k", "top_p"}, {"beam", "length_penalty"}
PRIOR, AROUND = "from the prior", "around a sentence"
UNUSED = {"greedy": SAMPLING | BEAM, "sample": BEAM, "beam": SAMPLING}

blocks.header("Sample", "Codes are drawn, from the prior or around a sentence, and decoded.")
run, checkpoint = loaders.current_run(), state.checkpoint()
if not blocks.need_run(run, checkpoint):
    st.stop()

# Set here and not as the widget's default, because a point of the latent map sets it as well.
st.session_state.setdefault("draw-from", PRIOR)
if around := state.take_note("around"):
    st.session_state["draw-from"], st.session_state["centre"] = AROUND, around

left, right = st.columns([2, 3], gap="large")
with left:
    source = st.segmented_control(
        "Draw codes", [PRIOR, AROUND], required=True, key="draw-from", persist_state="session"
    )  # fmt: skip
    sentence, spread = "", 1.0
    if source == AROUND:
        sentence = st.text_input(
            "Sentence", key="centre", persist_state="session", placeholder="Draws stay around this"
        ).strip()
        spread = st.slider(
            "Spread", 0.0, 4.0, 1.0, 0.1, key="spread", persist_state="session",
            help="1 draws from the sentence's posterior; more goes further from its code.",
        )  # fmt: skip
    n = st.slider("How many", 1, 100, 10, key="sample-n", persist_state="session")
    start = state.seen_note("sampling") or DecodingConfig(
        strategy="sample", temperature=0.8, max_tokens=loaders.max_tokens(run)
    )
    basic, more = st.container(), st.expander("More about decoding", icon=":material/tune:")
    seed = int(state.seen_note("sample-seed") or 0)
    strategy = st.session_state.get("sampling.strategy", start.strategy)
    edited = forms.edit(start, "sampling", basic, more, kept={"seed"} | UNUSED[strategy])
    for problem in edited.problems:
        st.error(blocks.plain(problem))
    st.button(
        "Draw again", icon=":material/casino:", type="primary", key="draw-again",
        disabled=edited.config is None, help=f"Seed {42 + seed}; the next draw takes {43 + seed}.",
        on_click=lambda: state.note("sample-seed", seed + 1),
    )  # fmt: skip

with right:
    if edited.config is None:
        blocks.empty("Nothing drawn", "Mend the setting marked in red.", "edit_off")
    elif source == AROUND and not sentence:
        blocks.empty("A sentence, please", "Type one on the left; draws stay around it.", "edit")
    else:
        state.note("sampling", edited.config)
        decoding = edited.config.model_copy(update={"seed": 42 + seed})
        with blocks.kindly("These could not be drawn"), st.spinner("Decoding"):
            found = loaders.samples(run, checkpoint, sentence, n, spread, decoding)
            with st.container(horizontal=True, gap="large"):
                st.metric(
                    "Different", f"{found.unique:.0%}", width="content",
                    help="Share of different sentences among the draws. Low: the decoder ignores "
                    "the code, or decoding is greedy.",
                )  # fmt: skip
                st.metric(
                    "Mean length", f"{found.mean_length:.1f}", width="content",
                    help="Tokens per sentence, end token not counted.",
                )  # fmt: skip
            st.html(sentences.numbered(found.texts))
            st.download_button(
                "CSV", pd.DataFrame({"text": found.texts}).to_csv(index=False),
                f"samples-{run.name}.csv", "text/csv", icon=":material/download:",
                type="tertiary", on_click="ignore",
            )  # fmt: skip
