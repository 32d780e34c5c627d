"""One dimension: where codes lie along it, and a sentence moved from -3 to 3 deviations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from app import blocks, charts, loaders, pictures, showing, state
from app.background import Waiting
from app.creating.model import Model
from app.posterior_page import exports, figures, headline
from app.posteriors import Kept, Request

UNIT, CHOSEN = "unit", "unit-chosen-by-name"
STOPS = 13
FALLBACK = "Return the number of items in the list."
DIVERGENCES = ("KL(q‖p)", "KL(p‖q)")
CODES, PRIOR = "the sentences' codes", "the prior"


def chart_key(run: str) -> str:
    """Of the chart whose bars are clicked; another one once the dimension was chosen elsewhere."""
    return f"kl-per-dimension-{run}-{state.seen_note(CHOSEN) or 0}"


def _chosen_by_name() -> None:
    # A chart with another key is mounted anew, without the bar that was clicked before.
    state.note(CHOSEN, (state.seen_note(CHOSEN) or 0) + 1)


def follow_click(chart: str, names: Sequence[str]) -> None:
    """The bar that was clicked is the dimension that is shown."""
    # A chart that is mounted anew reports an empty selection: that must not change the dimension.
    if points := st.session_state[chart].selection.points:
        st.session_state[UNIT] = names[int(points[0]["x"])]


def draw(request: Request, kept: Kept, names: Sequence[str]) -> None:
    """Choose a dimension and a sentence; its facts and its traversal."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            if st.session_state.get(UNIT) not in names:
                st.session_state.pop(UNIT, None)
            name = st.selectbox(
                "Dimension", names, key=UNIT, bind="query-params", width=150,
                help="Or click a bar above. Sorted as in the chart.", on_change=_chosen_by_name,
                persist_state="session",
            )  # fmt: skip
            text = _moved(request)
            scale = _scale(kept)
        rows = {"health-split": charts.SPLIT_NAMES[request.split], "health-rows": str(request.n)}
        state.carry("posterior", unit=name, **rows)
        unit = int(name[2:-1])
        with blocks.side_by_side():
            with st.container():
                _facts(kept, unit, name)
            with st.container():
                if text:
                    _traversal(request, kept, text, unit, scale)
                else:
                    noun = showing.of(request.run).noun
                    blocks.empty(f"A {noun}, please", "Give the one to move.", "edit")


def _moved(request: Request) -> str:
    """What is moved: typed or chosen."""
    run = request.run
    if showing.of(run).images:
        key = f"picture-moved-{run.name}"
        if not pictures.kept(key):
            st.session_state[key] = (loaders.pair(run, 0) or ("",))[0]
        return pictures.field(run, key, "Picture")
    example = (loaders.pair(run, 0) or (FALLBACK,))[0]
    return st.text_input(
        "Sentence", example, key=f"moved-{run.name}", persist_state="session",
        help="Its code is moved along the dimension; the rest of the code stays as it is.",
    ).strip()  # fmt: skip


def _scale(kept: Kept) -> str:
    """Whose deviation the stops are counted in; the prior's only where a dimension has one of its own."""
    # Not of a bit, nor of a proportion, whose prior is one of logits.
    own = kept.units is not None and len(kept.units.edges) and kept.units.names[0] == "z[0]"
    if not own:
        return CODES
    return str(
        st.segmented_control(
            "σ of",
            [CODES, PRIOR],
            default=CODES,
            required=True,
            key="sigma-of",
            persist_state="session",
            format_func=showing.current().words,
            help="What -3 to 3 deviations are counted in. A dimension that carries nothing has codes within a "
            "hair's breadth: the prior's deviation then shows whether the decoder would listen.",
        )  # fmt: skip
    )


def _facts(kept: Kept, unit: int, name: str) -> None:
    if (units := kept.units) is None:
        why = headline.reason(kept, "units")
        blocks.empty(f"{name} has no prior of its own", why, "block")
        return
    bins, name = units.edges, units.names[unit]
    masses, prior = units.masses[unit], units.prior_masses[unit]
    words = (
        f"{name}: the aggregated posterior has mean {units.offset[unit]:.2f} and deviation "
        f"{units.scale[unit]:.2f}, in deviations of the prior"
    )
    blocks.chart(
        figures.density(bins, masses, prior, f"{name} against its prior"),
        "density",
        words,
        _bins(bins, masses, prior),
        config=exports.camera(f"dimension-{unit}"),
    )
    with st.grid(4, min_column_width=90):
        if kept.kl_per_unit:
            help_ = "Mean KL(q(z_j|x) || p(z_j)) over the rows, nats: what the dimension costs."
            st.metric("KL", blocks.number(kept.kl_per_unit[unit], 3), help=help_)
        for label, values, help_ in _measures(kept):
            st.metric(label, blocks.number(float(values[unit]), 3), help=blocks.plain(help_))
    if not units.dense:
        why = blocks.plain(headline.reason(kept, "kl"))
        st.caption(f"– {DIVERGENCES[0]}, {DIVERGENCES[1]}: {why}")


