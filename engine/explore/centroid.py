"""The middle of chosen sentences: a code like theirs, and what it decodes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import DataError
from engine.decoding.config import DecodingConfig

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Centroid:
    """The middle of N codes.

    Attributes:
        text: what it decodes to.
        code: the middle as the latent family has it, shape (Z,): a mean, a direction, the majority of
            bits, proportions.
        distances: Euclidean, from it to each of the codes, shape (N,).
        nearest: position of the code that lies nearest to it.
    """

    text: str
    code: NDArray[np.float32]
    distances: NDArray[np.float32]
    nearest: int

    @property
    def spread(self) -> float:
        """Root of the mean square distance: how wide the chosen sentences lie."""
        return float(np.sqrt(np.square(self.distances, dtype=np.float64).mean()))


def centroid(
    model: VAE, tokenizer: Tokenizer, codes: ArrayLike, decoding: DecodingConfig | None = None
) -> Centroid:
    """The middle of codes (N, Z), decoded.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        codes: of the chosen sentences, as that model encodes them.
        decoding: how to decode; greedy where absent.

    Raises:
        DataError: no sentence is chosen.
    """
    import torch

    from engine.decoding.search import decode
    from engine.evaluation.mode import evaluation_mode

    chosen = np.asarray(codes, dtype=np.float32)
    if not len(chosen):
        raise DataError("the middle of a selection needs at least one sentence; choose some")
    decoding = decoding or DecodingConfig()
    with evaluation_mode(model, decoding.seed) as device:
        middle = model.latent.centre(torch.from_numpy(chosen).to(device))
    text = tokenizer.decode(decode(model, middle[None], decoding))[0]
    code = middle.float().cpu().numpy()
    distances = np.linalg.norm(chosen - code, axis=1)
    return Centroid(text, code, distances, int(distances.argmin()))
