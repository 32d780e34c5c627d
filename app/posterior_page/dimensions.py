"""Every dimension of the code: what it carries, where it lies under the prior, and one of them read aloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import blocks
from app.posterior_page import exports, figures, headline, traversing
from app.posteriors import Kept, Request


@dataclass(frozen=True)
class Ranked:
    """Dimensions from the one that carries most down.

    Attributes:
        order: their places in the code.
        names: of each, in that order.
        values: what they are ranked by.
        title, unit: of the values.
        threshold: below it a dimension is idle; None where no such line can be drawn.
    """

    order: np.ndarray
    names: list[str]
    values: np.ndarray
    title: str
    unit: str
    threshold: float | None


def ranked(kept: Kept) -> Ranked:
    """By KL where it is a sum over dimensions, else by how far codes lie apart."""
    from engine.evaluation.diagnosis import IDLE_NATS

    if kept.kl_per_unit:
        values = np.asarray(kept.kl_per_unit)
        title, unit, threshold = "KL per dimension", "nats", IDLE_NATS
    else:
        values = kept.codes.std(axis=0).astype(float)
        title, unit, threshold = "Deviation of codes per dimension", "as the code", None
    order = np.argsort(-values, kind="stable")
    names = [f"z[{at}]" for at in order]
    return Ranked(order, names, values[order], title, unit, threshold)


def draw(request: Request, kept: Kept) -> None:
    """Charts of all dimensions, then one of them moved through."""
    st.subheader("Dimensions", anchor=False)
    _section(request, kept)


@st.fragment
def _section(request: Request, kept: Kept) -> None:
    # A fragment: a click on a bar draws this part anew and leaves the rest of the page alone.
    found = ranked(kept)
    with blocks.side_by_side():
        with st.container():
            _carried(found, kept, request)
        with st.container():
            _variances(found, kept)
    traversing.draw(request, kept, found.names)
    with blocks.side_by_side():
        with st.container():
            _against_prior(found, kept)
            _deviations(kept)
        with st.container():
            _correlation(kept)


def _carried(found: Ranked, kept: Kept, request: Request) -> None:
    if found.threshold is None:
        told = f"{len(found.names)} dimensions"
        why = kept.absent.get("kl_per_unit") or headline.reason(kept, "kl")
        st.caption(f"– KL per dimension: {blocks.plain(why)}")
    else:
        idle = int((found.values < found.threshold).sum())
        told = f"{idle} of {len(found.names)} dimensions carry under {found.threshold} nats"
    key = traversing.chart_key(request.run.name)
    blocks.chart(
        figures.bars_by_unit(
            found.names, found.values, f"{found.title}, sorted", found.unit, found.threshold
        ),
        key,
        f"{found.title}, from {found.values[0]:.3g} down to {found.values[-1]:.3g} {found.unit}; {told}",
        pd.DataFrame({"dimension": found.names, f"{found.title}, {found.unit}": found.values}),
        config=exports.camera("kl-per-dimension"),
        on_select=lambda: traversing.follow_click(key, found.names),
        selection_mode="points",
    )
    st.caption(f":material/touch_app: {told}. Click a bar to move along that dimension.")


def _variances(found: Ranked, kept: Kept) -> None:
    from engine.evaluation.information import ACTIVE_VARIANCE

    if "active_units" not in kept.scalars or kept.units is None:
        blocks.empty("No active units to count", headline.reason(kept, "active_units"), "block")
        return
    values = kept.units.mean_variance[found.order]
    active = int(kept.scalars["active_units"])
    told = (
        f"{active} of {len(values)} units are active: their posterior mean has a variance of at least "
        f"{ACTIVE_VARIANCE} over {len(kept):,} rows"
    )
    blocks.chart(
        figures.bars_by_unit(
            found.names, values, "Variance of the posterior mean", "", ACTIVE_VARIANCE, log=True
        ),
        "mean-variance",
        told,
        pd.DataFrame(
            {
                "dimension": found.names,
                "variance of the posterior mean": values,
                "part of the variance that tells rows apart": kept.units.snr[found.order],
            }
        ),
        config=exports.camera("active-units"),
    )
    st.caption(f"{told}.")


def _against_prior(found: Ranked, kept: Kept) -> None:
    from engine.evaluation.units import COVERED_NATS

    if (units := kept.units) is None:
        blocks.empty("No dimension against its prior", headline.reason(kept, "units"), "block")
        return
    offset, scale = units.offset[found.order], units.scale[found.order]
    gaps = units.kl_from_prior[found.order]
    hole = np.nan_to_num(gaps) >= COVERED_NATS
    told = (
        f"Means lie {np.abs(offset).max():.2f} prior deviations from the prior's at most, deviations are "
        f"{scale.min():.2f} to {scale.max():.2f} of the prior's"
    )
    if units.dense:
        told += (
            f"; {int(hole.sum())} of {len(units)} dimensions have a hole, "
            f"KL(p(z_j) || q(z_j)) of {COVERED_NATS} nats or more"
        )
    blocks.chart(
        figures.against_prior(found.names, offset, scale, hole),
        "against-prior",
        told,
        pd.DataFrame(
            {
                "dimension": found.names,
                "offset, prior deviations": offset,
                "deviation over the prior's": scale,
                "KL(q||p), nats": units.kl_to_prior[found.order],
                "KL(p||q), nats": gaps,
                "Kolmogorov-Smirnov": units.ks[found.order],
            }
        ),
        config=exports.camera("against-prior"),
    )
    st.caption(f"{blocks.plain(told)}.")


def _deviations(kept: Kept) -> None:
    if kept.deviations is None:
        blocks.empty("No posterior σ", headline.reason(kept, "deviations"), "block")
        return
    counts, edges = kept.deviations.counts, kept.deviations.edges
    middle = (edges[:-1] + edges[1:]) / 2
    mean = float((middle * counts).sum() / max(int(counts.sum()), 1))
    blocks.chart(
        figures.deviations(counts, edges),
        "sigma",
        f"Posterior standard deviations of all dimensions and {len(kept):,} rows, from {edges[0]:.3g} "
        f"to {edges[-1]:.3g}, mean {mean:.3g}",
        pd.DataFrame({"from": edges[:-1], "to": edges[1:], "count": counts}),
        config=exports.camera("sigma"),
    )


def _correlation(kept: Kept) -> None:
    matrix = kept.correlation
    names = [f"z[{at}]" for at in range(len(matrix))]
    rest = np.abs(matrix[~np.eye(len(matrix), dtype=bool)])
    told = "Correlation of codes over the rows"
    if len(rest):
        told += (
            f": {rest.mean():.2f} between two dimensions on average, {rest.max():.2f} at most, "
            "regardless of sign"
        )
    table: Any = pd.DataFrame(matrix, columns=names)
    table.insert(0, "dimension", names)
    blocks.chart(
        figures.correlation(matrix, names),
        "correlation",
        told,
        table,
        config=exports.camera("correlation"),
    )
    st.caption(f"{told}.")
