"""How often the decoder's first choice is the right token, while it reads the sentence itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.config import DataError
from engine.data.vocabulary import PAD
from engine.evaluation.mode import Progress, evaluation_mode
from engine.evaluation.rows import Indices, by_length, predicted_tokens

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.models.vae import VAE


def teacher_forced_accuracy(
    model: VAE,
    tokens: Tokens,
    rows: Indices,
    *,
    batch: int = 256,
    seed: int = 42,
    progress: Progress | None = None,
) -> dict[str, float]:
    r"""Share of tokens, and of whole sentences, that the decoder ranks first after the true words before.

    .. math::
        \frac{\sum_{i,t} [\arg\max_v p(v|x_{i,<t}, z_i) = x_{i,t}]}{\sum_i T_i}

    with :math:`z_i` the code of sentence i and :math:`T_i` its tokens, the end included (not of pictures, where
    it is certain). A decoder that reads the true words before has it easier than one that runs freely: beside
    it see exact match.

    Args:
        model: a VAE.
        tokens: one tokenised split.
        rows: row numbers, shape (N,).
        batch: sentences scored at once.
        seed: of codes that are drawn.
        progress: told how many sentences are done.

    Returns:
        token_accuracy, sequence_accuracy and accuracy_rows, by their names in METRICS.

    Raises:
        DataError: there is no row.

    References:
        Fraser-Greenlee, transformer-vae, https://github.com/Fraser-Greenlee/transformer-vae
        (``token_accuracy`` and ``seq_accuracy`` of its training log).
    """
    if not len(rows):
        raise DataError("accuracy needs at least one sentence, got none")
    ordered = by_length(tokens.lengths, np.asarray(rows, dtype=np.int64))
    mistakes = whole = 0
    certain = 1 if model.decoder.whole_length is None else 2  # the end of a picture, not counted
    with evaluation_mode(model, seed) as device:
        for start in range(0, len(ordered), batch):
            x = torch.from_numpy(tokens.rows(ordered[start : start + batch])).to(device)
            wrong = torch.zeros(len(x), dtype=torch.long, device=device)
            state = model.decoder.start(model.code(x))
            for place in range(x.shape[1] - certain):
                logits, state = model.decoder.step(x[:, place], state)
                logits[:, PAD] = -torch.inf  # never a word: training says nothing of its logit
                target = x[:, place + 1]
                wrong += (logits.argmax(-1) != target) & (target != PAD)
            mistakes += int(wrong.sum())
            whole += int((wrong == 0).sum())
            if progress:
                progress(min(start + batch, len(ordered)), len(ordered), "token accuracy")
    return {
        "token_accuracy": 1 - mistakes / predicted_tokens(model, tokens.lengths[ordered]),
        "sequence_accuracy": whole / len(ordered),
        "accuracy_rows": float(len(ordered)),
    }
