r"""One energy and one length of a path between two codes, whatever it is compared with.

The decoder's pull-back metric (``pullback``) is read along some sentences, and other sentences give other
numbers. Here they follow from the two ends alone: what the decoder writes, greedily, at 16 even places of
the latent family's own path between them. So every path between the same two codes is measured by the same
rule, and a number stays what it is when another path is put beside it. Energies are comparable between
paths of as many steps, lengths always.

References:
    Arvanitidis et al., Pulling Back Information Geometry, 2022, https://arxiv.org/abs/2106.05367
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from engine.decoding.config import DecodingConfig
from engine.explore.paths import interpolate

if TYPE_CHECKING:
    from engine.models.vae import VAE

# Sentences that a path is read along, at most; more say little that is new and cost as much each.
PLACES = 16


@dataclass(frozen=True)
class Effort:
    """What the decoder's own metric says of a path.

    Attributes:
        energy: sum of sKL over its steps, nats.
        length: sum of sqrt(2 sKL) over its steps, nats to the half.
    """

    energy: float
    length: float


def effort(model: VAE, codes: ArrayLike, max_tokens: int = 40) -> Effort:
    """Measure a path along the sentences of its ends.

    Args:
        model: a text VAE.
        codes: from one end to the other, shape (K, Z).
        max_tokens: where the sentences that it is read along are cut.
    """
    import torch

    from engine.evaluation.mode import evaluation_mode
    from engine.explore.pullback import Pullback, lengths

    path = np.asarray(codes, dtype=np.float32)
    anchors = anchors_between(model, path[0], path[-1], max_tokens)
    with evaluation_mode(model, 0) as device:
        divergences = Pullback(model, anchors).divergences(torch.from_numpy(path).to(device))
        return Effort(float(divergences.sum()), float(lengths(divergences).sum()))


def anchors_between(
    model: VAE, z_a: ArrayLike, z_b: ArrayLike, max_tokens: int = 40
) -> list[list[int]]:
    """The sentences along which paths between two codes (Z,) are read: token ids, each sentence once."""
    import torch

    from engine.decoding.search import decode

    latent = model.latent
    codes = interpolate(z_a, z_b, PLACES, latent.paths[0], latent.tokens).astype(np.float32)
    said = decode(model, torch.from_numpy(codes), DecodingConfig(max_tokens=max_tokens))
    return [list(ids) for ids in dict.fromkeys(map(tuple, said))]
