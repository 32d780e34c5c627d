"""What lies between two sentences: is it valid? The share of inner points of random paths that pass a check."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.config import DataError
from engine.decoding.config import DecodingConfig
from engine.evaluation.rows import choose
from engine.explore.paths import interpolate

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.data.tokens import Tokens
    from engine.evaluation.mode import Progress
    from engine.evaluation.validity import Check
    from engine.models.vae import VAE

STEPS = 11


def valid_paths(
    model: VAE,
    tokenizer: Tokenizer,
    tokens: Tokens,
    check: Check,
    paths: int = 100,
    *,
    decoding: DecodingConfig | None = None,
    seed: int = 42,
    progress: Progress | None = None,
) -> dict[str, float]:
    r"""Share of the nine inner points of eleven-point paths that decode to something valid.

    .. math::
        v = \frac1P \sum_p v_p, \quad v_p = \frac19 \sum_{i=1}^{9} [\text{valid}(\text{decode}(z_p(i/10)))],
        \quad \text{se} = \mathrm{sd}(v_p) / \sqrt P

    Each path joins the codes of two random sentences, as the latent family does it best (spherically, and
    each latent token for itself, where codes are of several). The ends are left out: what they decode to
    are reconstructions, and their share is ``path_ends_valid``.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        tokens: one tokenised split.
        check: tells whether a sentence is valid.
        paths: P, how many paths; as many as there are pairs of different rows at most.
        decoding: how to decode; greedy where absent.
        seed: of the choice of rows.
        progress: told how many paths are done.

    Returns:
        path_valid, path_valid_se, path_ends_valid and paths, by their names in METRICS.

    Raises:
        DataError: there are fewer than two pairs of rows, so that no standard error can be given.

    References:
        Fraser-Greenlee, transformer-vae, https://github.com/Fraser-Greenlee/transformer-vae
        ("interpolation samples passing seq check": one path of two random rows).
    """
    from engine.decoding.search import decode
    from engine.evaluation.mode import evaluation_mode

    decoding = decoding or DecodingConfig(max_tokens=max(1, int(max(tokens.lengths)) - 2))
    rows = choose(len(tokens), 2 * paths, seed)
    rows = np.random.default_rng(seed).permutation(rows)[: len(rows) // 2 * 2]
    if len(rows) < 4:
        raise DataError(
            f"paths are drawn between at least two pairs of sentences, got {len(rows)} sentences"
        )
    inner, ends = [], []
    for number, pair in enumerate(rows.reshape(-1, 2)):
        with evaluation_mode(model, seed) as device:
            a, b = model.code(torch.from_numpy(tokens.rows(pair)).to(device))
        first, last = a.cpu().numpy(), b.cpu().numpy()
        way = interpolate(first, last, STEPS, model.latent.paths[0], model.latent.tokens)
        texts = tokenizer.decode(decode(model, torch.from_numpy(way).to(a), decoding))
        valid = [check(text) for text in texts]
        inner.append(np.mean(valid[1:-1]))
        ends.append(np.mean([valid[0], valid[-1]]))
        if progress:
            progress(number + 1, len(rows) // 2, "paths")
    return {
        "path_valid": float(np.mean(inner)),
        "path_valid_se": float(np.std(inner, ddof=1) / math.sqrt(len(inner))),
        "path_ends_valid": float(np.mean(ends)),
        "paths": float(len(inner)),
    }
