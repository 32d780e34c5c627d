"""The likelihood by counting all codes, against a loop over them and against importance weighting."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from engine.config import ConfigError
from engine.evaluation import EvaluationConfig
from engine.evaluation.exact import exact_nll, exact_rows, exact_scores
from engine.evaluation.likelihood import elbo, iw_nll
from engine.evaluation.mode import evaluation_mode
from engine.evaluation.report import evaluate
from engine.evaluation.rows import choose
from engine.models.latents.bernoulli import Bernoulli
from engine.models.vae import VAE
from tests.evaluation.tiny import (
    VOCAB,
    BagEncoder,
    MarkovDecoder,
    random_tokens,
    rows_of,
    sentences,
    tiny_vae,
)

X = rows_of(*sentences())


def bits_vae(bits: int, prior: float = 0.4) -> VAE:
    torch.manual_seed(0)
    latent = Bernoulli(Bernoulli.Config(size=bits, prior=prior), BagEncoder.size)
    return VAE(BagEncoder(), latent, MarkovDecoder(bits), VOCAB)


def test_it_is_the_sum_over_the_codes() -> None:
    model = bits_vae(3)
    total = torch.zeros(len(X), dtype=torch.float64)
    with torch.inference_mode():
        for code in itertools.product([0.0, 1.0], repeat=3):
            weight = 0.4 ** sum(code) * 0.6 ** (3 - sum(code))
            z = torch.tensor(code).expand(len(X), 3)
            total += weight * (-model.decoder.token_nll(X, z).sum(-1)).double().exp()
    assert exact_nll(model, X) == pytest.approx(-total.log().numpy(), rel=1e-6)


def test_probabilities_of_all_sentences_sum_to_one() -> None:
    """Of one word, of two, and the rest: what is left after a step goes on."""
    model = bits_vae(4)
    with torch.no_grad():
        model.decoder.table.weight[:, [0, 1, 3]] = -60.0  # only words and END can come
        model.decoder.table.weight[:, 2] += 4.0
    ends = [[1, 2], *sentences(4)]
    total = np.exp(-np.concatenate([exact_nll(model, rows_of(s)) for s in ends])).sum()
    assert total == pytest.approx(1, abs=0.02) and total < 1 + 1e-6


def test_importance_weighting_finds_it_and_the_elbo_bounds_it_with_six_bits() -> None:
    model = bits_vae(6)
    truth, found = exact_nll(model, X), iw_nll(model, X, 4000, chunk=6000)
    error = np.sqrt(np.maximum(4000 / found.ess - 1, 0) / 4000)
    assert (np.abs(found.nll - truth) < 4 * error + 1e-4).all()
    assert error.max() < 0.1 and np.ptp(truth) > 0.5
    many = X.repeat_interleave(800, 0)
    with evaluation_mode(model, 0):
        bound = -elbo(model, many).elbo.view(-1, 800).double().mean(1).numpy()
    assert (bound > truth - 0.01).all() and (bound - truth).max() > 0.02


@pytest.mark.parametrize("chunk", [1, 7, 100, 10**6])
def test_the_number_does_not_depend_on_the_chunk(chunk: int) -> None:
    model = bits_vae(6)
    assert exact_nll(model, X[:5], chunk) == pytest.approx(exact_nll(model, X[:5]), rel=1e-6)


def test_rows_come_back_in_the_order_they_were_asked_for() -> None:
    tokens, model, said = random_tokens(50), bits_vae(4), list[int]()
    rows = np.array([7, 3, 49, 0, 12, 3])
    found = exact_rows(model, tokens, rows, progress=lambda done, total, what: said.append(done))
    alone = [exact_nll(model, torch.from_numpy(tokens.rows([row])))[0] for row in rows]
    assert found == pytest.approx(alone, rel=1e-5) and said == [4, 6]


def test_scores_are_of_the_rows_that_the_report_looks_at() -> None:
    tokens, model = random_tokens(40), bits_vae(5)
    config = EvaluationConfig(iw_samples=3000, mi_rows=10)
    scores = exact_scores(model, tokens, config, limit=12)
    report = evaluate(model, tokens, config, limit=12).scalars
    assert scores["nll_exact"] == pytest.approx(report["nll_iw"], abs=4 * 0.03)
    rows = choose(40, 12, config.seed)
    nll, tokens_predicted = exact_rows(model, tokens, rows), (tokens.lengths[rows] - 1).sum()
    assert scores["nll_exact"] == pytest.approx(nll.mean())
    assert scores["ppl_exact"] == pytest.approx(np.exp(nll.sum() / tokens_predicted))


def test_it_asks_neither_the_encoder_nor_chance() -> None:
    model = bits_vae(4)
    first = exact_nll(model, X)
    torch.manual_seed(5)
    assert (exact_nll(model, X) == first).all() and model.encoder.calls == 0


@pytest.mark.parametrize(
    ("model", "what"),
    [(tiny_vae(2), "Gaussian of 2 units"), (bits_vae(17), "Bernoulli of 17 units")],
    ids=["gaussian", "17 bits"],
)
def test_other_models_are_refused_with_the_cure(model: VAE, what: str) -> None:
    with pytest.raises(ConfigError, match=f"at most 16 bits.*{what}; use IW-NLL"):
        exact_nll(model, X)
