"""Beam search over all sentences at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.config import TrainingDiverged
from engine.decoding.config import DecodingConfig
from engine.decoding.vocabulary import END, START, banned_tokens, batches, largest, with_room
from engine.evaluation.mode import evaluation_mode

if TYPE_CHECKING:
    from engine.models.vae import VAE


@dataclass(frozen=True)
class Hypothesis:
    """A whole sentence that a beam search found.

    Attributes:
        tokens: ids without start and end.
        score: total log-probability, end token counted, nats.
        rank: what hypotheses are compared by: score / length^length_penalty.
    """

    tokens: list[int]
    score: float
    rank: float


def beam_search(
    model: VAE, z: Tensor, config: DecodingConfig, best: int = 1
) -> list[list[Hypothesis]]:
    """The likeliest whole sentences of each code, best first.

    At every step each sentence keeps the ``beam`` likeliest beginnings, and every beginning may end. A
    search stops when no beginning can overtake the ``best`` sentences found. With a beam as wide as there
    are beginnings the result is the exact argmax over sentences of at most ``max_tokens``.

    Where we differ from He et al. 2019: their beam narrows as sentences end and returns cut sentences at
    the cap; ours keeps its width and returns whole sentences only. Scores are the same total
    log-probabilities.

    Args:
        model: a text VAE.
        z: codes, shape (N, Z).
        config: beam width, length penalty, cap.
        best: hypotheses wanted for each code.

    Raises:
        TrainingDiverged: the decoder's outputs are not finite.
    """
    config = with_room(model, config)
    with evaluation_mode(model, config.seed) as device:
        found = [
            hypotheses
            for codes in batches(model, z.to(device), config.beam)
            for hypotheses in _Search(model, codes, config, best).run()
        ]
    if not all(found):
        raise TrainingDiverged(
            "a decoder must give some sentence a probability, and this one gives none (its outputs are "
            "not finite); take an earlier checkpoint"
        )
    return found


class _Search:
    """One batch of searches; finished ones leave it. n searches, W beginnings each, L tokens so far."""

    def __init__(self, model: VAE, z: Tensor, config: DecodingConfig, best: int) -> None:
        self.decoder: Any = model.decoder
        self.config = config
        self.found: list[list[Hypothesis]] = [[] for _ in range(len(z))]
        self.rows = torch.arange(len(z), device=z.device)
        self.state = self.decoder.start(z)
        self.scores = z.new_zeros(len(z), 1)  # (n, W), total log-probability
        self.written = self.rows.new_zeros(len(z), 1, 0)  # (n, W, L)
        self.ended = z.new_full((len(z), best), -torch.inf)  # (n, best), ranks of whole sentences
        self.ended_scores = self.ended.clone()
        self.ended_lengths = self.rows.new_zeros(len(z), best)
        self.ended_written = self.rows.new_zeros(len(z), best, config.max_tokens)

    def run(self) -> list[list[Hypothesis]]:
        """Search until every code has its sentences."""
        tokens = torch.full_like(self.rows, START)
        for length in range(self.config.max_tokens + 1):
            logits, self.state = self.decoder.step(tokens, self.state)
            logp = torch.log_softmax(logits, 1)
            self._end(self.scores + logp[:, END].view_as(self.scores), length)
            if length == self.config.max_tokens:
                break
            self._extend(logp)
            self._drop_finished()
            if not len(self.rows):
                return self.found
            tokens = self.written[:, :, -1].flatten()
        self._record(torch.ones_like(self.rows, dtype=torch.bool))
        return self.found

    def _end(self, scores: Tensor, length: int) -> None:
        """Every beginning may end here; the best whole sentences so far stay."""
        ranks = torch.cat([self.ended, scores / (length + 1) ** self.config.length_penalty], 1)
        self.ended, keep = ranks.topk(self.ended.shape[1])
        self.ended_scores = torch.cat([self.ended_scores, scores], 1).gather(1, keep)
        lengths = torch.full_like(scores, length, dtype=torch.long)
        self.ended_lengths = torch.cat([self.ended_lengths, lengths], 1).gather(1, keep)
        empty = self.config.max_tokens - length
        written = torch.nn.functional.pad(self.written, (0, empty))
        everything = torch.cat([self.ended_written, written], 1)
        self.ended_written = everything.gather(1, _over_tokens(keep, everything))

    def _extend(self, logp: Tensor) -> None:
        """The likeliest beginnings that are one token longer."""
        logp[:, [*banned_tokens(self.config.allow_unknown), END]] = -torch.inf
        each = min(self.config.beam, logp.shape[1])
        values, places = largest(logp, each)
        searches, width = self.scores.shape
        candidates = (self.scores.unsqueeze(2) + values.view(searches, width, each)).flatten(1)
        self.scores, keep = candidates.topk(min(self.config.beam, candidates.shape[1]))
        parents = keep // each
        tokens = places.view(searches, -1).gather(1, keep)
        first = torch.arange(searches, device=keep.device).unsqueeze(1) * width
        self.state = self.decoder.select(self.state, (first + parents).flatten())
        written = self.written.gather(1, _over_tokens(parents, self.written))
        self.written = torch.cat([written, tokens.unsqueeze(2)], 2)

    def _drop_finished(self) -> None:
        """Searches whose sentences no beginning can overtake are recorded and leave the batch."""
        # Scores only fall, and the longest sentence divides by the most: no rank can be above this.
        longest = (self.config.max_tokens + 1) ** self.config.length_penalty
        finished = self.ended[:, -1] >= self.scores[:, 0] / longest
        if not finished.any():
            return
        self._record(finished)
        going = (~finished).nonzero().squeeze(1)
        width = self.scores.shape[1]
        beams = going.unsqueeze(1) * width + torch.arange(width, device=going.device)
        self.state = self.decoder.select(self.state, beams.flatten())
        for name in ("rows", "scores", "written", "ended", *_OF_ENDED):
            setattr(self, name, getattr(self, name)[going])

    def _record(self, finished: Tensor) -> None:
        columns = (self.rows, self.ended, *(getattr(self, name) for name in _OF_ENDED))
        chosen = [column[finished].tolist() for column in columns]
        for row, ranks, scores, lengths, written in zip(*chosen, strict=True):
            self.found[row] = [
                Hypothesis(tokens[:length], score, rank)
                for rank, score, length, tokens in zip(ranks, scores, lengths, written, strict=True)
                if rank > -torch.inf
            ]


_OF_ENDED = ("ended_scores", "ended_lengths", "ended_written")


def _over_tokens(index: Tensor, values: Tensor) -> Tensor:
    """``index`` (n, M) spread over the tokens of ``values`` (n, W, L), to gather whole rows with."""
    return index.unsqueeze(2).expand(-1, -1, values.shape[2])
