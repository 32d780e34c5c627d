from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
import torch
from pydantic import ValidationError

from engine.decoding import DecodingConfig
from engine.decoding.search import Written, decode, log_likelihood, truncated, written_likelihood
from engine.decoding.vocabulary import draw
from engine.models.vae import VAE
from tests.evaluation.tiny import tiny_vae


def slow_greedy(model: VAE, z: torch.Tensor, most: int, banned: set[int]) -> list[int]:
    """One sentence, one token at a time, with a plain loop over the vocabulary."""
    model.eval()
    state, token, written = model.decoder.start(z.unsqueeze(0)), 1, []
    with torch.no_grad():
        while len(written) < most:
            logits, state = model.decoder.step(torch.tensor([token]), state)
            allowed = [(value, -i) for i, value in enumerate(logits[0].tolist()) if i not in banned]
            token = -max(allowed)[1]
            if token == 2:
                break
            written.append(token)
    return written


@pytest.mark.parametrize("allow_unknown", [False, True])
def test_greedy_in_a_batch_is_greedy_one_by_one(
    model: VAE, codes: torch.Tensor, allow_unknown: bool
) -> None:
    z = codes
    banned = {0, 1} if allow_unknown else {0, 1, 3}
    found = decode(model, z, DecodingConfig(max_tokens=9, allow_unknown=allow_unknown))
    assert found == [slow_greedy(model, row, 9, banned) for row in z]
    lengths = {len(sentence) for sentence in found}
    assert (
        len(lengths) > 2 and max(lengths) == 9
    )  # some end early, some at different steps, some never
    assert any(3 in sentence for sentence in found) == allow_unknown


def test_specials_are_never_written_however_likely(model: VAE, codes: torch.Tensor) -> None:
    for seed, strategy in itertools.product(range(3), ("greedy", "sample", "beam")):
        config = DecodingConfig(strategy=strategy, seed=seed, temperature=5, max_tokens=6)
        written = {token for row in decode(model, codes[:30], config) for token in row}
        assert written and not written & {0, 1, 2, 3}


def test_no_code_gives_no_sentence(model: VAE, codes: torch.Tensor) -> None:
    for strategy in ("greedy", "sample", "beam"):
        assert decode(model, torch.zeros(0, 2), DecodingConfig(strategy=strategy)) == []


def test_large_batches_are_cut_and_joined(
    model: VAE, codes: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = decode(model, codes[:23])
    monkeypatch.setattr("engine.decoding.vocabulary._LOGITS_ON_CPU", 5 * model.vocab_size)
    assert decode(model, codes[:23]) == expected


def test_finished_rows_leave_the_batch(
    model: VAE, codes: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    step = type(model.decoder).step

    def spy(self: object, tokens: torch.Tensor, state: object) -> object:
        seen.append(len(tokens))
        return step(self, tokens, state)

    monkeypatch.setattr(type(model.decoder), "step", spy)
    found = decode(model, codes, DecodingConfig(max_tokens=9))
    ends = Counter(len(sentence) for sentence in found)
    left = [40 - sum(ends[short] for short in range(length)) for length in range(9)]
    assert seen == [rows for rows in left if rows]


def test_sentences_are_drawn_with_the_probabilities_of_the_model() -> None:
    model, n = tiny_vae(1), 40_000
    config = DecodingConfig(strategy="sample", max_tokens=1, allow_unknown=True)
    drawn = Counter(map(tuple, decode(model, torch.full((n, 1), 0.7), config)))
    logits = model.decoder.logits(torch.tensor([1]), torch.tensor([[0.7]]))[0]
    probabilities = logits[2:].softmax(0).tolist()
    for token, p in enumerate(probabilities, 2):
        sentence = () if token == 2 else (token,)
        assert drawn[sentence] / n == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / n) + 1e-9)


def test_whole_sentences_are_drawn_with_the_probabilities_of_the_model() -> None:
    """With the specials made impossible nothing is banned, so the chain rule gives the frequencies."""
    model, n = tiny_vae(1), 20_000
    with torch.no_grad():
        model.decoder.table.weight[:, [0, 1, 3]] = -100
    z = torch.full((n, 1), -0.4)
    drawn = Counter(map(tuple, decode(model, z, DecodingConfig(strategy="sample", max_tokens=30))))
    every = [list(s) for length in range(4) for s in itertools.product((4, 5, 6), repeat=length)]
    likelihoods = log_likelihood(model, z[: len(every)], every).sum(1).exp().tolist()
    assert sum(likelihoods) > 0.4
    for sentence, p in zip(every, likelihoods, strict=True):
        error = math.sqrt(p * (1 - p) / n)
        assert drawn[tuple(sentence)] / n == pytest.approx(p, abs=4.5 * error + 1e-9)


