"""What the picture means, in words: collapsed, lagging, caught up."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import blocks, showing
from app.mean_space_page.shots import Shots
from engine.evaluation.means import summary
from engine.explore.mean_space import Film

SPREAD, AGREES = 0.1, 0.9
MEANING = (
    "Across: where the model puts a sentence's code, the mean of its true posterior p(z|x). Up: where the "
    "encoder puts it, the mean of q(z|x). **At the origin** the code says nothing: the posterior has collapsed. "
    "**Along the horizontal** the model tells sentences apart and the encoder does not follow: it lags. "
    "**On the diagonal** the encoder has caught up. He et al. 2019."
)


def told(shots: Sequence[Shots], films: Sequence[Film], live: bool) -> None:
    """How to read it, and what each run shows at its last moment."""
    st.caption(showing.of(shots[0].run).words(MEANING))
    for one in shots:
        last = one.taken[-1]
        name = (
            f"**{blocks.plain(one.run.name)}**, {moment(last.moment)}: " if len(shots) > 1 else ""
        )
        said = verdict(summary(last.means))
        st.caption(f"{name}{said}" if name else said[0].upper() + said[1:])
    doubtful = int(sum(film.doubtful[-1].sum() for film in films))
    if doubtful:
        st.caption(
            f"{doubtful:,} of the model's means rest on fewer than ten effective samples and are drawn "
            "faint: more samples (training.mean_space.samples), or a posterior nearer the model's, would help."
        )
    if live:
        st.caption(":material/radio_button_checked: Live: new moments appear as they are recorded.")


def moment(value: float) -> str:
    """What the scrubber calls a moment."""
    whole = f"step {int(value):,}"
    return whole if value == int(value) else f"{whole}, encoder ahead"


def verdict(found: dict[str, float]) -> str:
    """One sentence about a snapshot."""
    model, inference = found["model_mean_spread"], found["inference_mean_spread"]
    correlation = found.get("mean_correlation")
    numbers = f"the model's means spread by {model:.2f}, the encoder's by {inference:.2f}"
    if model < SPREAD and inference < SPREAD:
        return f"at the origin, collapsed ({numbers})."
    if inference < SPREAD * model or correlation is None:
        return f"the encoder lags behind ({numbers})."
    agrees = f"{numbers}, correlation {correlation:.2f}"
    if correlation > AGREES:
        return f"near the diagonal, the encoder keeps up ({agrees})."
    return f"between lag and agreement ({agrees})."
