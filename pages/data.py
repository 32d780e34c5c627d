"""Built-in corpora in one click, published ones by name, your own text or images, and a look into each."""

import streamlit as st

from app import blocks, data_by_name, data_view, loaders, own_data, showing, state
from engine.data.library import BUILTIN

blocks.header("Datasets", "Sentences or pictures to learn from: built in, published, or your own.")
data_view.poll()
cards = {card.name: card for card in loaders.corpora()}

st.subheader("Built in", anchor=False)
with st.grid(4, min_column_width=230):
    for entry in BUILTIN.values():
        data_view.builtin_card(entry, made=entry.name in cards)

st.subheader("By name", anchor=False)
with st.container(border=True):
    data_by_name.section(cards)

st.subheader("Your own", anchor=False)
with st.container(border=True):
    own_data.bring()

st.subheader("On this machine", anchor=False)
if not cards:
    blocks.empty(
        "No data set yet", "Make a built-in one above, download one, or bring your own.", "database"
    )
    st.stop()
if (opened := state.take_note("open-data")) in cards:
    st.session_state["data"] = opened
if st.session_state.get("data") not in cards:
    st.session_state.pop("data", None)
name = st.selectbox(
    "Data set", list(cards), key="data", bind="query-params", label_visibility="collapsed",
    format_func=lambda key: data_view.summary(cards[key]),
)  # fmt: skip
shown = showing.of_kind(cards[name].kind)
with st.container(border=True), blocks.kindly(f"{name} cannot be shown"), showing.about(shown):
    data_view.details(cards[name])