def test_sampling_repeats_with_its_seed_and_varies_with_another(
    model: VAE, codes: torch.Tensor
) -> None:
    def sampled(seed: int) -> list[list[int]]:
        return decode(model, codes[:30], DecodingConfig(strategy="sample", seed=seed))

    torch.manual_seed(1)
    first = sampled(3)
    torch.manual_seed(2)
    assert sampled(3) == first != sampled(4)


@pytest.mark.parametrize(
    "greedy_like", [{"top_k": 1}, {"temperature": 1e-6}, {"top_p": 1e-9}], ids=str
)
def test_sampling_at_its_narrowest_is_greedy(
    model: VAE, codes: torch.Tensor, greedy_like: dict[str, float]
) -> None:
    config = DecodingConfig(strategy="sample", max_tokens=9, **greedy_like)
    assert decode(model, codes, config) == decode(model, codes, DecodingConfig(max_tokens=9))


LOGITS = torch.log(torch.tensor([[0.1, 0.4, 0.2, 0.3]]))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [0.1, 0.4, 0.2, 0.3]),
        ({"temperature": 0.5}, [0.01 / 0.3, 0.16 / 0.3, 0.04 / 0.3, 0.09 / 0.3]),
        ({"top_k": 2}, [0, 4 / 7, 0, 3 / 7]),
        ({"top_k": 9}, [0.1, 0.4, 0.2, 0.3]),
        ({"top_p": 0.4}, [0, 0.4, 0, 0]),
        ({"top_p": 0.41}, [0, 0.4, 0, 0.3]),
        ({"top_p": 0.71}, [0, 0.4, 0.2, 0.3]),
        ({"top_k": 3, "top_p": 0.5}, [0, 4 / 9, 0, 3 / 9]),
    ],
    ids=str,
)
def test_truncation_keeps_the_likeliest_tokens(
    settings: dict[str, float], expected: list[float]
) -> None:
    found = truncated(LOGITS, DecodingConfig(**settings))[0].tolist()
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_draw_never_takes_a_token_without_probability() -> None:
    weights = torch.tensor([[0.0, 0.3, 0.0, 0.2, 0.0]]).expand(200_000, -1)
    drawn = draw(weights, torch.Generator().manual_seed(0))
    assert set(drawn.tolist()) == {1, 3}
    assert (drawn == 1).float().mean().item() == pytest.approx(0.6, abs=0.005)


@pytest.mark.parametrize("width", [63, 64, 65, 300])
def test_draws_from_a_wide_vocabulary_follow_its_probabilities(width: int) -> None:
    generator = torch.Generator().manual_seed(width)
    weights = torch.rand(width, generator=generator) ** 8
    weights[::3] = 0
    n = 200_000
    counts = torch.zeros(width)
    for _ in range(4):
        counts += draw(weights.expand(n // 4, -1), generator).bincount(minlength=width)
    p = weights / weights.sum()
    assert (counts[::3] == 0).all()
    # A rare token may come once by chance: 4 draws of slack.
    assert ((counts - n * p).abs() <= 4.5 * (n * p * (1 - p)).sqrt() + 4).all()


def test_log_likelihood_counts_the_end_and_not_the_padding(model: VAE, codes: torch.Tensor) -> None:
    z = codes[:3]
    found = log_likelihood(model, z, [[4, 5, 6], [], [5]])
    assert found.shape == (3, 4)
    assert (found[1, 1:] == 0).all() and (found[2, 2:] == 0).all()
    x = torch.tensor([[1, 5, 2]])
    with torch.no_grad():
        expected = -model.eval().decoder.token_nll(x, z[2:]).sum()
    assert found[2].sum().item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": 0}, {"top_p": 0}, {"top_k": -1}, {"beam": 0}, {"strategy": "best"}],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DecodingConfig(**wrong)


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
def test_writing_tells_what_each_token_cost(model: VAE, codes: torch.Tensor, strategy: str) -> None:
    config = DecodingConfig(strategy=strategy, temperature=0.7, top_k=4, max_tokens=9)
    sentences = decode(model, codes, config)
    told = written_likelihood(model, codes, sentences)
    assert torch.allclose(told, log_likelihood(model, codes, sentences), atol=1e-4)
    assert any(isinstance(one, Written) and one.scores for one in sentences) == (strategy != "beam")


def test_what_others_wrote_is_looked_at_anew(model: VAE, codes: torch.Tensor) -> None:
    sentences = [list(sentence) for sentence in decode(model, codes)]
    assert torch.equal(
        written_likelihood(model, codes, sentences), log_likelihood(model, codes, sentences)
    )
