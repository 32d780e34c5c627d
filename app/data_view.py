"""The Datasets page's parts: built-in corpora, looking into one; one's own are in own_data."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, charts, data_pictures, drafts, jobs, loaders, making, navigation, state
from engine.data.corpus import NOUNS, SPLITS, Card, delete
from engine.data.library import Builtin

SHOWN = {"text": 20, "images": 60}


def poll() -> None:
    """Progress of what is being made; the page is drawn anew when something is done."""
    blocks.when_job_ends(making.PREFIX, _made)
    if jobs.live(making.PREFIX):
        st.fragment(_progress, run_every=1.0)()


def _progress() -> None:
    for job in jobs.live(making.PREFIX):
        blocks.job_progress(job)
    if jobs.ended(making.PREFIX):
        st.rerun()


def _made(job: jobs.Job) -> None:
    state.note("open-data", job.result.name)
    st.toast(f"{job.result.name} is ready", icon=":material/check_circle:")


# -- built in ---------------------------------------------------------------------------------------


def builtin_card(entry: Builtin, made: bool) -> None:
    """A corpus that is there without a download: made with one click, then opened."""
    with st.container(border=True, gap="small", height="stretch"):
        st.markdown(f"**{entry.title}**")
        st.caption(entry.help)
        about = f"about {entry.rows:,} {NOUNS[entry.kind]} · label: {entry.label}"
        st.html(f'<div class="zs-facts">{blocks.escaped(about)}</div>')
        st.space("stretch")
        if made:
            if st.button("Open", key=f"open-{entry.name}", icon=":material/check_circle:"):
                state.note("open-data", entry.name)
                st.rerun()
            return
        busy = (job := jobs.find(making.key(entry.name))) is not None and job.live
        if st.button("Make", key=f"make-{entry.name}", disabled=busy, icon=":material/add:",
                     help="It is being made." if busy else "On this machine, in a minute or two."):  # fmt: skip
            making.begin(entry.name)
            st.rerun()


# -- one data set -----------------------------------------------------------------------------------


def summary(card: Card) -> str:
    """A data set in a list: its title and how much of what it holds."""
    return f"{card.title}: {sum(card.rows.values()):,} {NOUNS[card.kind]}"


def details(card: Card) -> None:
    """Where it is from, its splits, rows, checks; train on it, delete it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(blocks.plain(card.title), anchor=False, width="stretch")
        if st.button("Train on this", type="primary", icon=":material/add_circle:", key="train-on"):
            drafts.follow(card.name)
            navigation.go("train")
        if st.button("Delete", icon=":material/delete:", key="delete-data"):
            _confirm_delete(card)
    facts = [card.source, card.licence, *card.notes]
    st.caption(" · ".join(blocks.plain(fact) for fact in facts if fact))
    with st.grid(4, min_column_width=120):
        for split in SPLITS:
            st.metric(charts.SPLIT_NAMES[split].capitalize(), f"{card.rows.get(split, 0):,}")
        label = card.label_column or "none"
        st.metric("Label column", label, help="What colours the latent map.")
    if card.encoding_problems:
        with st.expander(
            f"{len(card.encoding_problems)} encoding problems", icon=":material/warning:"
        ):
            st.markdown(
                "\n".join(f"- {blocks.plain(problem)}" for problem in card.encoding_problems)
            )
    noun = NOUNS[card.kind]
    rows, checks = st.tabs([noun.capitalize(), "Checks"], key="data-tabs", on_change="rerun")
    if rows.open:
        with rows:
            _rows(card)
    if checks.open:
        with (
            checks,
            st.spinner(f"Looking through {sum(card.rows.values()):,} {noun}", show_time=True),
        ):
            found = loaders.checks(card.name, card.fingerprint)
        with checks:
            (data_pictures.checks if card.kind == "images" else _checks)(card, found)


@st.dialog("Delete this data set?", icon=":material/delete:")
def _confirm_delete(card: Card) -> None:
    st.markdown(
        f"**{blocks.plain(card.title)}** with its {sum(card.rows.values()):,} {NOUNS[card.kind]} will be gone from "
        "this machine. Runs that learned from it stay, but their maps need it."
        + (" It can be made again." if card.builtin else "")
    )
    with st.container(horizontal=True):
        if st.button("Delete it", type="primary", key="really-delete-data"):
            blocks.attempt(lambda: delete(card.name), f"{card.name} could not be deleted")
            st.rerun()
        if st.button("Keep it", key="keep-data"):
            st.rerun()


def _rows(card: Card) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.segmented_control(
            "Split", list(SPLITS), default="train", required=True, key="preview-split",
            format_func=lambda name: charts.SPLIT_NAMES[name],
        )  # fmt: skip
        seed = int(state.seen_note("preview-seed") or 0)
        st.button("Others", icon=":material/shuffle:", key="others", help=f"Other random {NOUNS[card.kind]}",
                  on_click=lambda: state.note("preview-seed", seed + 1))  # fmt: skip
    shown = SHOWN[card.kind]
    found = loaders.some_rows(card.name, card.fingerprint, split, shown, seed)
    if card.kind == "images":
        data_pictures.gallery(found)
    else:
        st.dataframe(found, hide_index=True, alt=f"Sentences of {card.name}")
    of = f"{card.rows.get(split, 0):,} {NOUNS[card.kind]}"
    st.caption(f"Showing {len(found):,} random of {of}.")


def _checks(card: Card, found: Any) -> None:
    longest = max(2, len(found.lengths) - 1)
    cut = st.slider(
        "Cut sentences at", 1, longest, min(found.max_tokens, longest), key=f"cut-{card.name}",
        help="Tokens, start and end not counted: the setting Max tokens of a new run.",
    )  # fmt: skip
    over = sum(found.lengths[cut + 1 :]) / max(1, found.sampled)
    with st.grid(4, min_column_width=140):
        st.metric(
            "Truncated", f"{over:.1%}", help=f"Share of sentences with more than {cut} tokens."
        )
        copies = sum(found.duplicates.values())
        st.metric("Duplicates", f"{copies:,}", help="Texts that came before in the same split.")
        overlap = sum(found.overlap.values())
        st.metric(
            "Held out, also in training",
            f"{overlap:,}",
            help="They make held-out numbers look better.",
        )
        known = found.coverage.get("valid", found.coverage.get("train", 1.0))
        st.metric(
            "Vocabulary coverage", f"{known:.1%}",
            help=f"Share of validation tokens among the {found.vocabulary:,} that words of training give.",
        )  # fmt: skip
    edges, counts = charts.binned(found.lengths)
    blocks.chart(
        charts.histogram(edges, counts, cut, "tokens"),
        "lengths",
        f"Lengths of {found.sampled:,} training sentences; {over:.1%} have more than {cut} tokens",
        pd.DataFrame({"from": edges[:-1], "to": edges[1:], "sentences": counts}),
    )
    data_pictures.labels_and_findings(found, "sentences")
