from __future__ import annotations

import numpy as np
import pytest

from engine.config import DataError
from engine.data.tokenizers import Tokenizer
from engine.data.tokens import Tokens
from engine.explore.interpolation import between
from engine.explore.valid_paths import valid_paths
from engine.metrics import METRICS
from engine.models.vae import VAE
from tests.explore.conftest import TEXTS


def rows(tokenizer: Tokenizer) -> Tokens:
    return Tokens.of(tokenizer.encode(TEXTS))


def has_a_dog(text: str) -> bool:
    return "dog" in text


def test_it_is_the_share_of_inner_steps_of_the_paths_of_random_pairs(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    """Five sentences make two pairs; every way that joins two pairs is tried by way of ``between``."""
    found = valid_paths(trained, tokenizer, rows(tokenizer), has_a_dog, 100, seed=1)
    assert found["paths"] == 2

    def share(a: str, b: str) -> float:
        steps = between(trained, tokenizer, a, b, 11).steps
        return float(np.mean([has_a_dog(step.text) for step in steps[1:-1]]))

    shares = {(a, b): share(a, b) for a in TEXTS for b in TEXTS if a != b}
    possible = {
        round((shares[a, b] + shares[c, d]) / 2, 9)
        for a, b in shares
        for c, d in shares
        if len({a, b, c, d}) == 4
    }
    assert round(found["path_valid"], 9) in possible
    assert len(possible) > 5 and max(possible) < 1


@pytest.mark.parametrize("answer", [True, False])
def test_a_check_that_always_says_the_same_has_no_error(
    trained: VAE, tokenizer: Tokenizer, answer: bool
) -> None:
    found = valid_paths(trained, tokenizer, rows(tokenizer), lambda text: answer)
    assert found["path_valid"] == found["path_ends_valid"] == float(answer)
    assert found["path_valid_se"] == 0 and set(found) <= set(METRICS)


def test_ends_are_told_apart_from_what_lies_between(trained: VAE, tokenizer: Tokenizer) -> None:
    told: list[str] = []

    def first_and_last(text: str) -> bool:
        told.append(text)
        return (len(told) - 1) % 11 in (0, 10)

    found = valid_paths(trained, tokenizer, rows(tokenizer), first_and_last)
    assert (found["path_ends_valid"], found["path_valid"]) == (1, 0)
    assert set(told[::11]) | set(told[10::11]) <= set(known(tokenizer))  # learnt by heart


def known(tokenizer: Tokenizer) -> list[str]:
    return tokenizer.decode([ids[1:-1] for ids in tokenizer.encode(TEXTS)])


def test_the_standard_error_is_that_of_the_mean_over_paths(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    told: list[str] = []

    def every_other_path(text: str) -> bool:
        told.append(text)
        return (len(told) - 1) // 11 % 2 == 0

    found = valid_paths(
        trained, tokenizer, Tokens.of(tokenizer.encode(TEXTS) * 4), every_other_path
    )
    assert found["paths"] == 10 and found["path_valid"] == 0.5
    assert found["path_valid_se"] == pytest.approx(np.std([0, 1] * 5, ddof=1) / np.sqrt(10))


def test_too_few_sentences_are_refused(trained: VAE, tokenizer: Tokenizer) -> None:
    with pytest.raises(DataError, match="two pairs"):
        valid_paths(trained, tokenizer, Tokens.of(tokenizer.encode(TEXTS[:3])), has_a_dog)
