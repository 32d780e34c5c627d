"""What is drawn and how it is decoded: the controls of the page, and the draw itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import blocks, forms, jobs, loaders, navigation, pictures, showing, state, thumbnails
from app.background import Waiting
from app.creating import material
from app.creating.material import Group
from app.creating.model import Model
from engine.decoding.config import DecodingConfig

PRIOR, AROUND, GROUP = "from the prior", "around a sentence", "from a slice or label"
NUMBERS = (1, 5, 10, 20, 50, 100, 200, 500, 1000)
SQUARES = (1, 4, 9, 16, 36, 64, 100, 144, 256, 400, 1024)
CENTRE = "picture-centre"
SAMPLING, BEAM = {"temperature", "top_k", "top_p"}, {"beam", "length_penalty"}
UNUSED = {"greedy": SAMPLING | BEAM, "sample": BEAM, "beam": SAMPLING}


@dataclass(frozen=True)
class Draw:
    """What is asked for.

    Attributes:
        n: how many sentences.
        decoding: how codes are read; its seed draws them.
        sentence: draws stay around it; empty without one.
        group: draws are of its sentences' posteriors; None without one.
        spread: factor of the draws' distance from the code.
    """

    n: int
    decoding: DecodingConfig
    sentence: str = ""
    group: Group | None = None
    spread: float = 1.0

    @property
    def told(self) -> str:
        """Where the codes come from, in words."""
        if self.group is not None:
            return f"from {self.group}"
        if thumbnails.PICTURE.fullmatch(self.sentence):
            return "around a picture"
        return f"around “{self.sentence}”" if self.sentence else "from the prior"


def choose(model: Model) -> Draw | None:
    """The controls; None while something is missing, which is then said."""
    # Set here and not as the widget's default, because a point of the latent map sets it as well.
    shown = showing.of(model.run)
    st.session_state.setdefault("draw-from", PRIOR)
    if around := state.take_note("around"):
        st.session_state["draw-from"] = AROUND
        st.session_state[CENTRE if shown.images else "centre"] = around
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        source = st.segmented_control(
            "Draw codes", [PRIOR, AROUND, GROUP], required=True, key="draw-from", width="content",
            persist_state="session", format_func=shown.words,
            help=shown.words(
                "The prior is what the model promises that codes look like. Around a sentence and from a group: "
                "draws of posteriors."
            ),
        )  # fmt: skip
        n = st.select_slider(
            "How many", SQUARES if shown.images else NUMBERS, 16 if shown.images else 10,
            key="sample-pictures" if shown.images else "sample-n", persist_state="session", width=260,
            help=f"More than {model.at_once} are drawn in the background.",
        )  # fmt: skip
    sentence, group, spread = "", None, 1.0
    if source != PRIOR:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            if source == AROUND and shown.images:
                if not pictures.kept(CENTRE):
                    st.session_state[CENTRE] = (loaders.pair(model.run, 1) or ("",))[0]
                sentence = pictures.field(model.run, CENTRE, "Around")
            elif source == AROUND:
                sentence = st.text_input(
                    "Sentence", key="centre", persist_state="session",
                    placeholder="Draws stay around this",
                ).strip()  # fmt: skip
            else:
                group = _group(model)
            spread = st.slider(
                "Spread", 0.0, 4.0, 1.0, 0.1, key="spread", persist_state="session", width=260,
                help="1 draws from the posterior; more goes further from the code, 0 is the code itself.",
            )  # fmt: skip
    decoding = _decoding(model)
    if decoding is None:
        return None
    if source == AROUND and not sentence:
        blocks.empty(
            f"A {shown.noun}, please", shown.words("Type one above; draws stay around it."), "edit"
        )
        return None
    if source == GROUP and group is None:
        return None
    return Draw(int(n), decoding, sentence, group, spread)


def _group(model: Model) -> Group | None:
    if missing := material.why_not(model):
        nouns = showing.of(model.run).nouns
        blocks.empty(f"The {nouns} of this run are not here", missing, "database_off")
        navigation.link("data", "Open Datasets")
        return None
    known = material.groups(model)
    if known is None or not known.groups:
        blocks.empty(
            "No slices and no labels",
            "Lasso points on the latent map and save them as a slice.",
            "group_work",
        )
        navigation.link("latent_map", "Open the latent map")
        return None
    names = {str(one): one for one in known.groups}
    if st.session_state.get("draw-group") not in names:
        st.session_state.pop("draw-group", None)
    chosen = st.selectbox(
        "Slice or label", list(names), key="draw-group", persist_state="session",
        help=f"Each draw is of the posterior of a random {showing.of(model.run).noun} of it.",
    )  # fmt: skip
    return names[chosen]


def _decoding(model: Model) -> DecodingConfig | None:
    start = state.seen_note("sampling") or DecodingConfig(
        strategy="sample", temperature=0.8, max_tokens=loaders.max_tokens(model.run)
    )
    basic, more = st.container(), st.expander("More about decoding", type="compact")
    strategy = st.session_state.get("sampling.strategy", start.strategy)
    edited = forms.edit(start, "sampling", basic, more, kept={"seed"} | UNUSED[strategy])
    for problem in edited.problems:
        st.error(blocks.plain(problem))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state.setdefault("sample-seed", 42)
        seed = st.number_input(
            "Seed", 0, 2**31 - 2, key="sample-seed", persist_state="session", width=150,
            help="The same seed and settings draw the same.",
        )  # fmt: skip
        st.button(
            "Draw again", icon=":material/casino:", type="primary", key="draw-again", on_click=_next,
            disabled=edited.config is None,
            help="With the next seed." if edited.config else "Mend the setting marked in red first.",
        )  # fmt: skip
    if edited.config is None:
        blocks.empty("Nothing drawn", "Mend the setting marked in red.", "edit_off")
        return None
    state.note("sampling", edited.config)
    return edited.config.model_copy(update={"seed": int(seed)})


def _next() -> None:
    st.session_state["sample-seed"] = int(st.session_state["sample-seed"]) + 1


def drawn(model: Model, draw: Draw, waiting: Waiting) -> Any | None:
    """The decoded draws; many are drawn in the background, and None until they are there."""
    rows = _rows(model, draw)
    asked = (
        "samples",
        draw.told,
        draw.sentence,
        None if rows is None else rows.tobytes(),
        draw.n,
        draw.spread,
    )
    question = (*asked, draw.decoding.model_dump_json())
    if draw.n <= model.at_once:
        return model.ask(question, lambda hosted: _draw(model, hosted, draw, rows, None))

    def make(progress: jobs.Progress) -> Any:
        hosted = model.hosted()
        with hosted.turn():
            return _draw(model, hosted, draw, rows, hosted.giving_way(progress))

    key = f"samples:{model.key}|{hash(question)}"
    return waiting.result(key, f"{draw.n:,} {showing.of(model.run).nouns} {draw.told}", make)


def _rows(model: Model, draw: Draw) -> Any | None:
    if draw.group is None:
        return None
    known = material.groups(model)
    return None if known is None else known.rows(draw.group)


def _draw(model: Model, hosted: Any, draw: Draw, rows: Any, progress: Any) -> Any:
    from engine.explore.sampling import around, from_prior, from_rows, in_parts
    from engine.runs.material import split_of

    network, tokenizer = hosted.model, hosted.tokenizer
    tokens = None if draw.group is None else split_of(model.run, hosted.config, draw.group.split)

    def some(n: int, decoding: DecodingConfig) -> Any:
        if tokens is not None:
            return from_rows(network, tokenizer, tokens, rows, n, decoding, draw.spread)
        if draw.sentence:
            return around(network, tokenizer, draw.sentence, n, decoding, draw.spread)
        return from_prior(network, tokenizer, n, decoding)

    return in_parts(some, draw.n, draw.decoding, model.at_once, progress)
