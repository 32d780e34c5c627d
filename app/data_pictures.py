"""What the Datasets page shows of pictures: what an import will make of them, thumbnails, checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import blocks, charts, loaders, thumbnails
from engine.data.corpus import Card
from engine.data.pictures.checks import PictureChecks

NONE, THUMBNAIL = "(none)", 64
EXCHANGED = {"guess": None, "yes": True, "no": False}
FOR_TEXT = frozenset(
    ("max_characters", "long_texts", "delimiter", "header", "encoding", "bad_bytes")
)
"""Settings of an import that mean nothing for pictures."""


def guessed(path: Path, key: str) -> dict[str, Any]:
    """What a file or folder of pictures seems to be, correctable; the settings that were chosen."""
    left, right = st.columns(2)
    exchanged = right.segmented_control(
        "Exchange light and dark", list(EXCHANGED), default="guess", required=True, key=f"{key}-invert",
        help="Ink must be light on dark. Guessed: pictures whose border is light are exchanged.",
    )  # fmt: skip
    found = loaders.picture_guess(path, path.stat().st_mtime_ns, EXCHANGED[exchanged])
    names = [NONE, *found.label_columns]
    place = names.index(found.label_column) if found.label_column else 0
    chosen = left.selectbox(
        "Labels", names, place, key=f"{key}-label",
        help="Guessed; correct it here. Labels colour the map.",
    )  # fmt: skip
    facts = ["a folder" if found.format == "folder" else found.format.upper()]
    facts += [blocks.size(found.size)] * bool(found.size) + [f"{found.rows:,} pictures"]
    facts.append("light and dark will be exchanged" if found.inverted else "light and dark stay")
    st.caption(" · ".join(blocks.plain(fact) for fact in facts))
    st.html(thumbnails.row((("", uri) for uri in found.preview), THUMBNAIL))
    st.caption(f"The first {len(found.preview)} as they will be kept.")
    return {"label_column": "" if chosen == NONE else chosen, "invert": EXCHANGED[exchanged]}


def gallery(rows: pd.DataFrame) -> None:
    """Pictures with their labels below."""
    labels = rows["label"] if "label" in rows else [""] * len(rows)
    st.html(thumbnails.row(zip(labels, rows["text"], strict=True), THUMBNAIL))


def checks(card: Card, found: PictureChecks) -> None:
    """What there is to know about pictures before training on them."""
    with st.grid(4, min_column_width=140):
        size = (
            next(iter(found.sizes), "–") if len(found.sizes) < 2 else f"{len(found.sizes):,} sizes"
        )
        st.metric(
            "Pixels", size, help="Width and height; all are scaled to the setting Side of a run."
        )
        st.metric(
            "Ink", f"{found.mean_ink:.1%}", help="Mean level of all pixels; 100 % is all white."
        )
        copies = sum(found.duplicates.values())
        st.metric("Duplicates", f"{copies:,}", help="Pictures that came before in the same split.")
        overlap = sum(found.overlap.values())
        st.metric("Held out, also in training", f"{overlap:,}",
                  help="They make held-out numbers look better.")  # fmt: skip
    edges = np.linspace(0, 100, len(found.ink) + 1)
    blocks.chart(
        charts.histogram(edges, found.ink, None, "% of ink", "Ink of a picture, %", "pictures"),
        "ink",
        f"Share of ink of {found.sampled:,} training pictures, {found.mean_ink:.1%} on average",
        pd.DataFrame({"from, %": edges[:-1], "to, %": edges[1:], "pictures": found.ink}),
    )
    labels_and_findings(found, "pictures")


def labels_and_findings(found: Any, noun: str) -> None:
    """How many rows have which label, and all findings in words."""
    if found.labels:
        shown = dict(list(found.labels.items())[:12])
        title = f"Labels, the commonest {len(shown)} of {len(found.labels):,}"
        blocks.chart(
            charts.bars(shown, title, noun), "labels", title,
            pd.DataFrame({"label": found.labels.keys(), noun: found.labels.values()}),
        )  # fmt: skip
    with st.expander("All findings", icon=":material/fact_check:"):
        st.markdown("\n".join(f"- {blocks.plain(line)}" for line in found.sentences()))
