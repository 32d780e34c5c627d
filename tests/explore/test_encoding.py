from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from engine.config import DataError
from engine.data.tokenizers import Tokenizer
from engine.data.tokens import Tokens
from engine.explore.encoding import encode_corpus, encode_texts, stratified
from engine.models.latents import LATENTS
from engine.models.vae import VAE
from tests.evaluation.tiny import MarkovDecoder, Without, lstm_vae, random_tokens, tiny_vae
from tests.explore.conftest import TEXTS


def test_codes_come_in_the_order_they_were_asked_for() -> None:
    model, tokens = lstm_vae(3), random_tokens(60)
    rows = np.random.default_rng(1).permutation(60)[:37]
    found = encode_corpus(model, tokens, rows, batch=8)
    model.eval()
    assert found.indices.tolist() == rows.tolist()
    assert found.codes.dtype == np.float32 and found.codes.shape == (37, 3)
    for row, code, kl, spread in zip(rows, found.codes, found.kl, found.spread, strict=True):
        x = torch.from_numpy(tokens.rows([row]))
        with torch.no_grad():
            latent = model.encode(x)
            assert code == pytest.approx(model.code(x)[0].numpy(), abs=1e-5)
            assert kl == pytest.approx(latent.kl.sum().item(), rel=1e-4)
            assert spread == pytest.approx(latent.posterior.stddev.mean().item(), rel=1e-4)


def test_all_rows_are_encoded_where_none_are_named_and_reconstructions_are_finite() -> None:
    model, tokens = lstm_vae(3), random_tokens(20)
    found = encode_corpus(model, tokens)
    assert len(found.codes) == 20 and (found.reconstruction > 0).all()
    assert (encode_corpus(model, tokens).reconstruction == found.reconstruction).all()


def test_a_reconstruction_is_the_score_of_a_posterior_sample() -> None:
    model, tokens = lstm_vae(2), random_tokens(5)
    samples = [encode_corpus(model, tokens, seed=seed).reconstruction for seed in range(60)]
    model.eval()
    x = torch.from_numpy(tokens.rows(range(5)))
    with torch.no_grad():
        z = model.encode(x, 4000).z
        expected = model.decoder.token_nll(x, z).sum(-1).mean(0).numpy()
    assert np.mean(samples, 0) == pytest.approx(expected, rel=0.12)


def test_what_was_not_asked_for_or_is_not_there_is_not_a_number() -> None:
    tokens = random_tokens(9)
    found = encode_corpus(lstm_vae(2), tokens, reconstruction=False)
    assert np.isnan(found.reconstruction).all() and np.isfinite(found.kl).all()
    model = tiny_vae(2)
    family = model.latent
    del model.latent
    model.latent = Without(family)  # type: ignore[assignment]
    model.latent.code = family.code
    assert np.isnan(encode_corpus(model, tokens).spread).all()


def test_gaussian_posteriors_keep_the_deviation_of_every_unit() -> None:
    model, tokens = lstm_vae(3), random_tokens(20)
    rows = np.random.default_rng(1).permutation(20)
    found = encode_corpus(model, tokens, rows, batch=6)
    assert found.deviations is not None and found.deviations.dtype == np.float32
    assert found.deviations.mean(1) == pytest.approx(found.spread, rel=1e-5)
    model.eval()
    with torch.no_grad():
        posterior = model.encode(torch.from_numpy(tokens.rows(rows[4:5]))).posterior
    assert posterior is not None
    assert found.deviations[4] == pytest.approx(posterior.stddev[0].numpy(), rel=1e-4)


@pytest.mark.parametrize("name", LATENTS)
def test_only_a_gaussian_in_the_space_of_codes_has_deviations(name: str) -> None:
    like = tiny_vae(3)
    latent: Any = LATENTS.build(LATENTS[name].Config(size=3), like.encoder.size)  # type: ignore[attr-defined]
    model = VAE(like.encoder, latent, MarkovDecoder(latent.size), 7)
    found = encode_corpus(model, random_tokens(5))
    assert (found.deviations is None) == (name not in ("gaussian", "gaussian_unitvar"))


def test_typed_sentences_have_the_codes_of_their_rows(trained: VAE, tokenizer: Tokenizer) -> None:
    found = encode_texts(trained, tokenizer, TEXTS[1:3])
    tokens = Tokens.of(tokenizer.encode(TEXTS))
    assert found.codes == pytest.approx(encode_corpus(trained, tokens, [1, 2]).codes, abs=1e-5)
    assert np.isnan(found.reconstruction).all() and np.isfinite(found.kl).all()
    cut = encode_texts(trained, tokenizer, ["the cat sat on the mat"], 2)
    assert cut.codes == pytest.approx(encode_texts(trained, tokenizer, ["the cat"]).codes)
    with pytest.raises(DataError, match="sentence 2 is empty"):
        encode_texts(trained, tokenizer, ["a cat", " "])
    with pytest.raises(DataError, match="at least one sentence"):
        encode_texts(trained, tokenizer, [])


def test_no_row_is_an_error_and_progress_counts() -> None:
    with pytest.raises(DataError, match="at least one sentence"):
        encode_corpus(lstm_vae(2), random_tokens(5), [])
    said: list[int] = []
    encode_corpus(
        lstm_vae(2), random_tokens(5), batch=2, progress=lambda done, *_: said.append(done)
    )
    assert said == [2, 4, 5]


LABELS = ["a"] * 700 + ["b"] * 290 + ["c"] * 9 + ["d"]


def test_each_label_keeps_its_share_and_none_is_lost() -> None:
    rows = stratified(1000, 100, LABELS)
    counts = Counter(LABELS[row] for row in rows)
    assert len(set(rows.tolist())) == 100 and (np.diff(rows) > 0).all()
    assert counts["d"] == 1 and 1 <= counts["c"] <= 2
    assert counts["a"] == pytest.approx(70, abs=2) and counts["b"] == pytest.approx(29, abs=2)


def test_the_choice_repeats_with_its_seed_and_is_random_within_a_label() -> None:
    first = stratified(1000, 100, LABELS, seed=1)
    assert first.tolist() == stratified(1000, 100, LABELS, seed=1).tolist()
    assert first.tolist() != stratified(1000, 100, LABELS, seed=2).tolist()
    assert first[first < 700].mean() == pytest.approx(350, abs=100)


def test_without_labels_rows_are_plainly_random_and_enough_rows_are_all_rows() -> None:
    assert len(set(stratified(1000, 50).tolist())) == 50
    assert stratified(7, 7, list("aabbccd")).tolist() == list(range(7))
    assert stratified(7, 50).tolist() == list(range(7))


def test_more_labels_than_places_gives_one_row_each_to_some() -> None:
    labels = [str(i // 2) for i in range(100)]
    rows = stratified(100, 10, labels)
    assert len({labels[row] for row in rows}) == len(rows) == 10
