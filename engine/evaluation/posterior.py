"""Posterior health: everything that a page shows of q(z|x), computed once from one encoding."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch.distributions import Independent, Normal
from torch.distributions.transformed_distribution import TransformedDistribution

from engine.evaluation.aggregate import Aggregate, aggregate
from engine.evaluation.diagnosis import Diagnosis, diagnose
from engine.evaluation.holes import Holes, find_holes
from engine.evaluation.information import active_units, mutual_information
from engine.evaluation.swapping import Swap, swap_codes
from engine.evaluation.units import Units, units_of, why_none

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.evaluation.mode import Progress
    from engine.models.vae import VAE

Floats = NDArray[np.float64]

_BINS = 60
NO_DENSITY = (
    "Codes of this latent family are points without a density: they have no KL, no mutual information "
    "and no q(z) to look for holes in."
)


@dataclass(frozen=True)
class Histogram:
    """How often values fall where: counts (B,) between edges (B + 1,)."""

    counts: NDArray[np.int64]
    edges: Floats


@dataclass(frozen=True)
class PosteriorReport:
    r"""A posterior in numbers and arrays; what a latent family lacks is None, with the reason in ``absent``.

    Attributes:
        encoded: the rows behind it, with their posteriors, for whatever else is asked of them.
        scalars: by their names in METRICS; :math:`KL = MI + KL(q(z)\|p(z))` are kl, mutual_information
            (with _upper and _n) and kl_aggregated.
        kl_per_unit: mean KL of each unit, nats; empty where the KL is no sum over units.
        units: each unit's aggregated posterior against its prior.
        deviations: posterior standard deviations, of all units and sentences together.
        correlation: of the codes' units over sentences, (Z, Z); 0 where a unit does not vary.
        swap: reconstruction with codes swapped between sentences.
        holes: prior draws where no sentence's code is.
        diagnosis: the verdict, with its evidence and what to try.
        absent: what is not there, by the names above or in METRICS, and why, a sentence each.
    """

    encoded: Aggregate
    scalars: dict[str, float]
    kl_per_unit: list[float]
    units: Units | None
    deviations: Histogram | None
    correlation: Floats
    swap: Swap
    holes: Holes | None
    diagnosis: Diagnosis | None
    absent: dict[str, str] = field(default_factory=dict)


def posterior_report(
    model: VAE,
    tokens: Tokens,
    limit: int | None = 2000,
    *,
    swaps: int = 500,
    draws: int = 2000,
    used: Collection[str] = (),
    family: str = "gaussian",
    seed: int = 42,
    progress: Progress | None = None,
) -> PosteriorReport:
    """Encode random rows once and look at their posteriors from every side.

    Args:
        model: a text VAE.
        tokens: one tokenised split.
        limit: how many random rows; all of them where absent.
        swaps: how many of these exchange their codes.
        draws: of the prior, where holes are looked for.
        used: names of remedies that the run has already.
        family: name of the latent family.
        seed: of rows and draws.
        progress: told what is being done; whatever it raises ends the work.

    Raises:
        DataError: there are fewer than two rows.
    """
    encoded = aggregate(model, tokens, limit, seed=seed, progress=progress)
    swap = swap_codes(model, tokens, encoded, swaps, seed=seed, progress=progress)
    tell = progress or _to_nobody
    tell(0, None, "mutual information")
    per_unit = _kl_per_unit(encoded)
    scalars = {"reconstruction": float(swap.own.mean()), "rows": float(len(encoded))}
    scalars |= _information(encoded) | swap.scalars()
    tell(0, None, "looking for holes")
    units = units_of(encoded)
    holes = find_holes(model, encoded, draws, seed, units) if encoded.has_density else None
    scalars |= holes.scalars() if holes else {}
    if counted := _counted(model, encoded, units):
        scalars["active_units"] = float(active_units(counted.mean_variance))
    deviations = _deviations(encoded)
    return PosteriorReport(
        encoded=encoded,
        scalars=scalars,
        kl_per_unit=per_unit,
        units=units,
        deviations=deviations,
        correlation=_correlation(encoded),
        swap=swap,
        holes=holes,
        diagnosis=diagnose(scalars, per_unit, used, family),
        absent=_absent(encoded, per_unit, counted, deviations),
    )


def _to_nobody(done: int, total: int | None, what: str) -> None:
    """Progress that is not told."""


def _information(encoded: Aggregate) -> dict[str, float]:
    """KL, and how it falls into mutual information and the divergence of q(z); nothing without density."""
    if not encoded.has_density:
        return {}
    kl = float(encoded.kl.double().sum(1).mean())
    found = mutual_information(encoded.posteriors, encoded.z)
    return {
        "kl": kl,
        "mutual_information": found.value,
        "mutual_information_upper": found.upper,
        "mutual_information_n": float(found.n),
        "kl_aggregated": max(kl - found.value, 0.0),
    }


def _kl_per_unit(encoded: Aggregate) -> list[float]:
    no_sum = encoded.kl.shape[1] == 1 < encoded.z.shape[1]
    if no_sum or not encoded.has_density:
        return []
    return encoded.kl.double().mean(0).tolist()


def _counted(model: VAE, encoded: Aggregate, units: Units | None) -> Units | None:
    """The units, where the variance of a unit's posterior mean says whether it is in use."""
    known = units is not None and units.dense and model.latent.counts_units
    return units if known and not isinstance(encoded.prior, TransformedDistribution) else None


def _deviations(encoded: Aggregate) -> Histogram | None:
    """Of the free logits where codes are proportions."""
    found = []
    for posterior in encoded.posteriors:
        base: Any = posterior
        if isinstance(base, TransformedDistribution):
            base = base.base_dist
        with suppress(NotImplementedError):
            normal = isinstance(base, Independent) and isinstance(base.base_dist, Normal)
            deviation = base.base_dist.scale if normal else base.stddev
            found.append(deviation.double().cpu().numpy().ravel())
    if not found:
        return None
    counts, edges = np.histogram(np.concatenate(found), _BINS)
    return Histogram(counts, edges)


def _correlation(encoded: Aggregate) -> Floats:
    codes = encoded.codes.double().cpu().numpy()
    centred = codes - codes.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=0)
    # What varies by rounding only does not vary.
    still = lengths <= 1e-6 * max(1.0, float(np.abs(codes).max())) * np.sqrt(len(codes))
    scaled = np.where(still, 0.0, centred / np.where(still, 1.0, lengths))
    return scaled.T @ scaled


def _absent(
    encoded: Aggregate, per_unit: list[float], counted: Units | None, deviations: Histogram | None
) -> dict[str, str]:
    absent = {}
    if not encoded.has_density:
        for name in ("kl", "mutual_information", "holes"):
            absent[name] = NO_DENSITY
    elif not per_unit:
        absent["kl_per_unit"] = "The KL of such codes is no sum over units."
    if reason := why_none(encoded):
        absent["units"] = absent["active_units"] = absent["covered_units"] = reason
    elif counted is None:
        absent["active_units"] = (
            "Active units are counted where a unit's posterior mean is known, and here it is not."
        )
    if deviations is None:
        absent["deviations"] = (
            "Points have no spread."
            if not encoded.has_density
            else "The posterior's standard deviation has no closed form."
        )
    return absent
