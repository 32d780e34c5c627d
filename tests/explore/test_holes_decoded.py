from __future__ import annotations

import numpy as np
import pytest

from engine.data.tokenizers import Tokenizer
from engine.data.tokens import Tokens
from engine.evaluation.aggregate import aggregate
from engine.evaluation.holes import Holes, find_holes
from engine.explore.holes import decode_extremes
from engine.models.vae import VAE
from tests.explore.conftest import TEXTS


@pytest.fixture
def holes(trained: VAE, tokenizer: Tokenizer) -> Holes:
    tokens = Tokens.of(tokenizer.encode(TEXTS * 20))
    return find_holes(trained, aggregate(trained, tokens, None), draws=200)


def test_the_worst_draws_are_decoded_beside_the_best(
    trained: VAE, tokenizer: Tokenizer, holes: Holes
) -> None:
    found = decode_extremes(trained, tokenizer, holes, 5)
    worst, best = ([draw.ratio for draw in draws] for draws in (found.worst, found.best))
    ratios = np.sort(holes.prior_ratio)
    assert worst == pytest.approx(ratios[:5]) and best == pytest.approx(ratios[::-1][:5])
    assert all(draw.hole for draw in found.worst) and max(worst) < min(best)
    assert all(draw.text and draw.nll >= 0 for draw in found.worst + found.best)


def test_where_codes_are_the_decoder_writes_what_it_has_learnt(
    trained: VAE, tokenizer: Tokenizer, holes: Holes
) -> None:
    found = decode_extremes(trained, tokenizer, holes, 5)
    assert {draw.text for draw in found.best} <= set(TEXTS)
    sure, unsure = (np.mean([d.nll for d in draws]) for draws in (found.best, found.worst))
    assert sure < unsure


def test_no_draw_is_both_worst_and_best(trained: VAE, tokenizer: Tokenizer, holes: Holes) -> None:
    found = decode_extremes(trained, tokenizer, holes, 1000)
    assert len(found.worst) == len(found.best) == 100
    assert not {d.ratio for d in found.worst} & {d.ratio for d in found.best}
