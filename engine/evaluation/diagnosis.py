"""Is the posterior collapsed? The answer in plain words, with its evidence and what to try."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["healthy", "weak", "collapsed", "ignored"]

# Nats under which a code carries next to nothing: a fair coin is 0.69 nats.
COLLAPSED_NATS = 0.5
WEAK_NATS = 2.0
# A unit that carries less than this is idle.
IDLE_NATS = 0.01
WEAK_SHARE = 0.25

REMEDIES = {
    "annealing": "Anneal the KL weight from near 0, so that the decoder learns to use the code "
    "before the code is charged for.",
    "free_bits": "Give free bits, so that the first nats of the code cost nothing.",
    "aggressive": "Train the encoder aggressively, so that the posterior keeps up with the decoder.",
    "word_dropout": "Drop words from the decoder's input, so that it cannot do without the code.",
}
# Where the code is alive already, what helps is what makes the decoder need it.
FOR_THE_DECODER = {
    "word_dropout": REMEDIES["word_dropout"],
    "bag_of_words": "Let the code alone predict which words occur, so that it holds what the decoder "
    "can use.",
}
# What the KL costs changes nothing where the family's KL is a setting, or where there is none.
FIXED_KL = {"vmf"}
ON_THE_KL = {"annealing", "free_bits"}


@dataclass(frozen=True)
class Diagnosis:
    """A verdict on the latent code.

    Attributes:
        state: healthy, weak, collapsed, or ignored: alive, but the decoder does without it.
        words: the verdict and its evidence, one sentence each.
        remedies: names of remedies to try, most promising first; empty for a healthy code.
        advice: one sentence for each remedy.
    """

    state: State
    words: list[str]
    remedies: list[str]
    advice: list[str]


def diagnose(
    scalars: Mapping[str, float],
    kl_per_unit: Sequence[float] = (),
    used: Collection[str] = (),
    family: str = "gaussian",
) -> Diagnosis | None:
    """Judge a code by its KL, its mutual information, its units and what swapping codes costs.

    The information is the mutual information where it was measured, else the KL: a code that costs
    nats but does not tell sentences apart is collapsed too. What swapping codes costs, where it was
    measured, says whether the decoder listens; then units are no longer counted out by the scale of
    their means.

    Args:
        scalars: an evaluation's numbers by their names in METRICS, without the split.
        kl_per_unit: mean KL of each latent unit, nats; empty where it is no sum over units.
        used: names of remedies that the run has already; they are not suggested again.
        family: name of the latent family.

    Returns:
        The verdict; None where neither the KL nor the cost of swapped codes is known.
    """
    kl, cost = scalars.get("kl"), scalars.get("z_shuffle")
    if kl is None and cost is None:
        return None
    if kl is not None and not math.isfinite(kl):
        words = ["The KL is not a finite number: training has diverged."]
        return Diagnosis("collapsed", words, [], [])
    information = math.inf if kl is None else min(kl, scalars.get("mutual_information", kl))
    units = len(kl_per_unit)
    active = scalars.get("active_units")
    share = 1.0 if active is None else active / (units or max(active, 1))
    state = _state(information, share, cost, scalars.get("z_shuffle_se", 0.0))
    free = kl is None or family in FIXED_KL
    useless = {*used, *(ON_THE_KL if free else ())}
    offered = {"healthy": {}, "ignored": FOR_THE_DECODER}.get(state, REMEDIES)
    advice = {name: line for name, line in offered.items() if name not in useless}
    words = [_VERDICTS[state], *_evidence(scalars, kl_per_unit)]
    return Diagnosis(state, words, list(advice), list(advice.values()))


_VERDICTS = {
    "healthy": "The decoder uses the code.",
    "weak": "The decoder makes little use of the code.",
    "collapsed": "The posterior has collapsed: the decoder ignores the code.",
    "ignored": "The code is alive but ignored: it differs between sentences, and the decoder does "
    "without it.",
}


def _state(information: float, active_share: float, cost: float | None, se: float) -> State:
    if information < COLLAPSED_NATS or (active_share == 0 and cost is None):
        return "collapsed"
    if cost is not None:
        if cost + 2 * se < COLLAPSED_NATS:
            return "ignored"
        information = min(information, cost)
    if information < WEAK_NATS or active_share < WEAK_SHARE:
        return "weak"
    return "healthy"


def _evidence(scalars: Mapping[str, float], kl_per_unit: Sequence[float]) -> Iterator[str]:
    kl, information = scalars.get("kl"), scalars.get("mutual_information")
    if kl is not None:
        yield f"The KL is {kl:.2f} nats a sentence."
    units = len(kl_per_unit)
    if units:
        idle = sum(value < IDLE_NATS for value in kl_per_unit)
        yield f"{idle} of {units} dimensions carry under {IDLE_NATS} nats."
        if (active := scalars.get("active_units")) is not None:
            yield f"The posterior mean moves in {active:.0f} of {units} dimensions."
    if kl is not None and information is not None:
        yield _about_information(kl, information, scalars.get("mutual_information_n"))
    if "z_shuffle" in scalars:
        yield _about_swapping(scalars)


def _about_swapping(scalars: Mapping[str, float]) -> str:
    cost = _nats(scalars["z_shuffle"])
    measured = []
    if (se := scalars.get("z_shuffle_se")) is not None:
        measured.append(f"standard error {_nats(se)}")
    if n := scalars.get("z_shuffle_n"):
        measured.append(f"{n:.0f} sentences")
    how = f" ({', '.join(measured)})" if measured else ""
    return f"Swapping codes between sentences changes reconstruction by {cost} nats{how}."


def _nats(value: float) -> str:
    if abs(value) >= 1:
        return f"{value:.1f}"
    return f"{round(value, 2) + 0.0:.2f}"  # not -0.00


def _about_information(kl: float, information: float, n: float | None) -> str:
    told = f"Code and sentence share {max(information, 0):.2f} nats"
    if n and information > 0.9 * math.log(n):
        return f"{told} or more: {n:.0f} rows can show no more than {math.log(n):.2f}."
    if kl >= COLLAPSED_NATS and information < COLLAPSED_NATS:
        return f"{told}: the KL is paid for an offset from the prior that is the same for all."
    return f"{told}."
