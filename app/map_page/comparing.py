"""A second run or checkpoint beside the first: the same rows, one selection, whose neighbours have changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from app import blocks, jobs, loaders, navigation
from app import latent_map as maps
from app.background import Waiting
from app.map_page.loaders import Space, of_file, space
from app.once import once
from engine.explore.comparison import Alignment, Change
from engine.maps import codes
from engine.maps import comparing as kept
from engine.maps.comparing import Comparison


@dataclass(frozen=True)
class Pair:
    """Two spaces of the same rows.

    Attributes:
        left, right: row i of both is the same sentence.
        change: of the neighbourhoods.
        align: whether the right map shall be laid on the left one.
    """

    left: Space
    right: Space
    change: Change
    align: bool


def choose(one: Space, waiting: Waiting) -> Pair | None:
    """The controls of the other side; both sides, once they are encoded and compared."""
    run = one.request.run
    others = {other.name: other for other in loaders.runs() if _fits(other, run)}
    if not others:
        blocks.empty(
            "Nothing to compare with",
            "No other run on the same data has a checkpoint yet, and this one has kept no second.",
            "compare",
        )
        navigation.link("train", "Train another one")
        return None
    other, checkpoint, align = _controls(one, others)
    if other is None:
        return None
    request = replace(one.request, run=other, checkpoint=checkpoint)
    found = _found(one.request, request)
    if found is None:
        key = f"compare:{one.request.mark}:{request.mark}:{other.name}"
        work = partial(_compare, one.request, request)
        waiting.begin(key, f"Comparing {run.name} and {other.name}", work)
        return None
    there = space(request)
    assert there is not None
    left, right = one.taken(found.left, request.mark), there.taken(found.right, one.request.mark)
    return Pair(left, right, found.change, align)


def _fits(other: Any, run: Any) -> bool:
    """Whether a run has learned from the same data, and a checkpoint that is not this page's own."""
    if loaders.data_name(other) != loaders.data_name(run):
        return False
    return len(other.checkpoints()) > (1 if other == run else 0)


def _controls(one: Space, others: dict[str, Any]) -> tuple[Any, str, bool]:
    names = sorted(others, key=lambda name: (name == one.request.run.name, name))
    with (
        st.popover("Compare with", icon=":material/compare:", key="map-compare"),
        st.container(width=320, gap="small"),
    ):
        name = st.selectbox(
            "Run", names, key="with", bind="query-params", persist_state="session",
            help="Runs that have learned from the same data, and this one at another checkpoint.",
        )  # fmt: skip
        own = one.request.checkpoint if name == one.request.run.name else None
        checkpoints = [each for each in others[name].checkpoints() if each != own]
        checkpoint = st.selectbox(
            "Checkpoint", checkpoints, key="at", bind="query-params", persist_state="session"
        )
        align = st.toggle(
            "Align the two maps", True, key="map-align", persist_state="session",
            help="Turn, mirror, stretch and shift the right map so that it lies on the left one as well "
            "as it can (Procrustes). What still differs then is no matter of the view.",
        )  # fmt: skip
    return others[name], checkpoint, align


def _found(left: codes.Request, right: codes.Request) -> Comparison | None:
    file = kept.file_of(left, right)
    return of_file(file, lambda: kept.find(left, right))


def _compare(left: codes.Request, right: codes.Request, progress: jobs.Progress) -> None:
    kept.compare(left, right, loaders.host(), progress)


def told(change: Change) -> None:
    """The mean change as a badge."""
    sampled = f"{change.n:,} of {change.of:,}" if change.n < change.of else f"{change.n:,}"
    st.badge(
        f"neighbourhood change {change.mean:.2f}", color="gray",
        help=f"1 - shared / all of the {change.k} nearest before and after, in the latent space, mean over "
        f"{sampled} sentences. 0: all neighbours are the same. 1: none is.",
    )  # fmt: skip


def aligned(
    pair: Pair, left: maps.Points, right: maps.Points
) -> tuple[maps.Points, Alignment | None]:
    """The right map laid on the left one, if that is asked for and possible."""
    from engine.explore.comparison import align

    flat = [float(np.ptp(each.xy, axis=0).max()) == 0 for each in (left, right)]
    if not pair.align or any(flat):
        return right, None
    key = f"aligned|{pair.left.key}|{pair.right.key}|{left.blob.digest}|{right.blob.digest}"

    def lay() -> tuple[maps.Points, Alignment]:
        found = align(right.xy, left.xy)
        xy = found.coordinates.astype(np.float32)
        return maps.Points(xy, right.title), found

    return once(key, lay)


def align_told(found: Alignment) -> None:
    """How well one map lies on the other."""
    turned = f"turned by {found.degrees:.0f}°" + (", mirrored" if found.reflected else "")
    st.badge(
        f"misfit {found.disparity:.0%}", color="gray",
        help=f"Share of the left map's sum of squares that the right one does not fit, {turned} and "
        f"stretched by {found.scale:.2f}. 0 %: the two maps coincide. 100 %: they have nothing in common.",
    )  # fmt: skip
