"""The posterior report of a checkpoint: made once, kept by run, checkpoint and choice of rows, found again."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.config import DataError, one_of
from engine.data.corpus import SPLITS, Corpus, Progress
from engine.maps import stored
from engine.maps.asked import Asked

if TYPE_CHECKING:
    from engine.evaluation.diagnosis import Diagnosis
    from engine.evaluation.holes import Holes
    from engine.evaluation.posterior import Histogram, PosteriorReport
    from engine.evaluation.swapping import Swap
    from engine.evaluation.units import Units
    from engine.explore.holes import Extremes
    from engine.hosting import ModelHost

logger = logging.getLogger(__name__)
Floats = NDArray[np.float64]

_NEEDED = ("facts", "codes", "kl_per_unit", "correlation", "rows", "partners", "own", "swapped")


@dataclass(frozen=True)
class Request(Asked):
    """Which report of which checkpoint.

    Attributes:
        run: a run with that checkpoint.
        checkpoint: best, last or step-...
        split: train, valid or test.
        n: how many random rows are encoded; all where absent.
        swaps: how many of these exchange their codes.
        draws: of the prior, where holes are looked for.
        shown: how many of the worst and of the best prior draws are decoded.
        seed: of rows and draws.
    """

    KIND = "posterior"

    split: str = "valid"
    n: int | None = 2000
    swaps: int = 500
    draws: int = 2000
    shown: int = 8
    seed: int = 42


@dataclass(frozen=True)
class Kept:
    """A posterior report as it is kept: all of it but the posteriors themselves.

    Attributes:
        codes: the deterministic code of each row, (N, Z).
        of: how many rows the split has.
        family: name of the latent family.
        scalars, kl_per_unit, units, deviations, correlation, swap, holes, diagnosis, absent: as in
            ``PosteriorReport``.
        extremes: the worst prior draws decoded and the best; None where there are no holes to look for.
    """

    codes: NDArray[np.float32]
    of: int
    family: str
    scalars: dict[str, float]
    kl_per_unit: list[float]
    units: Units | None
    deviations: Histogram | None
    correlation: Floats
    swap: Swap
    holes: Holes | None
    extremes: Extremes | None
    diagnosis: Diagnosis | None
    absent: dict[str, str]

    def __len__(self) -> int:
        return len(self.codes)


def find(request: Request) -> Kept | None:
    """The report if it has been made; not if its file is damaged, or the data have other rows now."""
    arrays = stored.read(request.file, _NEEDED)
    if arrays is None:
        return None
    try:
        facts = json.loads(str(arrays["facts"]))
        data = Corpus.open(str(request.run.config()["data"]["name"]))
        return _unpacked(request, facts, arrays) if facts["data"] == data.card.fingerprint else None
    except (ValueError, KeyError, TypeError) as error:
        logger.warning("%s is damaged and will be made anew: %s", request.file, error)
        request.file.unlink(missing_ok=True)
        return None


def obtain(request: Request, host: ModelHost, progress: Progress | None = None) -> Kept:
    """The report, made now if it has not been."""
    return find(request) or make(request, host, progress)


def make(request: Request, host: ModelHost, progress: Progress | None = None) -> Kept:
    """Make the report and keep it; those of older versions of the checkpoint are dropped.

    Args:
        request: which report of which checkpoint.
        host: where the model is; whenever progress is told, others may have it for a moment.
        progress: told how many sentences have been read, of all that will be; whatever it raises ends
            the work and nothing is kept.

    Raises:
        RunNotFound: there is no such checkpoint.
        DataError: the data set is gone, or the split has fewer than two rows.
    """
    from engine.data.library import at_hand
    from engine.decoding.config import DecodingConfig
    from engine.evaluation.posterior import posterior_report
    from engine.explore.holes import decode_extremes
    from engine.runs.material import split_of

    if request.split not in SPLITS:
        raise DataError(one_of("split", request.split, SPLITS))
    hosted = host.get(request.run, request.checkpoint)
    config = hosted.config
    data = at_hand(config.data.name, progress)
    tokens = split_of(request.run, config, request.split, progress)
    rows = len(tokens) if request.n is None else min(request.n, len(tokens))
    with hosted.turn():
        report = posterior_report(
            hosted.model,
            tokens,
            request.n,
            swaps=request.swaps,
            draws=request.draws,
            used=[remedy.name for remedy in config.objective.remedies],
            family=config.model.latent.name,
            seed=request.seed,
            progress=hosted.giving_way(_in_one(progress, rows, min(request.swaps, rows))),
        )
        extremes = None
        if report.holes is not None:
            decoding = DecodingConfig(max_tokens=config.data.max_tokens)
            extremes = decode_extremes(
                hosted.model, hosted.tokenizer, report.holes, request.shown, decoding
            )
    arrays = _packed(report, extremes, data.card.fingerprint, len(tokens))
    mark = request.mark_of(hosted.version)
    request.drop_older(mark)
    stored.write(request.file_of(mark), arrays)
    return _unpacked(request, json.loads(str(arrays["facts"])), arrays)


def _in_one(progress: Progress | None, rows: int, swaps: int) -> Progress | None:
    """Progress of all parts as one count of sentences read: each swap reads its sentence twice."""
    if progress is None:
        return None
    tell, total = progress, rows + 2 * swaps
    before = {"encoding": (0, 1), "swapping codes": (rows, 2)}

    def told(done: int, _: int | None, what: str) -> None:
        start, times = before.get(what, (total, 0))
        tell(start + times * done, total, what)

    return told


# -- as arrays --------------------------------------------------------------------------------------

_HOLES = ("prior_log_q", "prior_log_p", "log_q", "log_p")
_HOLE_FACTS = ("floor", "rate", "rate_se", "reverse", "covered", "units")
_UNITS = (
    *("mean", "mean_variance", "within", "prior_mean", "prior_variance"),
    *("edges", "masses", "prior_masses"),
)


def _packed(
    report: PosteriorReport, extremes: Extremes | None, fingerprint: str, of: int
) -> dict[str, Any]:
    """Arrays under their names; all else as one JSON text."""
    facts: dict[str, Any] = {"data": fingerprint, "of": of, "scalars": report.scalars}
    facts |= {"absent": report.absent}
    arrays: dict[str, Any] = {
        "codes": report.encoded.codes.float().cpu().numpy(),
        "kl_per_unit": np.array(report.kl_per_unit, dtype=np.float64),
        "correlation": report.correlation,
        **{one.name: getattr(report.swap, one.name) for one in fields(report.swap)},
    }
    if (units := report.units) is not None:
        facts["units"] = {"names": units.names, "dense": units.dense}
        arrays |= {f"unit_{name}": getattr(units, name) for name in _UNITS}
    if report.deviations is not None:
        arrays |= {"counts": report.deviations.counts, "edges": report.deviations.edges}
    if (holes := report.holes) is not None:
        facts["holes"] = {name: getattr(holes, name) for name in _HOLE_FACTS}
        facts["mmd"] = asdict(holes.mmd)
        arrays |= {name: getattr(holes, name) for name in _HOLES}
        arrays["prior_z"] = holes.prior_z.numpy()
    if extremes is not None:
        facts["extremes"] = asdict(extremes)
    return arrays | {"facts": np.array(json.dumps(facts))}


def _unpacked(request: Request, facts: dict[str, Any], arrays: dict[str, Any]) -> Kept:
    """What ``_packed`` packed; the verdict is passed anew."""
    import torch

    from engine.evaluation.diagnosis import diagnose
    from engine.evaluation.holes import Holes
    from engine.evaluation.mmd import TwoSample
    from engine.evaluation.posterior import Histogram
    from engine.evaluation.swapping import Swap
    from engine.evaluation.units import Units
    from engine.explore.holes import Extremes, PriorDraw

    config = request.run.config()
    used = [remedy["name"] for remedy in config.get("objective", {}).get("remedies", ())]
    family = str(config["model"]["latent"]["name"])
    per_unit: list[float] = arrays["kl_per_unit"].tolist()
    units = holes = extremes = None
    if told := facts.get("units"):
        columns = {name: arrays[f"unit_{name}"] for name in _UNITS}
        units = Units(names=tuple(told["names"]), dense=told["dense"], **columns)
    if told := facts.get("holes"):
        columns = {name: arrays[name] for name in _HOLES}
        prior_z = torch.from_numpy(arrays["prior_z"])
        holes = Holes(prior_z=prior_z, mmd=TwoSample(**facts["mmd"]), **columns, **told)
    if told := facts.get("extremes"):
        extremes = Extremes(**{end: [PriorDraw(**draw) for draw in told[end]] for end in told})
    return Kept(
        codes=arrays["codes"],
        of=facts["of"],
        family=family,
        scalars=facts["scalars"],
        kl_per_unit=per_unit,
        units=units,
        deviations=Histogram(arrays["counts"], arrays["edges"]) if "counts" in arrays else None,
        correlation=arrays["correlation"],
        swap=Swap(**{one.name: arrays[one.name] for one in fields(Swap)}),
        holes=holes,
        extremes=extremes,
        diagnosis=diagnose(facts["scalars"], per_unit, used, family),
        absent=facts["absent"],
    )
