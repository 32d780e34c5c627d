"""The special token ids, batches that fit in memory, and choosing among many tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.decoding.config import DecodingConfig

if TYPE_CHECKING:
    from engine.models.vae import VAE

PAD, START, END, UNKNOWN = 0, 1, 2, 3

# Logits held at once; more sentences go through in several batches. A CPU is fastest near its cache.
_LOGITS_ON_CPU = 2**23
_LOGITS_ELSEWHERE = 2**27

# Wide rows are searched block by block: what is known of a block says where to look.
_BLOCK = 64


def banned_tokens(allow_unknown: bool) -> list[int]:
    """The ids that are never written."""
    return [PAD, START] if allow_unknown else [PAD, START, UNKNOWN]


def batches(model: VAE, z: Tensor, each: int = 1) -> Iterator[Tensor]:
    """Codes in pieces whose logits and states fit in memory, ``each`` rows of logits to a code."""
    budget = _LOGITS_ON_CPU if z.device.type == "cpu" else _LOGITS_ELSEWHERE
    held = each * max(model.vocab_size, model.decoder.state_size)
    return iter(z.split(max(1, budget // held))) if len(z) else iter(())


def with_room(model: VAE, config: DecodingConfig) -> DecodingConfig:
    """The settings with room for what cannot be cut, a picture, and for its end."""
    whole = model.decoder.whole_length
    return config if whole is None else config.model_copy(update={"max_tokens": whole + 1})


def largest(values: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest entries of each row of (N, V) and their places, largest first.

    The k largest entries lie in the k blocks with the largest maxima. Reading a row once for its block
    maxima and sorting k blocks is many times faster on a CPU than ``topk`` over the whole row.
    """
    width = values.shape[1]
    blocks = width // _BLOCK
    if values.device.type != "cpu" or blocks < 4 * k:
        return values.topk(k)
    whole = values[:, : blocks * _BLOCK].unflatten(1, (blocks, _BLOCK))
    _, best = whole.amax(2).topk(k)
    inside = best.unsqueeze(2) * _BLOCK + torch.arange(_BLOCK)
    rest = torch.arange(blocks * _BLOCK, width).expand(len(values), -1)
    places = torch.cat([inside.flatten(1), rest], 1)
    found, at = values.gather(1, places).topk(k)
    return found, places.gather(1, at)


def draw(weights: Tensor, generator: torch.Generator) -> Tensor:
    """One place for each row of (N, V), drawn in proportion to weights that need not sum to 1.

    The cumulative distribution is inverted in two steps, first over blocks and then inside one, which
    spares a CPU the running sum over the whole row.
    """
    width = weights.shape[1]
    blocks = width // _BLOCK
    whole = weights[:, : blocks * _BLOCK].unflatten(1, (blocks, _BLOCK)).sum(2)
    tail = weights[:, blocks * _BLOCK :].sum(1, keepdim=True)
    ahead = torch.cat([whole, tail], 1).cumsum(1)
    uniform = torch.rand(len(weights), 1, generator=generator, device=weights.device)
    target = _below(uniform * ahead[:, -1:], ahead[:, -1:])
    block = torch.searchsorted(ahead, target, right=True)
    passed = ahead.gather(1, (block - 1).clamp(min=0)).masked_fill(block == 0, 0)
    places = block * _BLOCK + torch.arange(_BLOCK, device=weights.device)
    inside = (
        weights.gather(1, places.clamp(max=width - 1)).masked_fill(places >= width, 0).cumsum(1)
    )
    rest = _below((target - passed).clamp(min=0), inside[:, -1:])
    return (block * _BLOCK + torch.searchsorted(inside, rest, right=True)).squeeze(1)


def _below(target: Tensor, total: Tensor) -> Tensor:
    """``target``, kept under ``total``: rounding may lift it beyond the last place with any weight."""
    return torch.minimum(target, torch.nextafter(total, torch.zeros_like(total)))
