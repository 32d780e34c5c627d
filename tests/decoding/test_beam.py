from __future__ import annotations

import itertools

import pytest
import torch

from engine.config import TrainingDiverged
from engine.decoding import DecodingConfig
from engine.decoding.beam import beam_search
from engine.decoding.search import decode, log_likelihood
from engine.decoding.vocabulary import largest
from engine.models.vae import VAE
from tests.evaluation.tiny import lstm_vae, tiny_vae


def beams(width: int, most: int = 7, penalty: float = 0.0) -> DecodingConfig:
    return DecodingConfig(strategy="beam", beam=width, max_tokens=most, length_penalty=penalty)


def slow_beam(model: VAE, z: torch.Tensor, config: DecodingConfig) -> list[tuple[float, list[int]]]:
    """One code; every beginning is a Python list and is run from the start each time it grows."""

    def next_logp(beginning: list[int]) -> list[float]:
        state = model.decoder.start(z.unsqueeze(0))
        for token in [1, *beginning]:
            logits, state = model.decoder.step(torch.tensor([token]), state)
        return logits[0].log_softmax(0).tolist()

    live: list[tuple[float, list[int]]] = [(0.0, [])]
    ended = []
    with torch.no_grad():
        for length in range(config.max_tokens + 1):
            grown = []
            for score, beginning in live:
                logp = next_logp(beginning)
                rank = (score + logp[2]) / (length + 1) ** config.length_penalty
                ended.append((rank, beginning))
                grown += [(score + logp[t], [*beginning, t]) for t in range(4, model.vocab_size)]
            live = sorted(grown, reverse=True)[: config.beam]
    return sorted(ended, reverse=True)


@pytest.mark.parametrize("penalty", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_beams_in_a_batch_are_beams_one_by_one(
    model: VAE, codes: torch.Tensor, width: int, penalty: float
) -> None:
    z, config = codes[:12], beams(width, penalty=penalty)
    found = beam_search(model, z, config, best=2)
    for row, hypotheses in zip(z, found, strict=True):
        expected = slow_beam(model, row, config)[:2]
        assert [h.tokens for h in hypotheses] == [tokens for _, tokens in expected]
        assert [h.rank for h in hypotheses] == pytest.approx(
            [rank for rank, _ in expected], rel=1e-4
        )
    assert decode(model, z, config) == [hypotheses[0].tokens for hypotheses in found]
    if penalty == 0:
        assert len({len(hypotheses[0].tokens) for hypotheses in found}) > 1


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_beam_as_wide_as_all_beginnings_finds_the_best_of_all_sentences(
    penalty: float, codes: torch.Tensor
) -> None:
    model, z = lstm_vae(2, seed=7), codes[:6]
    every = [list(s) for length in range(5) for s in itertools.product((4, 5, 6), repeat=length)]
    found = beam_search(model, z, beams(3**4, most=4, penalty=penalty), best=20)
    for row, hypotheses in zip(z, found, strict=True):
        scores = log_likelihood(model, row.expand(len(every), -1), every).sum(1)
        ranks = scores / torch.tensor([(len(s) + 1) ** penalty for s in every])
        order = ranks.argsort(descending=True)[:20].tolist()
        assert [h.tokens for h in hypotheses] == [every[i] for i in order]
        assert [h.score for h in hypotheses] == pytest.approx(scores[order].tolist(), rel=1e-4)
        assert [h.rank for h in hypotheses] == pytest.approx(ranks[order].tolist(), rel=1e-4)


def test_the_score_is_the_log_likelihood_of_the_sentence(model: VAE, codes: torch.Tensor) -> None:
    z = codes[:10]
    found = [hypotheses[0] for hypotheses in beam_search(model, z, beams(4))]
    expected = log_likelihood(model, z, [h.tokens for h in found]).sum(1).tolist()
    assert [h.score for h in found] == pytest.approx(expected, rel=1e-4)


def test_a_wider_beam_with_more_room_is_no_worse_on_average_than_greedy(
    model: VAE, codes: torch.Tensor
) -> None:
    z = codes
    greedy = decode(model, z, DecodingConfig(max_tokens=7))
    narrow = log_likelihood(model, z, greedy).sum(1)
    wide = torch.tensor([h[0].score for h in beam_search(model, z, beams(10))])
    assert wide.mean() > narrow.mean()


def test_a_length_penalty_favours_longer_sentences(model: VAE, codes: torch.Tensor) -> None:
    lengths = [
        sum(len(h[0].tokens) for h in beam_search(model, codes[:20], beams(5, penalty=penalty)))
        for penalty in (0.0, 1.0, 3.0)
    ]
    assert lengths[0] < lengths[1] <= lengths[2]


def test_a_code_is_decoded_alike_alone_and_in_company(
    model: VAE, codes: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    z = codes[:9]
    together = decode(model, z, beams(4))
    assert [decode(model, row, beams(4))[0] for row in z.split(1)] == together
    monkeypatch.setattr("engine.decoding.vocabulary._LOGITS_ON_CPU", 1)
    assert decode(model, z, beams(4)) == together


def test_more_hypotheses_than_there_are_sentences_gives_all_there_are(codes: torch.Tensor) -> None:
    found = beam_search(tiny_vae(2), codes[:2], beams(3, most=1), best=10)
    assert [len(hypotheses) for hypotheses in found] == [4, 4]


def test_a_diverged_model_is_said_to_have_diverged(model: VAE, codes: torch.Tensor) -> None:
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.fill_(torch.nan)
    with pytest.raises(TrainingDiverged, match="earlier checkpoint"):
        decode(model, codes, beams(3))


@pytest.mark.parametrize("width", [10, 64, 640, 1000, 7291])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_the_largest_entries_are_found_wherever_they_are(width: int, k: int) -> None:
    generator = torch.Generator().manual_seed(width)
    values = torch.randn(50, width, generator=generator)
    values[:10, -1] += 10
    values[10:20, : min(width, 70)] += 5
    values[20:25, 3] = -torch.inf
    found, places = largest(values, k)
    assert torch.equal(found, values.topk(k).values)
    assert torch.equal(values.gather(1, places), found)
    assert all(len(set(row)) == k for row in places.tolist())
