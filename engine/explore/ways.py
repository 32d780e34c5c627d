"""Every way between two sentences, by name: written down, through the data, or bent to a geodesic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from engine.config import ConfigError, one_of
from engine.decoding.config import DecodingConfig
from engine.explore.ends import encode_ends
from engine.explore.interpolation import Interpolation, along, between
from engine.explore.paths import PATHS

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.evaluation.mode import Progress
    from engine.explore.geodesic import Geodesic
    from engine.explore.through_data import DataGraph, Walk
    from engine.models.latents import LatentFamily
    from engine.models.vae import VAE

THROUGH_DATA = "through-data"
GEODESIC = "geodesic"


@dataclass(frozen=True)
class Found:
    """A decoded path, and how it was found.

    Attributes:
        interpolation: the path.
        geodesic: what bending it cost and gained; None for other paths.
        walk: the sentences that it passes; None for other paths.
    """

    interpolation: Interpolation
    geodesic: Geodesic | None = None
    walk: Walk | None = None


def ways(latent: LatentFamily | type[LatentFamily]) -> dict[str, str]:
    """Names of all ways between two codes of a family, the best one first, each with a line about it."""
    found = {name: (PATHS[name].__doc__ or "").splitlines()[0] for name in latent.paths}
    found[THROUGH_DATA] = (
        "From sentence to near sentence: stays where the data are. Needs encoded rows."
    )
    if latent.paths[0] != "bits":
        found[GEODESIC] = (
            "Bent until the decoder says as little as possible that is new: even steps. Takes seconds."
        )
    return found


def find_path(
    model: VAE,
    tokenizer: Tokenizer,
    a: str,
    b: str,
    steps: int = 11,
    path: str | None = None,
    decoding: DecodingConfig | None = None,
    *,
    graph: DataGraph | None = None,
    evaluations: int = 40,
    progress: Progress | None = None,
) -> Found:
    """Encode two sentences and decode the codes on any of the family's ways between them.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        a, b: the two sentences.
        steps: how many codes, both ends included.
        path: a name in ``ways``; the latent family's best one where absent.
        decoding: how to decode; greedy where absent.
        graph: of encoded rows, for the path through the data: see ``graph_of``.
        evaluations: what a geodesic may cost; see ``geodesic``.
        progress: told how far a geodesic is; whatever it raises ends the search.

    Raises:
        DataError: a sentence is blank.
        ConfigError: the family does not have this path, or there is no graph to walk.
    """
    known = ways(model.latent)
    if path is not None and path not in known and path not in PATHS and path != GEODESIC:
        raise ConfigError(one_of("path", path, known))
    if path not in (THROUGH_DATA, GEODESIC):
        return Found(between(model, tokenizer, a, b, steps, path, decoding))
    ends = encode_ends(model, tokenizer, a, b, decoding)
    if path == THROUGH_DATA:
        if graph is None:
            raise ConfigError("the path through the data needs encoded rows; make a graph of them")
        walk = graph.between(ends.a, ends.b, steps)
        return Found(along(model, tokenizer, ends, walk.codes, path, decoding), walk=walk)
    from engine.explore.geodesic import geodesic

    bent = geodesic(
        model,
        ends.a,
        ends.b,
        steps,
        evaluations=evaluations,
        decoding=decoding,
        progress=progress,
    )
    return Found(along(model, tokenizer, ends, bent.codes, GEODESIC, decoding), geodesic=bent)


def graph_of(latent: LatentFamily, codes: ArrayLike, k: int = 15, power: float = 2.0) -> DataGraph:
    """The graph of encoded rows that a family's codes are walked in; see ``DataGraph``.

    Args:
        latent: the family of the codes.
        codes: shape (N, Z).
        k: neighbours of each row.
        power: of a step's length, to give its price.
    """
    from engine.explore.through_data import DataGraph

    return DataGraph(codes, latent.paths[0], k, power, latent.tokens)
