"""Greedy decoding and sampling, and the door to all strategies.

Every strategy runs all sentences at once and drops a sentence from the batch when it has ended. One
code path serves any decoder that offers ``start``, ``step`` and ``select``. Padding and start tokens are
never written, the unknown token only where ``allow_unknown`` is set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.decoding.beam import beam_search
from engine.decoding.config import DecodingConfig
from engine.decoding.together import taking_part
from engine.decoding.vocabulary import (
    END,
    START,
    banned_tokens,
    batches,
    draw,
    largest,
    with_room,
)
from engine.evaluation.mode import evaluation_mode

if TYPE_CHECKING:
    from engine.models.vae import VAE

__all__ = ["DecodingConfig", "Written", "decode", "log_likelihood", "written_likelihood"]

Choose = Callable[[Tensor], Tensor]


class Written(list[int]):
    """A sentence that was written token by token: its ids without start and end, and what each cost.

    Attributes:
        scores: log p(token | code, those before it) of every token and of the end token where it was
            written, nats, of the whole distribution whatever it was drawn from; empty where the strategy
            does not say.
    """

    def __init__(self, ids: Iterable[int] = ()) -> None:
        super().__init__(ids)
        self.scores: list[float] = []


def decode(model: VAE, z: Tensor, config: DecodingConfig | None = None) -> list[list[int]]:
    """Write one sentence for each code; token ids without start and end.

    Where the caller has a turn with a hosted model, its codes are decoded with those of others who wait.

    Args:
        model: a text VAE.
        z: codes, shape (N, Z).
        config: the strategy and its settings; greedy where absent.
    """
    config = config or DecodingConfig()
    others = taking_part(model)
    return others.decode(z, config) if others else decode_now(model, z, config)


def decode_now(model: VAE, z: Tensor, config: DecodingConfig) -> list[list[int]]:
    """Write one sentence for each code (N, Z), alone and at once."""
    if config.strategy == "beam":
        return [found[0].tokens for found in beam_search(model, z, config)]
    cap = with_room(model, config).max_tokens
    with evaluation_mode(model, config.seed) as device:
        choose = _greedy(config) if config.strategy == "greedy" else _sampler(config, device)
        return [
            tokens
            for codes in batches(model, z.to(device))
            for tokens in _unroll(model, codes, choose, cap)
        ]


def _unroll(model: VAE, z: Tensor, choose: Choose, max_tokens: int) -> list[Written]:
    """One token a step for every unfinished row, until all have ended or the cap is reached."""
    written = [Written() for _ in range(len(z))]
    rows = list(range(len(z)))
    state = model.decoder.start(z)
    tokens = torch.full((len(z),), START, dtype=torch.long, device=z.device)
    for _ in range(max_tokens):
        logits, state = model.decoder.step(tokens, state)
        whole = logits.logsumexp(1)  # before tokens are banned
        tokens = choose(logits)
        chosen = tokens.tolist()
        scores = (logits.gather(1, tokens[:, None])[:, 0] - whole).tolist()
        for row, score in zip(rows, scores, strict=True):
            written[row].scores.append(score)
        going = [at for at, token in enumerate(chosen) if token != END]
        for at in going:
            written[rows[at]].append(chosen[at])
        if not going:
            break
        if len(going) < len(rows):
            index = torch.tensor(going, device=z.device)
            state, tokens = model.decoder.select(state, index), tokens[index]
            rows = [rows[at] for at in going]
    return written


def _greedy(config: DecodingConfig) -> Choose:
    banned = banned_tokens(config.allow_unknown)

    def choose(logits: Tensor) -> Tensor:
        logits[:, banned] = -torch.inf
        return largest(logits, 1)[1].squeeze(1)

    return choose


def _sampler(config: DecodingConfig, device: torch.device) -> Choose:
    banned = banned_tokens(config.allow_unknown)
    generator = torch.Generator(device).manual_seed(config.seed)

    def choose(logits: Tensor) -> Tensor:
        logits[:, banned] = -torch.inf
        return draw(truncated(logits, config), generator)

    return choose


def truncated(logits: Tensor, config: DecodingConfig) -> Tensor:
    """Probabilities (N, V) at the temperature, outside top-k and the nucleus 0, not renormalised.

    The nucleus is the smallest set of likeliest tokens that holds at least ``top_p`` of what top-k left.

    References:
        Fan et al., Hierarchical Neural Story Generation, 2018, arXiv:1805.04833 (top-k).
        Holtzman et al., The Curious Case of Neural Text Degeneration, 2020, arXiv:1904.09751 (top-p).
    """
    logits = logits / config.temperature
    if 0 < config.top_k < logits.shape[1]:
        values, places = logits.topk(config.top_k)
        logits = torch.full_like(logits, -torch.inf).scatter_(1, places, values)
    probabilities = torch.softmax(logits, 1)
    if config.top_p < 1:
        values, places = probabilities.sort(1, descending=True)
        before = values.cumsum(1) - values
        values[before >= config.top_p] = 0
        probabilities = torch.zeros_like(probabilities).scatter_(1, places, values)
    return probabilities


def log_likelihood(model: VAE, z: Tensor, sentences: list[list[int]]) -> Tensor:
    """log p(token | code) of every token and the end token, shape (N, longest + 1), 0 after the end.

    Args:
        model: a text VAE.
        z: codes, shape (N, Z).
        sentences: N lists of token ids without start and end.
    """
    longest = max((len(sentence) for sentence in sentences), default=0)
    x = torch.zeros(len(sentences), longest + 2, dtype=torch.long)
    for row, sentence in enumerate(sentences):
        x[row, : len(sentence) + 2] = torch.tensor([START, *sentence, END])
    with evaluation_mode(model, 0) as device:
        return -model.decoder.token_nll(x.to(device), z.to(device)).float().cpu()


def written_likelihood(model: VAE, z: Tensor, sentences: Sequence[list[int]]) -> Tensor:
    """``log_likelihood`` of what was just decoded from these codes: a second look only where it is needed.

    Writing a sentence token by token tells what each costs; a beam does not tell, nor does a sentence that
    was cut before its end.

    Args:
        model: a text VAE.
        z: codes, shape (N, Z).
        sentences: what ``decode`` wrote from them.
    """
    longest = max((len(sentence) for sentence in sentences), default=0)
    found = torch.zeros(len(sentences), longest + 1)
    unknown = []
    for row, sentence in enumerate(sentences):
        scores = sentence.scores if isinstance(sentence, Written) else []
        if len(scores) == len(sentence) + 1:
            found[row, : len(scores)] = torch.tensor(scores)
        else:
            unknown.append(row)
    if unknown:
        told = log_likelihood(model, z[unknown], [sentences[row] for row in unknown])
        found[unknown, : told.shape[1]] = told
    return found
