from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from engine.config import ConfigError, DataError
from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.decoding import DecodingConfig
from engine.explore.reconstruction import reconstruct
from engine.explore.sampling import around, from_prior
from engine.explore.sentences import padded, read, unknown_words
from engine.models.vae import VAE
from tests.evaluation.tiny import Without, lstm_vae
from tests.explore.conftest import TEXTS


def test_typed_sentences_become_the_ids_that_training_saw(tokenizer: Tokenizer) -> None:
    found = read(tokenizer, TEXTS, 40)
    x = padded(found)
    for sentence, row, ids in zip(found, x.tolist(), tokenizer.encode(TEXTS), strict=True):
        assert row == ids + [0] * (x.shape[1] - len(ids))
        assert sentence.ids == ids[1:-1] and not sentence.truncated and not sentence.unknown
        assert sentence.seen == tokenizer.decode([ids])[0]


def test_one_blank_sentence_is_named(tokenizer: Tokenizer) -> None:
    with pytest.raises(DataError, match="the sentence is empty"):
        read(tokenizer, [" "], 40)


@pytest.mark.parametrize("kind", ["word", "char", "bpe"])
def test_unknown_words_are_found_by_any_tokeniser(kind: str) -> None:
    tokenizer = Tokenizer.train(TokenizerConfig(kind=kind, vocab_size=400), TEXTS)
    found = unknown_words(tokenizer, "The cat ∰ sat ∰.")
    assert found == ([] if kind == "bpe" else ["∰"])


def test_sentences_learnt_by_heart_come_back(trained: VAE, tokenizer: Tokenizer) -> None:
    found = reconstruct(trained, tokenizer, [*TEXTS, "The zorp sat."])
    for text, one in zip(TEXTS, found, strict=False):
        assert one.output == text and one.exact and one.similarity == 1
        assert {kind for kind, _ in one.difference} == {"same"}
        assert len(one.token_nll) == len(one.pieces) + 1 and one.kl > 0
        assert one.draws == []
    assert found[-1].unknown == ["zorp"] and not found[-1].exact and found[-1].similarity < 1
    assert any(kind != "same" for kind, _ in found[-1].difference)


def test_a_sentence_is_reconstructed_alike_alone_and_in_company(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    together = reconstruct(trained, tokenizer, TEXTS)
    for text, one in zip(TEXTS, together, strict=True):
        alone = reconstruct(trained, tokenizer, [text])[0]
        assert alone.output == one.output
        assert alone.token_nll == pytest.approx(one.token_nll, abs=1e-4)
    assert reconstruct(trained, tokenizer, []) == []


def test_draws_of_each_posterior_stand_beside_its_own_sentence(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    found = reconstruct(trained, tokenizer, TEXTS[:3], draws=20)
    for text, one in zip(TEXTS, found, strict=False):
        assert len(one.draws) == 20
        assert max(TEXTS, key=one.draws.count) == text


def test_a_reconstruction_may_start_from_a_sample_of_the_posterior(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    from_code = reconstruct(trained, tokenizer, TEXTS, DecodingConfig(seed=1))
    drawn = [
        reconstruct(trained, tokenizer, TEXTS, DecodingConfig(seed=seed), sampled=True)
        for seed in range(30)
    ]
    # Near the code, so that the sentence mostly comes back, and never at it: its cost varies.
    for at, text in enumerate(TEXTS):
        outputs = [found[at].output for found in drawn]
        assert max(TEXTS, key=outputs.count) == text
        costs = {sum(found[at].token_nll) for found in drawn}
        assert len(costs) == 30 and sum(from_code[at].token_nll) not in costs
    again = reconstruct(trained, tokenizer, TEXTS, DecodingConfig(seed=29), sampled=True)
    assert again == drawn[-1]


def test_a_sample_of_a_posterior_that_is_not_there_is_answered(tokenizer: Tokenizer) -> None:
    model = lstm_vae(4, vocab=tokenizer.vocab_size)
    without = SimpleNamespace(
        summary=model.summary,
        latent=Without(model.latent),
        decoder=model.decoder,
        modules=model.modules,
        eval=model.eval,
        parameters=model.parameters,
    )
    without.latent.code = model.latent.code  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match="a sample needs a posterior"):
        reconstruct(without, tokenizer, TEXTS, sampled=True)  # type: ignore[arg-type]


def test_the_prior_is_sampled_with_a_seed(trained: VAE, tokenizer: Tokenizer) -> None:
    first = from_prior(trained, tokenizer, 30)
    assert len(first.texts) == 30 and torch.tensor(first.codes).shape == (30, 4)
    assert from_prior(trained, tokenizer, 30) == first
    assert from_prior(trained, tokenizer, 30, DecodingConfig(seed=1)) != first
    assert 0 < first.unique <= 1 and first.mean_length > 1
    assert torch.tensor(first.codes).std().item() == pytest.approx(1, abs=0.2)
    assert from_prior(trained, tokenizer, 0).texts == []


def test_samples_around_a_sentence_stay_near_it(trained: VAE, tokenizer: Tokenizer) -> None:
    near = around(trained, tokenizer, TEXTS[1], 20)
    assert max(TEXTS, key=near.texts.count) == TEXTS[1]
    still = around(trained, tokenizer, TEXTS[1], 5, spread=0)
    assert still.texts == [TEXTS[1]] * 5 and still.unique == 0.2
    wide = around(trained, tokenizer, TEXTS[1], 50, spread=8)
    assert wide.unique > still.unique
