"""Built-in corpora in one click, your own text, and a look into each."""

import streamlit as st

from app import blocks, data_view, loaders, own_data, state
from engine.data.library import BUILTIN

blocks.header("Datasets", "Sentences to learn from: built in, or your own.")
data_view.poll()
cards = {card.name: card for card in loaders.corpora()}

st.subheader("Built in", anchor=False)
with st.grid(4, min_column_width=230):
    for entry in BUILTIN.values():
        data_view.builtin_card(entry, made=entry.name in cards)

st.subheader("Your own", anchor=False)
with st.container(border=True):
    own_data.bring()

st.subheader("On this machine", anchor=False)
if not cards:
    blocks.empty("No data set yet", "Make a built-in one above, or bring your own.", "database")
    st.stop()
if (opened := state.take_note("open-data")) in cards:
    st.session_state["data"] = opened
if st.session_state.get("data") not in cards:
    st.session_state.pop("data", None)
name = st.selectbox(
    "Data set", list(cards), key="data", bind="query-params", label_visibility="collapsed",
    format_func=lambda key: f"{cards[key].title}: {sum(cards[key].rows.values()):,} sentences",
)  # fmt: skip
with st.container(border=True), blocks.kindly(f"{name} cannot be shown"):
    data_view.details(cards[name])
