"""Attribute: the direction between two groups of sentences slides a sentence, and says how sure it is."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import blocks, charts, jobs, making, navigation, showing, state
from app.creating import material, taking
from app.creating.material import Group
from app.interpolate_page import ends, here, typed
from app.interpolate_page.here import Here
from app.walk import Gauge, Stop, Track, walk

UNITS = 12
# Thirteen places along the direction and ten resampled ones.
SLID = 143
HOW = {"mean": "difference of means", "lda": "discriminant"}
HOW_HELP = (
    "**difference of means**: from the middle of the one group to that of the other.  \n**discriminant**: "
    "also divided by the covariance within the groups, so that what varies anyway counts less."
)


def draw(page: Here) -> None:
    """Choose two groups, type a sentence, slide it."""
    if missing := material.why_not(page.model):
        blocks.empty(f"The {page.shown.nouns} of this run are not here", missing, "database_off")
        making.offer(page.model.run, page.waiting)
        return
    known = material.groups(page.model)
    if known is None or len(known.groups) < 2:
        blocks.empty(
            "Two groups are needed",
            "This data set has neither labels nor slices. Lasso points on the latent map and save them as "
            "two slices.",
            "group_work",
        )
        navigation.link("latent_map", "Open the latent map")
        return
    having, lacking, how, keep = _choose(known)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        a = typed.field("a", f"{page.shown.noun.capitalize()} to slide")
        strategy = here.decoding()
        typed.random_button(page.model, ("a",))
    state.carry(
        "interpolate", a=a, having=having.name, lacking=lacking.name, how=HOW[how], keep=str(keep).lower(),
        decode=strategy,
    )  # fmt: skip
    if having == lacking:
        blocks.empty("Two different groups, please", "Both are the same now.", "compare_arrows")
        return
    if not typed.complete(a):
        return
    vector = _vector(page, known, having, lacking, how, keep)
    if vector is not None:
        _show(page, a, vector, having, lacking, strategy)


def _choose(known: Any) -> tuple[Group, Group, str, bool]:
    names = {str(group): group for group in known.groups}
    bare = {group.name: str(group) for group in reversed(known.groups)}
    options = list(names)
    usual = _usual(known)
    for at, key in enumerate(("having", "lacking")):  # a link carries a bare name
        value = st.session_state.get(key) or st.query_params.get(key)
        st.session_state[key] = bare.get(str(value), value if value in names else usual[at])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        towards = st.selectbox(
            "Towards", options, key="having", persist_state="session",
            help="Sentences that have the attribute: a slice saved on the latent map, or a label.",
        )  # fmt: skip
        away = st.selectbox(
            "Away from", options, key="lacking", persist_state="session",
            help="Sentences that lack it.",
        )  # fmt: skip
        how = st.segmented_control(
            "Direction", list(HOW), default="mean", required=True, key="how", bind="query-params",
            persist_state="session", format_func=HOW.get, help=HOW_HELP,
        )  # fmt: skip
        keep = not showing.current().images and st.toggle(
            "Orthogonal to length", key="keep", bind="query-params", persist_state="session",
            help="At right angles to the direction along which sentences grow longer: a linear guess of "
            "their length stays as it is.",
        )  # fmt: skip
    return names[towards], names[away], how, keep


def _usual(known: Any) -> list[str]:
    """The two largest labels; where there are not two, whatever comes first."""
    labels = [str(group) for group in known.groups if group.kind == "label"]
    return labels if len(labels) > 1 else [str(group) for group in known.groups]


def _vector(page: Here, known: Any, having: Group, lacking: Group, how: str, keep: bool) -> Any:
    """The direction with its resamples, made in the background: both groups are encoded for it."""
    model = page.model
    data = known.corpus.card.fingerprint
    rows = [known.rows(group).tobytes() for group in (having, lacking)]
    key = f"vector:{model.key}|{data}|{having}|{lacking}|{hash(tuple(rows))}|{how}|{keep}"

    def make(progress: jobs.Progress) -> Any:
        from engine.explore.attributes import attribute_vector, direction_of

        groups = []
        for at, group in enumerate((having, lacking)):
            progress(at, 4, f"encoding {group}")
            groups.append(material.codes_of(model, known, group))
        left_alone = []
        if keep:
            progress(2, 4, "the direction of length")
            ours = material.known(model) or material.make(model, None)
            lengths = [len(text.split()) for text in ours.codes.texts]
            left_alone = [direction_of(model.family, ours.codes.codes, lengths)]
        progress(3, 4, f"drawing the {page.shown.nouns} anew, 200 times")
        return attribute_vector(model.family, *groups, how, orthogonal_to=left_alone)  # type: ignore[arg-type]

    return page.waiting.result(key, f"The direction from {lacking.name} to {having.name}", make)


def _show(page: Here, text: str, vector: Any, having: Group, lacking: Group, strategy: str) -> None:
    from engine.explore.slide import slide

    low, high = vector.auc_range
    with st.grid(4, min_column_width=150):
        st.metric(
            "Effect", f"{vector.effect:.2f} σ",
            help="Distance of the two groups' means along the direction, in standard deviations within them.",
        )  # fmt: skip
        st.metric(
            "AUC, left out", f"{vector.auc:.2f} ({low:.2f} to {high:.2f})",
            help=page.shown.words(
                "How often a sentence with the attribute lies farther along than one without, for sentences "
                "that the direction was not made from; 0.5 is chance. In brackets: nine of ten resamples."
            ),
        )  # fmt: skip
        agreement = vector.agreement
        st.metric(
            "Agreement", f"{agreement.mean():.2f} (least {agreement.min():.2f})",
            help="Cosine between the direction and those of 200 bootstrap resamples: 1 if it does not depend "
            f"on which {page.shown.nouns} were drawn.",
        )  # fmt: skip
        st.metric(
            page.shown.nouns.capitalize(), f"{vector.counts[0]:,} / {vector.counts[1]:,}",
            help="With and without the attribute; of larger groups a random 2,000.",
        )  # fmt: skip
    decoding = page.model.decoding(strategy)
    ours = material.known(page.model)
    density = ours.density if ours else None
    asked = ("slide", text, vector.directions.tobytes(), strategy, density is not None)
    with st.skeleton(height=420):
        found = page.model.made(
            asked, SLID, "The slide",
            lambda hosted: slide(
                hosted.model, hosted.tokenizer, text, vector, decoding=decoding, data=density
            ),
            page.waiting,
        )  # fmt: skip
    if found is None:
        return
    ends.ignored([stop.decoded.text for stop in found.stops])
    ends.show({f"The {page.shown.noun}": found.sentence}, 1)
    walk(
        [Track("slide", _stops(found.stops))],
        key=page.key("slide"),
        alt=f"The {page.shown.noun} from 3 σ towards {lacking.name} to 3 σ towards {having.name}",
        gauges=_gauges(having, lacking),
        symbol="s",
        slider=f"Slide from {lacking.name} to {having.name}",
    )
    st.caption(
        f"s: standard deviations along the direction; below 0 towards {blocks.plain(str(lacking))}, above "
        f"towards {blocks.plain(str(having))}. "
        + ("" if page.shown.images else "Marked: what the sentence at s = 0 lacks. ")
        + f"The share: resampled directions that lead to the same {page.shown.noun}."
    )
    _spread(page, vector)
    taking.table(found, f"slide-{page.model.file}", "slide")


def _stops(found: Any) -> list[Stop]:
    """Stops that read alike and are as sure as the one before are folded."""
    stops = [_stop(one) for one in found]
    same = [
        before.text == one.text and before.short == one.short for before, one in pairwise(stops)
    ]
    return [replace(one, folded=like) for one, like in zip(stops, [False, *same], strict=True)]


def _stop(stop: Any) -> Stop:
    share = "" if stop.agreement is None else f"{stop.agreement:.0%}"
    others = ""
    if not showing.current().images:
        others = "; ".join(f"{text} (×{count})" for text, count in stop.others[:2])
    values = {"echo": stop.echo, "similarity": stop.similarity}
    if stop.agreement is not None:
        values["agreement"] = stop.agreement
    return Stop(
        at=f"{stop.s:+.1f}" if stop.s else "0",
        text=stop.decoded.text,
        pieces=stop.decoded.pieces,
        changed=stop.decoded.changed,
        nll=stop.decoded.nll,
        values=values,
        off=stop.decoded.off_data,
        aside=f"other resamples: {others}" if others else "",
        short=share,
    )


def _gauges(having: Group, lacking: Group) -> list[Gauge]:
    return [
        Gauge(
            "echo", "Echo", "σ",
            "Where the written sentence's own code lies along the direction, from the middle of the groups: "
            f"above 0 the model reads it as {having.name}, below as {lacking.name}.",
        ),
        Gauge(
            "similarity", "Similarity", "",
            f"To the one at s = 0. {showing.current().match_help}",
        ),
        Gauge(
            "agreement", "Agreement", "",
            "Share of ten resampled directions that lead to the same sentence.",
        ),
    ]  # fmt: skip


def _spread(page: Here, vector: Any) -> None:
    """The difference of the groups in the units that differ most surely, with its bootstrap error."""
    sure = abs(vector.difference) / vector.difference_se.clip(1e-12)
    units = sorted(sure.argsort()[::-1][:UNITS].tolist(), key=lambda unit: -vector.difference[unit])
    data = pd.DataFrame(
        {
            "unit": [f"z[{unit}]" for unit in units],
            "difference": vector.difference[units],
            "standard error": vector.difference_se[units],
        }
    )
    figure = go.Figure()
    figure.add_bar(
        x=data["unit"],
        y=data["difference"],
        marker={"color": charts.BLUE},
        error_y={"array": 1.96 * data["standard error"], "thickness": 1.5, "width": 4},
        hovertemplate="%{x}: %{y:.3f}<extra></extra>",
    )
    charts.dress(figure, f"Difference of means, the {len(units)} surest units, ± 95 %", height=240)
    figure.update_layout(dragmode=False, hovermode="closest")
    blocks.chart(
        figure,
        page.key("spread"),
        "Difference of the two groups in each unit with its bootstrap error",
        data,
    )
