"""What is selected: how many, of which labels, by which words they differ, their middle, and all of them as a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import blocks, showing, thumbnails
from app.map_page import choosing, lists, loaders, shelf
from app.map_page.loaders import Space
from app.once import once
from engine.explore.selection import Selection, summarise

WORDS, SHARES, MOST_ROWS = 12, 6, 1_000


def panel(space: Space, rows: np.ndarray, how: str) -> None:
    """The summary of a selection, or how to make one.

    Args:
        space: the rows on the map.
        rows: positions of those that are selected.
        how: how it was made, for the slice that may be saved ("PaCMAP of run mine").
    """
    if not len(rows):
        blocks.empty(
            "Nothing selected",
            "Hold Shift and drag around some points, or take the lasso or box above the map.",
            "lasso_select",
        )
        return
    found = summary(space, rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{found.count:,} selected** of {found.of:,}", width="stretch")
        st.button(
            "Clear", icon=":material/close:", type="tertiary", key="map-clear",
            on_click=choosing.choose, args=(space, []), help="Esc on the map does the same.",
        )  # fmt: skip
    _words(found)
    _labels(found)
    _middle(space, rows)
    shelf.save(space, rows, how)


def summary(space: Space, rows: np.ndarray) -> Selection:
    """Counts, label shares and distinctive words."""
    key = f"summary|{space.key}|{loaders.digest(rows)}"
    index = None if showing.of(space.request.run).images else loaders.words(space)
    found = space.found
    return once(key, lambda: summarise(found.texts, rows.tolist(), found.labels, WORDS, index))


def _words(found: Selection) -> None:
    if not found.words:
        return
    words = " ".join(f":gray-badge[{blocks.plain(word.word)}]" for word in found.words)
    st.markdown(
        f"Distinctive words  \n{words}",
        help="More common inside than outside, by the log-odds ratio over its standard error.",
    )


def _labels(found: Selection) -> None:
    """Label shares as bars, inside against everywhere."""
    if not found.labels:
        return
    st.markdown(
        "Labels",
        help="Share of what is selected; the tick is the label's share of all on the map.",
    )
    bars = "".join(
        f'<div class="zs-share"><span>{blocks.escaped(one.label)}</span>'
        f'<i style="--share:{one.share:.4f};--overall:{one.overall:.4f}"></i>'
        f"<b>{one.share:.0%}</b></div>"
        for one in found.labels[:SHARES]
    )
    st.html(f'<div class="zs-shares">{bars}</div>')
    if len(found.labels) > SHARES:
        st.caption(f"Showing {SHARES} of {len(found.labels)} labels.")


def _middle(space: Space, rows: np.ndarray) -> None:
    """The middle of the selection, decoded."""
    with blocks.kindly("Their middle could not be decoded"):
        found: Any = loaders.centroid(space, rows)
        nearest = int(rows[found.nearest])
        st.markdown(
            "Their middle decodes to",
            help="The code in the middle of theirs: the mean of a Gaussian's, a direction on a sphere, the "
            "majority of bits.",
        )
        shown = showing.of(space.request.run).html(found.text, thumbnails.LARGE)
        st.html(f'<div class="zs-sentence zs-said">{shown}</div>')
        st.caption(
            f"They lie {found.spread:.2f} from it (root mean square). Nearest to it, at "
            f"{found.distances[found.nearest]:.2f}:"
        )
        lists.sentences(space, np.array([nearest]), "middle")


def table(space: Space, rows: np.ndarray) -> None:
    """The selected sentences below the map; a click on one shows its point."""
    if not len(rows):
        return
    shown = rows[:MOST_ROWS]
    count = f"{len(shown):,} of {len(rows):,}" if len(shown) < len(rows) else f"all {len(rows):,}"
    nouns = showing.of(space.request.run).nouns
    with st.expander(
        f"The selected {nouns}, showing {count}", icon=":material/table:", key="map-table",
        on_change="rerun",
    ) as opened:  # fmt: skip
        if opened.open:
            _table(space, shown)


def _table(space: Space, rows: np.ndarray) -> None:
    key, shown = f"map-rows-{loaders.digest(rows)}", showing.of(space.request.run)
    st.dataframe(
        shown.table(frame(space, rows), "sentence"), hide_index=True, key=key,
        selection_mode="single-row", height=360, row_height=shown.row_height,
        on_select=lambda: _picked(space, rows, key), alt=f"The selected {shown.nouns}",
        column_config={"sentence": shown.column(shown.noun, width="large")},
    )  # fmt: skip


def _picked(space: Space, rows: np.ndarray, key: str) -> None:
    if picked := st.session_state[key].selection.rows:
        choosing.focus(space, int(rows[picked[0]]))


def frame(space: Space, rows: np.ndarray) -> pd.DataFrame:
    """Rows as a table: what they say and what they cost."""
    found = space.found
    columns: dict[str, Any] = {
        "row": found.indices[rows],
        "sentence": [found.texts[row] for row in rows.tolist()],
    }
    if found.labels:
        columns["label"] = [found.labels[row] for row in rows.tolist()]
    numbers = {"KL": found.kl[rows], "reconstruction": found.reconstruction[rows]}
    columns |= {name: values for name, values in numbers.items() if np.isfinite(values).any()}
    return pd.DataFrame(columns)
