"""A corpus as codes: what maps, neighbours and exports start from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.config import DataError
from engine.explore.sentences import END, START, read

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.data.tokens import Tokens
    from engine.evaluation.mode import Progress
    from engine.models.vae import VAE

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Encoded:
    """Codes of N sentences, in the order they were asked for.

    Attributes:
        indices: row numbers in the split, shape (N,).
        codes: the deterministic code (the posterior mean of a Gaussian), shape (N, Z), float32.
        kl: KL(q(z|x) || p(z)), nats per sentence, shape (N,); nan where the family has no density.
        reconstruction: -log p(x|z) of one posterior sample, nats per sentence, shape (N,); nan where
            it was not asked for.
        spread: mean posterior standard deviation over units, shape (N,); nan where the family has
            none.
        deviations: posterior standard deviation of each unit, shape (N, Z), where the posterior is a
            diagonal Gaussian in the space of codes; None elsewhere.
    """

    indices: Indices
    codes: NDArray[np.float32]
    kl: NDArray[np.float32]
    reconstruction: NDArray[np.float32]
    spread: NDArray[np.float32]
    deviations: NDArray[np.float32] | None = None


def encode_corpus(
    model: VAE,
    tokens: Tokens,
    indices: Sequence[int] | Indices | None = None,
    batch: int = 256,
    *,
    reconstruction: bool = True,
    seed: int = 42,
    progress: Progress | None = None,
) -> Encoded:
    """Encode rows of a tokenised split.

    Args:
        model: a text VAE.
        tokens: one tokenised split.
        indices: row numbers in any order; all rows where absent.
        batch: sentences encoded at once.
        reconstruction: also score each sentence under a posterior sample; most of the time goes there.
        seed: of the posterior samples.
        progress: told how many sentences are done.
    """
    import torch

    from engine.evaluation.mode import evaluation_mode
    from engine.evaluation.rows import by_length
    from engine.models.latents.normal import deviations_of

    rows = np.arange(len(tokens)) if indices is None else np.asarray(indices, dtype=np.int64)
    if not len(rows):
        raise DataError("encoding needs at least one sentence, got none")
    order = by_length(tokens.lengths[rows], np.arange(len(rows)))
    codes: list[Any] = []
    columns: list[Any] = []
    deviations: list[Any] = []
    with evaluation_mode(model, seed) as device:
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            x = torch.from_numpy(tokens.rows(rows[part])).to(device)
            h = model.summary(x)
            latent = model.latent(h)
            codes.append(model.latent.code(h).flatten(1).float().cpu().numpy())
            columns.append(_columns(model, x, latent, reconstruction))
            if (deviation := deviations_of(latent.posterior)) is not None:
                deviations.append(deviation.flatten(1).float().cpu().numpy())
            if progress:
                progress(start + len(part), len(order), "encoding")
    back = np.argsort(order)
    kl, nll, spread = np.concatenate(columns, axis=1)[:, back]
    spreads = np.concatenate(deviations)[back] if deviations else None
    return Encoded(rows, np.concatenate(codes)[back], kl, nll, spread, spreads)


def encode_texts(
    model: VAE,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    max_tokens: int = 40,
    *,
    reconstruction: bool = False,
    seed: int = 42,
) -> Encoded:
    """Encode typed sentences, as a search by meaning needs them.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        texts: sentences.
        max_tokens: longer ones are cut here.
        reconstruction: also score each sentence under a posterior sample.
        seed: of the posterior samples.

    Raises:
        DataError: a sentence is blank, or there is none.
    """
    from engine.data.tokens import Tokens

    rows = [[START, *sentence.ids, END] for sentence in read(tokenizer, texts, max_tokens)]
    return encode_corpus(model, Tokens.of(rows), reconstruction=reconstruction, seed=seed)


def _columns(model: VAE, x: Any, latent: Any, reconstruction: bool) -> NDArray[np.float32]:
    """KL, reconstruction and spread of one batch, shape (3, B)."""
    kl = nll = spread = np.full(len(x), np.nan, dtype=np.float32)
    if reconstruction:
        nll = model.decoder.token_nll(x, latent.z).sum(-1).float().cpu().numpy()
    if latent.posterior is not None:
        kl = latent.kl.flatten(1).sum(1).float().cpu().numpy()
        # Not every distribution knows its standard deviation.
        with suppress(NotImplementedError):
            spread = latent.posterior.stddev.flatten(1).mean(1).float().cpu().numpy()
    return np.stack([kl, nll, spread])


def stratified(rows: int, n: int, labels: Sequence[str] | None = None, seed: int = 42) -> Indices:
    """``n`` random row numbers in ascending order, each label with its share and at least one row.

    Args:
        rows: how many rows there are.
        n: how many are wanted; all where there are no more.
        labels: the label of each row; plainly random where absent.
        seed: of the choice.
    """
    if n >= rows:
        return np.arange(rows)
    generator = np.random.default_rng(seed)
    order = generator.permutation(rows)
    if labels is None:
        return np.sort(order[:n])
    names = np.asarray([str(label) for label in labels])
    _, codes, counts = np.unique(names, return_inverse=True, return_counts=True)
    quotas = _quotas(counts, n, generator)
    shuffled = codes[order]
    # Rank of each shuffled row among the rows of its label: keep those under the label's quota.
    by_label = np.argsort(shuffled, kind="stable")
    starts = np.cumsum(counts) - counts
    rank = np.empty(rows, dtype=np.int64)
    rank[by_label] = np.arange(rows) - np.repeat(starts, counts)
    return np.sort(order[rank < quotas[shuffled]])


def _quotas(counts: Indices, n: int, generator: np.random.Generator) -> Indices:
    """How many rows of each label: the share rounded down, then the largest remainders."""
    if len(counts) >= n:
        chosen = generator.permutation(len(counts))[:n]
        return np.bincount(chosen, minlength=len(counts))
    exact = 1 + (counts - 1) * (n - len(counts)) / (counts.sum() - len(counts))
    quotas = np.floor(exact).astype(np.int64)
    missing = n - quotas.sum()
    quotas[np.argsort(quotas - exact, kind="stable")[:missing]] += 1
    return quotas
