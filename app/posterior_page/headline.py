"""The numbers that carry the verdict, how the KL falls apart, and what swapped codes cost."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from app import blocks, showing
from app.posterior_page import exports, figures
from app.posteriors import Kept

SHOWN = (
    *("kl", "mutual_information", "kl_aggregated", "active_units"),
    *("z_shuffle", "hole_rate", "reverse_coverage", "covered_units"),
)
# Numbers that are not there for the reason that another is not.
SAME_REASON = {
    "kl_aggregated": "mutual_information",
    "hole_rate": "holes",
    "reverse_coverage": "holes",
    "covered_units": "holes",
}


def draw(kept: Kept) -> None:
    """Numbers, then the two charts behind the verdict."""
    _numbers(kept)
    with blocks.side_by_side():
        with st.container():
            _decomposition(kept)
        with st.container():
            _swaps(kept)


def _numbers(kept: Kept) -> None:
    units = 0 if kept.units is None else len(kept.units)
    labels = {"active_units": f"Active units, of {units}"}
    labels |= {"covered_units": f"Units without holes, of {units}"}
    missing: dict[str, list[str]] = {}
    with st.grid(4, min_column_width=190):
        for name in SHOWN:
            value = kept.scalars.get(name)
            why = "" if value is not None else reason(kept, name)
            blocks.metric(name, value, labels.get(name) if units else None, why=why)
            if why:
                missing.setdefault(why, []).append(blocks.METRICS[name].label)
    for why, names in missing.items():
        st.caption(f"– {', '.join(names)}: {blocks.plain(why)}")


def reason(kept: Kept, name: str) -> str:
    """Why the report lacks a number."""
    fallback = "Not defined for codes of this latent family."
    return kept.absent.get(name) or kept.absent.get(SAME_REASON.get(name, ""), fallback)


def _decomposition(kept: Kept) -> None:
    found = kept.scalars
    if "mutual_information" not in found:
        blocks.empty("No decomposition of the KL", reason(kept, "mutual_information"), "block")
        return
    kl, information = found["kl"], found["mutual_information"]
    n, upper = int(found["mutual_information_n"]), found["mutual_information_upper"]
    cap, bound = math.log(n), max(min(upper, kl), information)
    words = in_words(kl, information, upper, n)
    data = {
        "KL": kl,
        "mutual information": information,
        "mutual information, leave-one-out": upper,
        "KL(q(z) || p(z))": found["kl_aggregated"],
        "ln n": cap,
    }
    blocks.chart(
        figures.decomposition(kl, information, bound, cap),
        "decomposition",
        words,
        pd.DataFrame({"part": list(data), "nats": list(data.values())}),
        config=exports.camera("kl-decomposition"),
    )
    st.caption(words)


def in_words(kl: float, information: float, upper: float, n: int) -> str:
    """The decomposition as sentences: the parts, the cap, and between what the information lies."""
    rest, cap = max(kl - information, 0.0), math.log(n)
    told = (
        f"KL {kl:.2f} = mutual information {information:.2f} + KL(q(z) || p(z)) {rest:.2f} nats. "
        f"From n = {n:,} rows no more than ln n = {cap:.2f} can be seen"
    )
    if information > 0.9 * cap:
        return (
            f"{told}, and the estimate is at that cap: the information lies between {information:.2f} and "
            f"{min(upper, kl):.2f} nats, and more rows would tell."
        )
    return f"{told}; leave-one-out gives {upper:.2f} as a bound from above."


def _swaps(kept: Kept) -> None:
    swap = kept.swap
    differences = swap.swapped - swap.own
    better = int((differences > 0).sum())
    words = showing.current().words(
        f"With another sentence's code reconstruction is {round(swap.cost, 2) + 0.0:.2f} nats a sentence worse "
        f"(standard error {swap.se:.2f}, {len(differences):,} sentences); "
        f"for {better:,} of {len(differences):,} the own code is the better one."
    )
    data = pd.DataFrame(
        {"row": swap.rows, "code of row": swap.partners, "own": swap.own, "swapped": swap.swapped}
    )
    blocks.chart(
        figures.swaps(differences, swap.cost), "swaps", words, data, config=exports.camera("swaps")
    )
    st.caption(words)