def _measures(kept: Kept) -> list[tuple[str, Any, str]]:
    """Label, values and definition of what is known of single dimensions."""
    from engine.evaluation.units import Units

    units = kept.units
    assert units is not None
    about = {
        "Offset": "offset",
        "Scale": "scale",
        "Signal": "snr",
        DIVERGENCES[0]: "kl_to_prior",
        DIVERGENCES[1]: "kl_from_prior",
        "KS": "ks",
    }
    return [
        (label, getattr(units, name), (getattr(Units, name).__doc__ or "").splitlines()[0])
        for label, name in about.items()
    ]


def _bins(edges: Any, masses: Any, prior: Any) -> pd.DataFrame:
    if not len(edges):
        return pd.DataFrame({"bit": ["0", "1"], "q(z)": masses, "p(z)": prior})
    bounds = [float("-inf"), *edges, float("inf")]
    return pd.DataFrame({"from": bounds[:-1], "to": bounds[1:], "q(z)": masses, "p(z)": prior})


def _traversal(request: Request, kept: Kept, text: str, unit: int, scale: str) -> None:
    from engine.explore.arithmetic import arithmetic_of
    from engine.explore.traversal import unit_axes
    from engine.models.latents import LATENTS

    kind = arithmetic_of(LATENTS[kept.family])
    axis = unit_axes(kind, kept.codes)[unit]
    if scale == PRIOR and kept.units is not None:
        centre, width = kept.units.prior_mean[unit], kept.units.prior_variance[unit] ** 0.5
        axis = replace(axis, mean=float(centre), sigma=float(width))
    with blocks.kindly("It could not be moved"), st.spinner("Decoding"):
        found = _found(request, text, axis)
    if found is not None:
        _read(found, axis, scale)


def _found(request: Request, text: str, axis: Any) -> Any | None:
    """The traversal; None while it is made in the background."""
    from engine.explore.traversal import traverse

    model = Model(request.run, request.checkpoint)
    decoding, waiting = model.decoding("greedy"), Waiting(st.container())
    found = model.made(
        ("traversal", text, axis.name, axis.mean, axis.sigma), STOPS, f"Decoding {STOPS} pictures",
        lambda hosted: traverse(
            hosted.model, hosted.tokenizer, text, [axis], "deviations", STOPS, decoding
        )[0],
        waiting,
    )  # fmt: skip
    waiting.draw()
    return found


def _read(found: Any, axis: Any, scale: str) -> None:
    bits = len(found.places) == 2
    st.markdown(
        f"**{found.axis} from {'0 to 1' if bits else '-3σ to 3σ'}**",
        help=showing.current().words(
            "Decoded greedily; the rest of the code stays as it is. -log p(sentence given code) beside it, nats."
            + (
                ""
                if showing.current().images
                else " What the sentence's own code does not say is marked."
            )
        ),
    )
    labels = [f"{place:.0f}" if bits else _in_deviations(place, axis) for place in found.places]
    st.html(_strip(found, labels))
    st.caption(f"{_about(found)} {'' if bits else _about_scale(axis, scale)}")
    shown = showing.current()
    table = pd.DataFrame(
        {
            "place": found.places,
            shown.noun: [stop.text for stop in found.stops],
            "nats": [stop.nll for stop in found.stops],
        }
    )
    blocks.table(table, "traversal-table", f"{found.axis}, place by place", x=(shown.noun,))


def _about(found: Any) -> str:
    own, shown = found.sentence.reconstruction, showing.current()
    told = f"The {shown.noun} itself lies at {found.here:.2f}"
    told += "." if shown.images else f"; its own code reads “{blocks.plain(own)}”."
    if found.distinct == 1:
        same = shown.words(f"All {len(found.stops)} read the same")
        return f"{told} {same}: alone, this dimension changes nothing here."
    return f"{told} {found.distinct} different {shown.nouns} in {len(found.stops)} places."


def _about_scale(axis: Any, scale: str) -> str:
    return f"σ of {showing.current().words(scale)}: {axis.sigma:.3g}, around {axis.mean:.3g}."


def _in_deviations(place: float, axis: Any) -> str:
    """A place in deviations from the middle."""
    far = round((place - axis.mean) / max(axis.sigma, 1e-12), 1)
    return f"{far:+.1f}σ" if far else "0"


def _strip(found: Any, labels: Sequence[str]) -> str:
    """Stops as a table; neighbours that read the same are one row."""
    rows = [_row(found.stops, group, labels) for group in _folded(found.stops)]
    return showing.current().strip(rows, f"Traversal of {found.axis}")


def _folded(stops: Sequence[Any]) -> list[range]:
    starts = [at for at in range(len(stops)) if at == 0 or stops[at].text != stops[at - 1].text]
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(stops)], strict=True)]


def _row(stops: Sequence[Any], group: range, labels: Sequence[str]) -> tuple[str, str, str]:
    stop, last = stops[group[0]], group[-1]
    label = labels[group[0]] if len(group) == 1 else f"{labels[group[0]]} to {labels[last]}"
    shown = showing.current().marked(stop.text, stop.pieces, stop.changed)
    return label, shown, f"{stop.nll:.1f}"
