"""The decoder without steps: a distribution over sentences, decoded as any other."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.nn import functional as F

from engine.config import ConfigError
from engine.decoding import DecodingConfig
from engine.decoding.beam import beam_search
from engine.decoding.search import decode
from engine.experiment import check, load_config
from tests.models.parts import V, X, Z, codes, decoder_config, model_of


def parallel(**settings):
    return model_of(decoder=decoder_config("parallel", **settings)).eval()


def everything(length: int, vocab: int = V) -> list[list[int]]:
    """All sentences of up to ``length`` words, among them those of start and unknown tokens."""
    words = [w for w in range(vocab) if w not in (0, 2)]
    rows = [list(s) for n in range(length + 1) for s in itertools.product(words, repeat=n)]
    return [[1, *row, 2] + [0] * (length - len(row)) for row in rows]


@pytest.mark.parametrize("temperature", [0.01, 0.3])
def test_probabilities_of_all_sentences_sum_to_one(temperature):
    decoder = parallel(length=2, temperature=temperature).decoder
    x = torch.tensor(everything(2))
    for z in codes(3):
        nll = decoder.token_nll(x, z.expand(len(x), -1)).sum(1)
        assert (-nll).double().exp().sum().item() == pytest.approx(1, abs=1e-4)


def test_greedy_takes_the_likeliest_word_of_each_place_up_to_the_first_end():
    vae, z = parallel(length=6), codes(30)
    states = vae.decoder._states(z)
    scores = vae.decoder._scores(states)
    scores[..., [0, 1, 3]] = -torch.inf
    expected = []
    for row in scores.argmax(-1).tolist():
        expected.append(row[: row.index(2)] if 2 in row else row)
    assert decode(vae, z, DecodingConfig(max_tokens=20)) == expected
    assert any(len(row) == 6 for row in expected)


def test_a_word_is_scored_by_the_cosine_with_its_embedding():
    decoder = parallel(temperature=0.05).decoder
    states = decoder._states(codes(2))
    logits = decoder._scores(states)
    table = decoder.embedding.weight
    for word in (1, 2, 9):
        expected = F.cosine_similarity(states, table[word].expand_as(states), dim=-1) / 0.05
        torch.testing.assert_close(logits[..., word], expected)
    assert (logits.softmax(-1)[..., 0] == 0).all()


def test_no_word_knows_of_another_and_no_step_reads_one():
    decoder, z = parallel().decoder, codes(3)
    changed = X.clone()
    changed[:, 1] = 12
    before, after = decoder.token_nll(X, z), decoder.token_nll(changed, z)
    torch.testing.assert_close(before[:, 1:], after[:, 1:])
    a, _ = decoder.step(torch.tensor([1, 1, 1]), decoder.start(z))
    b, _ = decoder.step(torch.tensor([9, 8, 7]), decoder.start(z))
    torch.testing.assert_close(a, b)


def test_a_beam_finds_the_likeliest_sentence_of_all():
    vae = parallel(length=3, temperature=0.5)
    x = torch.tensor([row for row in everything(3) if not {1, 3} & set(row[1:])])
    for z in codes(4):
        nll = vae.decoder.token_nll(x, z.expand(len(x), -1)).sum(1)
        best = x[nll.argmin()].tolist()
        [[found]] = beam_search(vae, z[None], DecodingConfig(strategy="beam", beam=40))
        assert found.tokens == best[1 : best.index(2)]
        assert found.score == pytest.approx(-nll.min().item(), abs=1e-4)


def test_the_row_of_the_padding_gets_no_gradient_and_breaks_none():
    vae = parallel(temperature=0.5)
    vae.decoder.token_nll(X, codes(3)).sum().backward()
    grad = vae.decoder.embedding.weight.grad
    assert grad.isfinite().all() and not grad[0].any() and grad[1:].any(1).all()


def test_a_sentence_that_is_longer_than_there_are_places_is_refused_before_and_while_it_runs():
    with pytest.raises(ConfigError, match="length is 8 and data.max_tokens 40"):
        load_config({"model": {"decoder": {"name": "parallel", "length": 8}}})
    with pytest.raises(ConfigError, match="places, 2, got a sentence of 4 tokens"):
        parallel(length=2).decoder.token_nll(X, torch.zeros(3, Z))


def test_hiding_words_from_a_decoder_that_reads_none_is_refused():
    config = load_config(
        {
            "model": {"decoder": {"name": "parallel"}},
            "objective": {"remedies": [{"name": "word_dropout"}]},
        }
    )
    with pytest.raises(ConfigError, match="ParallelDecoder reads none"):
        check(config, 100)
